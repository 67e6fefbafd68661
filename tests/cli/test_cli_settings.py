"""Limits come from the option, then the variable, then what is built in."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("variable", "option", "smaller"),
    [(None, None, False), ("1K", None, True), ("1G", "1K", True), ("1K", "1G", False)],
    ids=["built in", "the variable", "the option wins", "also when it is larger"],
)
def test_the_budget_of_logs_comes_from_the_option_or_the_variable(
    sample_tree, variable, option, smaller
) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("OSVC_DIAG_")}
    if variable:
        environ["OSVC_DIAG_LOG_SIZE"] = variable
    command = [sys.executable, "-m", "osvc_diag", "node", "--dry-run", "--json"]
    command += ["--root", str(sample_tree("node1", "fhs")), *(["--log-size", option] if option else [])]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    plan = json.loads(done.stdout)
    sizes = sum(artifact["bytes"] or 0 for artifact in plan["artifacts"])
    assert (plan["source_bytes"] < sizes) == smaller


def test_a_variable_that_makes_no_sense_is_told_before_anything_is_collected(sample_tree, tmp_path) -> None:
    command = [sys.executable, "-m", "osvc_diag", "node", "--output", str(tmp_path)]
    command += ["--root", str(sample_tree("node1", "fhs"))]
    environ = {**os.environ, "OSVC_DIAG_MAX_SIZE": "plenty"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "OSVC_DIAG_MAX_SIZE" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (["--yes", "--no-upload"], "--no-upload"),
        (["--yes", "--exchange", "gopher://somewhere/"], "gopher"),
        (["--yes", "--exchange-credentials", "/nowhere/login"], "/nowhere/login: No such file"),
        (["--only", "node-conf", "--skip", "node-conf"], "no collector is left"),
    ],
)
def test_what_cannot_come_to_an_end_is_told_before_anything_is_collected(
    sample_tree, tmp_path, options, what
) -> None:
    command = [sys.executable, "-m", "osvc_diag", "node", "--output", str(tmp_path), *options]
    command += ["--root", str(sample_tree("node1", "fhs"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert what in done.stderr
    assert not list(tmp_path.iterdir())
