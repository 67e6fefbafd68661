"""Thousands of objects cost as much each as a few do: counted in system calls, not timed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

FEW, MANY = 40, 160  # objects
MOST_CALLS = 75  # for an object with a conf, a log and a status file; of each, tar needs about 5


def make_node(root: Path, count: int) -> None:
    for number in range(count):
        below = f"namespaces/ns{number % 4}/svc/load{number}"
        files = {
            f"etc/opensvc/{below}.conf": f"[env]\npassword = Sup3r-{number}-S3cret\n",
            f"var/log/opensvc/{below}.log": "2026-11-22 19:54:44,727 INFO n:node1 | started\n" * 20,
            f"var/lib/opensvc/{below}/status.json": '{"avail": "up"}\n',
        }
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
    (root / "etc/opensvc/cluster.conf").write_text("[cluster]\nname = c1\nnodes = node1\nsecret = abcdef\n")


def system_calls(root: Path, out: Path) -> int:
    trace = out / "trace"
    command = [
        sys.executable,
        "-m",
        "osvc_diag",
        "**",
        "--root",
        str(root),
        "--output",
        str(out),
        "-q",
        "--no-upload",
    ]
    done = subprocess.run(
        ["strace", "-f", "-o", str(trace), *command], capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 10), done.stderr
    # How often threads wait for each other depends on what else runs.
    with open(trace, encoding="utf-8", errors="replace") as lines:
        return sum("futex" not in line for line in lines)


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace counts system calls")
def test_each_object_more_costs_the_same_few_system_calls(tmp_path: Path) -> None:
    counts = []
    for number in (FEW, MANY):
        root, out = tmp_path / f"node{number}", tmp_path / f"out{number}"
        make_node(root, number)
        os.mkdir(out)
        counts.append(system_calls(root, out))
    assert (counts[1] - counts[0]) / (MANY - FEW) < MOST_CALLS
