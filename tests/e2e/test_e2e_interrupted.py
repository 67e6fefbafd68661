"""Whatever ends a run early, nothing is left: no bundle, no part of one, nothing unredacted."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Callable

import pytest
from e2e_tools import TIMEOUT, environment, spellings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINES = 20_000  # of the log: about 2 MB, some tenths of a second of work
KILLS = 12
AT_ONCE = 5.0  # seconds: one on a machine that has nothing else to do


@pytest.fixture
def busy_tree(own_tree: Callable[..., str]) -> str:
    """Return a sample node with enough of a log to be interrupted in."""
    root = own_tree()
    line = "2026-11-22 20:20:00,%03d INFO n:node1 o:svc1 r:app#1 sc:n | %s was seen %08d times\n"
    with open(os.path.join(root, "var/log/opensvc/svc1.log"), "a", encoding="ascii") as log:
        log.writelines(
            line % (number % 1000, "a status" if number % 100 else "token=abc123", number)
            for number in range(LINES)
        )
    return root


@pytest.fixture
def start(busy_tree: str, tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Start runs into tmp_path/out, that tell each artifact."""
    running: list[subprocess.Popen[str]] = []
    (tmp_path / "out").mkdir()

    def run() -> subprocess.Popen[str]:
        running.append(
            subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "osvc_diag",
                    "--root",
                    busy_tree,
                    "svc1",
                    "-v",
                    "-o",
                    str(tmp_path / "out"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=environment(),
            )
        )
        return running[-1]

    yield run
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def wait_for(process: subprocess.Popen[str], word: str) -> None:
    """Read what a process says, up to the line with a word."""
    assert process.stderr is not None
    for line in process.stderr:
        if word in line:
            return
    pytest.fail(f"it ended without saying {word!r}")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize(
    "moment", ["learn", "file/etc/opensvc/svc1.conf", "file/var/log/opensvc/svc1.log", "verify"]
)
def test_an_interrupted_run_ends_at_once_and_leaves_nothing(
    number: signal.Signals, code: int, moment: str, start: Callable[[], subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = start()
    wait_for(process, moment)
    sent = time.monotonic()
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=TIMEOUT)
    assert time.monotonic() - sent < AT_ONCE
    assert (process.returncode, stdout) == (code, "")
    assert "Traceback" not in stderr
    assert stderr.endswith("interrupted\n" if number is signal.SIGINT else "terminated\n")
    assert os.listdir(tmp_path / "out") == []


def test_a_second_interrupt_changes_nothing(
    start: Callable[[], subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = start()
    wait_for(process, "verify")
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        time.sleep(0.01)
    stdout, stderr = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, stdout) == (130, "")
    assert "Traceback" not in stderr
    assert os.listdir(tmp_path / "out") == []


def test_kill_9_at_any_moment_leaves_nothing_under_the_name_and_nothing_unredacted(
    start: Callable[[], subprocess.Popen[str]], tmp_path: Path, secrets: list[str]
) -> None:
    begin = time.monotonic()
    whole = start()
    assert whole.communicate(timeout=TIMEOUT)[0], "the first run is left alone, to know how long one takes"
    duration = time.monotonic() - begin
    (bundle,) = os.listdir(tmp_path / "out")
    os.unlink(tmp_path / "out" / bundle)
    moments = random.Random(20261122)
    killed = 0
    for _ in range(KILLS):
        process = start()
        time.sleep(moments.uniform(0.3, 1.0) * duration)
        process.kill()
        _stdout, _ = process.communicate(timeout=TIMEOUT)
        killed += process.returncode == -signal.SIGKILL
        for name in os.listdir(tmp_path / "out"):
            if name.endswith(".tar.gz"):
                # It has its name only once it is whole: gzip itself says so.
                subprocess.run(["gzip", "-t", str(tmp_path / "out" / name)], check=True)
            with open(tmp_path / "out" / name, "rb") as file:
                content = file.read()
            assert not [secret for secret in secrets for spelling in spellings(secret) if spelling in content]
            os.unlink(tmp_path / "out" / name)
    assert killed > KILLS // 3
