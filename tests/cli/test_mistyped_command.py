"""A mistyped command: it is told beside what else is wrong, and nothing is told that is not there."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NODE = os.path.join(ROOT, "examples", "node")

NO_DESK = """\
from osvc_diag import UsageError, hookimpl
@hookimpl
def osvc_diag_exchange(url):
    if url.startswith("desk:"):
        raise UsageError("no such desk")
"""


def hint_of(*arguments: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OSVC_")}
    done = subprocess.run(
        [sys.executable, "-m", "osvc_diag", "uplaod", "--root", NODE, *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
        env={**kept, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    [hint] = [line for line in done.stderr.splitlines() if line.startswith("  hint: ")]
    return hint


def test_the_command_that_was_meant_is_all_that_is_told_where_an_error_has_no_hint(tmp_path: Path) -> None:
    (tmp_path / "desk.py").write_text(NO_DESK)
    (tmp_path / "desk.py").chmod(0o644)
    hint = hint_of("--plugin-dir", str(tmp_path), "--exchange", "desk://here/", "--upload")
    assert hint == "  hint: did you mean the command: osvc-diag upload"


def test_it_stands_behind_the_hint_of_an_error_that_has_one(tmp_path: Path) -> None:
    hint = hint_of("--output", str(tmp_path / "b.tar.gz"))
    assert hint.endswith("; or did you mean the command: osvc-diag upload")
    assert not hint.startswith("  hint: ;")
