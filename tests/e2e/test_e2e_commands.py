"""The agent's commands in whole runs, as a user starts them: what they say is redacted, and none outlives a run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Callable

import pytest
from e2e_tools import TIMEOUT, content, environment, files_of, leaks, manifest_of, osvc_diag, unpack
from fake_om import FakeOm

if TYPE_CHECKING:
    from pathlib import Path

MON = "cmd/agent-commands/mon.out"


@pytest.fixture
def root(own_tree: Callable[..., str]) -> str:
    return own_tree("node1", "dev")


@pytest.fixture
def om(root: str) -> FakeOm:
    return FakeOm(root)


@pytest.fixture
def run(om: FakeOm, root: str, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def start(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        where = [] if "--dry-run" in words else ["--no-upload", "--output", str(tmp_path)]
        return osvc_diag(*words, *where, env=environment(OSVC_ROOT_PATH=root, **variables))

    return start


def test_a_full_bundle_of_all_has_no_secret_that_any_command_told(
    run: Callable[..., subprocess.CompletedProcess[str]], om: FakeOm, secrets: list[str], tmp_path: Path
) -> None:
    for number, (words, answer) in enumerate(om.real_answers.items()):
        told = "".join(f"peer said token={secret} or {secret}\n" for secret in secrets)
        om.answer(words, out=answer["out"] + told, err=answer["err"] + told, rc=number % 3)
    done = run("**", "--profile", "full")
    assert done.returncode in {0, 10}, done.stderr
    bundle = done.stdout.strip()
    assert osvc_diag("verify", bundle).returncode == 0
    folder = unpack(bundle, str(tmp_path / "unpacked"))
    assert leaks(folder, secrets) == []
    assert content(folder, MON).count(b"<masked:") >= len(secrets)
    assert b"Commands that failed\n" in content(folder, "README.txt")
    assert manifest_of(folder)["selection"]["profile"] == "full"
    assert "cmd/agent-commands/daemon-dns-dump.out" in files_of(folder)


def test_what_a_dry_run_prints_can_be_selected(
    run: Callable[..., subprocess.CompletedProcess[str]], om: FakeOm, tmp_path: Path
) -> None:
    plan = run("svc1", "--dry-run", "--json")
    (mon,) = [artifact for artifact in json.loads(plan.stdout)["artifacts"] if artifact["name"] == MON]
    assert mon["command"] == f"{om.program} mon"
    assert om.calls() == []
    done = run("svc1", "--only", MON)
    assert done.returncode == 0, done.stderr
    folder = unpack(done.stdout.strip(), str(tmp_path / "unpacked"))
    assert [name for name in files_of(folder) if name.startswith(("cmd/", "file/", "info/"))] == [MON]
    assert om.calls() == ["mon"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--only", "cmd/agent-commands/mom.out"], "did you mean cmd/agent-commands/mon.out"),
        (["--skip", "file/no/such/*"], "no artifact is called 'file/no/such/*'"),
        (["--profile", "quick", "--only", MON], "--profile quick runs no command"),
    ],
)
def test_an_unknown_artifact_is_an_error_of_its_own(
    run: Callable[..., subprocess.CompletedProcess[str]], words: list[str], told: str
) -> None:
    done = run("svc1", *words)
    assert done.returncode == 3
    assert told in done.stderr


def test_the_profile_is_a_setting_too(
    run: Callable[..., subprocess.CompletedProcess[str]], om: FakeOm, root: str
) -> None:
    assert run("svc1", OSVC_DIAG_PROFILE="quick").returncode == 0
    with open(os.path.join(root, "etc", "diag.ini"), "w", encoding="ascii") as file:
        file.write("[diag]\nprofile = quick\n")
    assert run("svc1").returncode == 0
    assert om.calls() == []
    assert run("svc1", "--profile", "fast").returncode == 2


def test_a_hanging_agent_costs_its_answers_and_nothing_else(
    run: Callable[..., subprocess.CompletedProcess[str]], om: FakeOm, tmp_path: Path
) -> None:
    for words in om.real_answers:
        om.answer(words, mode="stubborn")
    done = run("svc1", "--timeout", "6s")
    assert done.returncode == 10, done.stderr
    folder = unpack(done.stdout.strip(), str(tmp_path / "unpacked"))
    assert content(folder, MON) in {b"", b"a whole line\n"}
    assert {name.split("/")[0] for name in files_of(folder)} >= {"file", "cmd", "info"}
    entries = {entry["name"]: entry for entry in manifest_of(folder)["artifacts"]}
    assert entries[MON]["state"] == "timeout"
    assert {entry["state"] for name, entry in entries.items() if name.endswith((".conf", ".log"))} == {"ok"}
    assert om.left_behind() == []


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
@pytest.mark.parametrize("mode", ["hang", "stubborn", "daemon", "silent-daemon", "huge"])
def test_whoever_interrupts_a_run_ends_its_commands_too(
    om: FakeOm, root: str, tmp_path: Path, mode: str, number: signal.Signals, code: int
) -> None:
    om.answer("mon", mode=mode)
    om.answer("daemon lock show", mode="hang")
    command = [sys.executable, "-m", "osvc_diag", "node", "--no-upload", "--output", str(tmp_path)]
    with subprocess.Popen(
        command,
        env=environment(OSVC_ROOT_PATH=root),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        until = time.monotonic() + TIMEOUT
        while len(om.left_behind()) < (1 if mode == "huge" else 2) and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(number)
        _, told = process.communicate(timeout=TIMEOUT)
    assert process.returncode == code, told
    assert om.left_behind() == []
    assert not [name for name in os.listdir(tmp_path) if name.endswith((".tar.gz", ".part"))]
