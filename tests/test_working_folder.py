"""Root runs this in /tmp, where anybody may put files."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-m", "osvc_diag", "plugins"]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ["pluggy", "psutil", "rich", "argparse", "json"])
def test_no_module_of_the_working_folder_is_run(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.py").write_text("open('was-run', 'w').close()\n")
    done = run(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "was-run").exists()


def test_no_plugin_of_the_working_folder_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "evil.py").write_text("open('was-run', 'w').close()\n")
    info = tmp_path / "evil-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[osvc_diag]\nevil = evil\n")
    done = run(tmp_path)
    assert "evil" not in done.stdout + done.stderr
    assert not (tmp_path / "was-run").exists()
