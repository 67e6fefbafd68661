"""A run steps back behind the node's own work, unless it is told not to; the library never does."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Callable

import psutil
import pytest

from osvc_diag.cli.main import main
from osvc_diag.cli.priority import NICENESS

if TYPE_CHECKING:
    from pathlib import Path

COLLECT = """
import os, sys, psutil
from osvc_diag.cli.main import main
main(sys.argv[1:])
print(os.nice(0), psutil.Process().ionice()[0] if hasattr(psutil.Process, "ionice") else "")
"""
LIBRARY = """
import os, sys
from osvc_diag import Node, diagnose
diagnose("svc1", node=Node.discover(sys.argv[1]), output=sys.argv[2])
print(os.nice(0))
"""


def last_line(code: str, *args: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code, *args], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()[-1].split()


@pytest.mark.parametrize("option", [[], ["--no-low-priority"]])
def test_a_run_steps_back_unless_it_is_told_not_to(
    option: list[str], tmp_path: Path, sample_tree: Callable[..., str]
) -> None:
    args = ("svc1", "--root", sample_tree(), "--output", str(tmp_path), "-q", *option)
    niceness, *io_class = last_line(COLLECT, *args)
    own = os.nice(0)
    assert int(niceness) == (own if option else max(own, NICENESS))
    if sys.platform.startswith("linux") and not option:
        assert io_class in (["IOPriority.IOPRIO_CLASS_IDLE"], ["3"])


def test_the_library_leaves_the_priority_of_its_process_alone(
    tmp_path: Path, sample_tree: Callable[..., str]
) -> None:
    assert last_line(LIBRARY, sample_tree(), str(tmp_path)) == [str(os.nice(0))]


def test_a_command_in_the_process_of_the_tests_leaves_its_priority_alone(
    tmp_path: Path, sample_tree: Callable[..., str]
) -> None:
    def own() -> list[object]:
        process = psutil.Process()
        return [os.nice(0), process.ionice() if hasattr(process, "ionice") else None]

    before = own()
    assert main(["svc1", "--root", sample_tree(), "--output", str(tmp_path), "-q"]) == 0
    assert own() == before
