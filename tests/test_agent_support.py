"""The drop-in body of the agent's `support()`: in the agent's process, and where its interpreter is too old."""

from __future__ import annotations

import gc
import glob
import importlib.util
import logging
import os
import stat
import sys
import threading
import types
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from osvc_diag.testing import NodeBuilder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXAMPLE = os.path.join(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "examples", "agent_support.py"
)
CALLS = int(os.environ.get("OSVC_DIAG_TEST_CALLS", "40"))
"""In one process: the more, the smaller a leak that is seen; 1,000 take some minutes."""
WARM_UP = 10
SECRET = "9d1a3d2a0e6b11ef9c0a525400a1b2c3"


class Records(logging.Handler):
    """Keeps what the agent's logger was told."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname} {record.getMessage()}")


@pytest.fixture
def example() -> Any:
    spec = importlib.util.spec_from_file_location("agent_support", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def exchange(tmp_path: Path) -> Path:
    folder = tmp_path / "exchange"
    folder.mkdir()
    return folder


@pytest.fixture
def agent(
    diag_node: NodeBuilder, exchange: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Any]:
    """Return an object as b2.1 hands it to its actions: its path and its log; and a module `env` as its own."""
    diag_node.add_object("prod/svc/web", f"[env]\npassword = {SECRET}\n")
    diag_node.write_log("prod/svc/web", f"started with {SECRET}")
    layout = diag_node.read(live=True).layout
    paths = types.SimpleNamespace(
        pathetc=layout.etc, pathlog=layout.log, pathvar=layout.var, pathsvc=str(tmp_path / "nowhere")
    )
    env = types.ModuleType("env")
    env.Env = types.SimpleNamespace(paths=paths, nodename="node1")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "env", env)
    for name in [name for name in os.environ if name.lower().endswith("_proxy") or name.startswith("OSVC_")]:
        monkeypatch.delenv(name)
    site = f"[diag]\nexchange = file://{exchange}/\noutput = {tmp_path}\nprofile = quick\n"
    diag_node.write("/etc/opensvc/diag.ini", site)
    logger = logging.Logger("agent")  # noqa: LOG001 - of this test alone
    records = Records()
    logger.addHandler(records)
    yield types.SimpleNamespace(path="prod/svc/web", log=logger, lines=records.lines, Env=env.Env)
    records.close()


def test_it_sends_a_bundle_and_tells_the_agents_logger(example: Any, agent: Any, exchange: Path) -> None:
    assert example.support(agent) == 0
    (sent,) = exchange.glob("*.tar.gz")
    assert agent.lines[0] == "INFO support: plan"
    assert agent.lines[-1].startswith("INFO support: delivered: ")
    assert sent.name in agent.lines[-1]
    assert not [line for line in agent.lines if SECRET in line]


def test_a_mistake_is_told_and_is_the_agents_return_code_for_a_failure(example: Any, agent: Any) -> None:
    agent.path = "prod/svc/wbe"
    assert example.support(agent) == 1
    assert agent.lines[-1].startswith("ERROR support: nothing on node node1 matches")
    assert "prod/svc/web" in agent.lines[-1]


def test_a_site_that_forbids_uploads_keeps_the_bundle(
    example: Any, agent: Any, exchange: Path, diag_node: Any, tmp_path: Path
) -> None:
    diag_node.write("/etc/opensvc/diag.ini", f"[diag]\nupload = never\noutput = {tmp_path}\n")
    assert example.support(agent) == 1
    assert "uploads are forbidden" in agent.lines[-1]
    assert list(tmp_path.glob("*.tar.gz"))
    assert not list(exchange.iterdir())


def test_the_proxy_of_the_site_file_is_used_where_sudo_dropped_the_variables(
    example: Any, agent: Any, diag_node: Any, tmp_path: Path
) -> None:
    site = "[diag]\nexchange = https://sfx.invalid\nproxy = http://127.0.0.1:9\nupload_timeout = 2s\nprofile = quick\n"
    diag_node.write("/etc/opensvc/diag.ini", f"{site}output = {tmp_path}\n")
    assert example.support(agent) == 1
    assert "127.0.0.1:9" in agent.lines[-1]


def test_paths_are_those_of_the_call_and_not_of_the_import(example: Any, agent: Any, tmp_path: Path) -> None:
    other = NodeBuilder(tmp_path / "other")
    other.add_object("svc2")
    layout = other.read(live=True).layout
    agent.Env.paths.pathetc, agent.Env.paths.pathlog, agent.Env.paths.pathvar = (
        layout.etc,
        layout.log,
        layout.var,
    )
    other.write("/etc/opensvc/diag.ini", f"[diag]\nupload = never\noutput = {tmp_path}\nprofile = quick\n")
    agent.path = "svc2"
    example.support(agent)
    assert any("svc2" in name for name in os.listdir(tmp_path))


@pytest.fixture
def old_interpreter(example: Any, monkeypatch: pytest.MonkeyPatch, agent: Any, diag_node: Any) -> Any:
    """Have the example believe that the agent's interpreter is too old, and python3 be this one."""
    monkeypatch.setattr(example, "OLDEST", (9, 9))
    monkeypatch.setattr(example, "new_python", lambda: sys.executable)
    agent.Env.paths.pathsvc = os.path.join(diag_node.folder, "root")
    for name, target in (("etc", "etc/opensvc"), ("log", "var/log/opensvc"), ("var", "var/lib/opensvc")):
        os.makedirs(agent.Env.paths.pathsvc, exist_ok=True)
        os.symlink(os.path.join(diag_node.folder, target), os.path.join(agent.Env.paths.pathsvc, name))
    return example


