"""A program that is killed cannot end its commands: somebody else does."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

from fake_om import is_alive

from osvc_diag.commands.process import Process

if TYPE_CHECKING:
    from pathlib import Path

RUN = """
import sys, time
from osvc_diag.commands.process import Process
script = "echo $$ >$0.new; sleep 1000 & echo $! >>$0.new; mv $0.new $0; wait"
process = Process("/bin/sh", ["sh", "-c", script, sys.argv[1]], {"PATH": "/usr/bin:/bin"}, out=True, err=True)
time.sleep(1000)
"""


def wait_until(condition) -> bool:
    until = time.monotonic() + 60
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    return condition()


def test_kill_9_takes_the_whole_group_of_a_command_along(tmp_path: Path) -> None:
    told = tmp_path / "pids"
    with subprocess.Popen([sys.executable, "-c", RUN, str(told)]) as run:
        assert wait_until(told.exists)
        pids = [int(line) for line in told.read_text().split()]
        assert all(map(is_alive, pids))
        run.kill()
    assert wait_until(lambda: not any(map(is_alive, pids)))


def test_a_command_that_ended_leaves_its_lifeline_behind_no_more_than_itself() -> None:
    process = Process("/bin/sh", ["sh", "-c", "exit 3"], {}, out=False, err=False)
    [lifeline] = [process._lifeline._popen.pid]
    assert wait_until(process.has_exited)
    assert process.end() == 3
    process.close()
    assert not is_alive(lifeline)


def test_without_a_shell_a_command_runs_all_the_same(monkeypatch) -> None:
    monkeypatch.setattr("osvc_diag.commands.lifeline.SHELL", "/nowhere/sh")
    process = Process("/bin/sh", ["sh", "-c", "exit 3"], {}, out=False, err=False)
    assert wait_until(process.has_exited)
    assert process.end() == 3
    process.close()
