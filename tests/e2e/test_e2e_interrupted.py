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
ATTEMPTS = 5
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
                    "--output",
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


def interrupt(
    start: Callable[[], subprocess.Popen[str]], out: Path, moment: str, *numbers: signal.Signals
) -> tuple[int, str, str]:
    """Send signals to a run at a moment; return its code and what it said. One that was faster is run again."""
    for _ in range(ATTEMPTS):
        process = start()
        wait_for(process, moment)
        sent = time.monotonic()
        for number in numbers:
            process.send_signal(number)
            time.sleep(0.01)
        stdout, stderr = process.communicate(timeout=TIMEOUT)
        assert time.monotonic() - sent < AT_ONCE
        if process.returncode != 0:
            return process.returncode, stdout, stderr
        os.unlink(out / os.path.basename(stdout.strip()))
    pytest.fail("it was always faster than the signal")


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
@pytest.mark.parametrize(
    "moment", ["learn", "file/etc/opensvc/svc1.conf", "file/var/log/opensvc/svc1.log", "verify"]
)
def test_an_interrupted_run_ends_at_once_and_leaves_nothing(
    number: signal.Signals,
    code: int,
    word: str,
    moment: str,
    start: Callable[[], subprocess.Popen[str]],
    tmp_path: Path,
) -> None:
    returned, stdout, stderr = interrupt(start, tmp_path / "out", moment, number)
    assert (returned, stdout) == (code, "")
    assert "Traceback" not in stderr
    assert stderr.endswith(f"{word}\n")
    assert os.listdir(tmp_path / "out") == []


def test_a_second_interrupt_changes_nothing(
    start: Callable[[], subprocess.Popen[str]], tmp_path: Path
) -> None:
    returned, stdout, stderr = interrupt(start, tmp_path / "out", "learn", *[signal.SIGINT] * 3)
    assert (returned, stdout) == (130, "")
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
    for _ in range(ATTEMPTS * KILLS):
        process = start()
        time.sleep(moments.uniform(0.2, 1.0) * duration)
        process.kill()
        process.communicate(timeout=TIMEOUT)
        if process.returncode == -signal.SIGKILL:
            killed += 1
        else:
            duration *= 0.9  # the machine has less to do than when the first run was measured
        for name in os.listdir(tmp_path / "out"):
            if name.endswith(".tar.gz"):
                # It has its name only once it is whole: gzip itself says so.
                subprocess.run(["gzip", "-t", str(tmp_path / "out" / name)], check=True)
            with open(tmp_path / "out" / name, "rb") as file:
                content = file.read()
            assert not [secret for secret in secrets for spelling in spellings(secret) if spelling in content]
            os.unlink(tmp_path / "out" / name)
        if killed == KILLS:
            return
    pytest.fail(f"only {killed} runs could be killed")