def test_an_agent_on_an_old_interpreter_runs_another_one(
    old_interpreter: Any, agent: Any, exchange: Path
) -> None:
    assert old_interpreter.support(agent) == 0, agent.lines
    (sent,) = exchange.glob("*.tar.gz")
    assert sent.name in agent.lines[-1]
    assert any("verified" in line for line in agent.lines)


def test_where_it_is_installed_for_another_interpreter_that_one_is_run(
    old_interpreter: Any, agent: Any, exchange: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(old_interpreter, "OLDEST", (3, 9))
    monkeypatch.setitem(sys.modules, "osvc_diag", None)
    assert old_interpreter.support(agent) == 0
    assert list(exchange.glob("*.tar.gz"))


def test_a_failure_of_the_other_one_is_the_agents(old_interpreter: Any, agent: Any) -> None:
    agent.path = "prod/svc/wbe"
    assert old_interpreter.support(agent) == 1
    assert agent.lines[-1] == "ERROR support: osvc_diag failed with exit code 2"
    assert agent.lines[-3].startswith("ERROR support: osvc-diag: nothing on node node1 matches")
    assert agent.lines[-2].startswith("ERROR support:   hint: did you mean prod/svc/web")


def test_a_warning_of_the_other_one_is_the_agents(
    old_interpreter: Any, agent: Any, diag_node: Any, tmp_path: Path
) -> None:
    site = f"[diag]\nupload = sometimes\nprofile = quick\noutput = {tmp_path}\n"
    diag_node.write("/etc/opensvc/diag.ini", site)
    assert old_interpreter.support(agent) == 1
    assert [line for line in agent.lines if line.startswith("WARNING support: ") and "sometimes" in line]
    assert not [line for line in agent.lines if "warning: " in line]


def test_an_interpreter_that_is_new_enough_and_has_osvc_diag_is_found(
    example: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, body in (("python3", "exit 1"), ("python3.13", f'exec {sys.executable} "$@"')):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert example.new_python() == "python3.13"
    monkeypatch.setattr(example, "PYTHONS", ("python3", "no-such-python"))
    assert example.new_python() is None


def usage() -> tuple[int, int, int]:
    """Return this process's descriptors, threads, and objects that the collector tracks."""
    gc.collect()
    return len(os.listdir("/proc/self/fd")), threading.active_count(), len(gc.get_objects())


@pytest.fixture
def private_temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    return folder


@pytest.mark.timeout(3600)
@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="descriptors are counted in /proc")
def test_many_calls_leave_nothing_behind(
    example: Any, agent: Any, exchange: Path, tmp_path: Path, private_temp: Path
) -> None:
    def call(count: int) -> None:
        for _ in range(count):
            assert example.support(agent) == 0
            agent.lines.clear()
            for path in [*glob.glob(f"{tmp_path}/*.tar.gz*"), *glob.glob(f"{exchange}/*")]:
                os.unlink(path)

    children = len(psutil.Process().children())
    call(WARM_UP)
    fds, threads, objects = usage()
    memory = psutil.Process().memory_info().rss
    call(CALLS)
    later_fds, later_threads, later_objects = usage()
    assert later_fds <= fds
    assert later_threads <= threads
    assert later_objects - objects < max(500, CALLS)  # less than one for each call
    # malloc has an arena of 16 MiB for some threads: with 1,000 calls two more of them, and then no more.
    assert psutil.Process().memory_info().rss - memory < 64 * 1024 * 1024
    assert len(psutil.Process().children()) == children
    assert os.listdir(private_temp) == []


def test_several_threads_at_once_are_served(example: Any, agent: Any, exchange: Path, diag_node: Any) -> None:
    names = [f"svc{number}x" for number in range(4)]
    for name in names:
        diag_node.add_object(name)
    codes: dict[str, int] = {}

    def work(name: str) -> None:
        codes[name] = example.support(types.SimpleNamespace(path=name, log=agent.log))

    threads = [threading.Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert codes == dict.fromkeys(names, 0)
    assert len(list(exchange.glob("*.tar.gz"))) == len(names)


def test_the_example_is_read_by_every_python_from_2_7_on() -> None:
    with open(EXAMPLE, encoding="ascii") as file:
        text = file.read()
    for word in ('f"', "f'", ":=", "->", "async ", "nonlocal", "print "):
        assert word not in text
