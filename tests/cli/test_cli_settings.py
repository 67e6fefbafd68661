"""Limits come from the option, then the variable, then what is built in."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from osvc_diag import diagnose
from osvc_diag.cli.main import main
from osvc_diag.errors import UsageError
from osvc_diag.settings import resolve_settings


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


@pytest.mark.parametrize(
    ("options", "variables"),
    [(["--timeout", "9"], {}), ([], {"OSVC_DIAG_TIMEOUT": "9"})],
    ids=["option", "variable"],
)
def test_the_limit_of_a_run_holds_while_plugins_are_loaded(sample_tree, tmp_path, options, variables) -> None:
    (tmp_path / "stuck.py").write_text("import time\ntime.sleep(100)\n")
    command = [
        sys.executable,
        "-m",
        "osvc_diag",
        "node",
        "--dry-run",
        "--plugin-dir",
        str(tmp_path),
        *options,
    ]
    command += ["--root", str(sample_tree("node1", "fhs"))]
    done = subprocess.run(
        command, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    given_up = "stuck is not in use: loading it was given up: no answer for 0.9 s"
    assert given_up in " ".join(done.stderr.split())


def test_a_variable_that_makes_no_sense_is_told_before_anything_is_collected(sample_tree, tmp_path) -> None:
    command = [sys.executable, "-m", "osvc_diag", "node", "--output", str(tmp_path)]
    command += ["--root", str(sample_tree("node1", "fhs"))]
    environ = {**os.environ, "OSVC_DIAG_MAX_SIZE": "plenty"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "OSVC_DIAG_MAX_SIZE" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name", ["timeout", "cpu_time", "jobs", "max_size", "log_size", "lifetime", "upload_timeout"]
)
def test_a_limit_of_nothing_is_refused_wherever_it_stands(sample_tree, tmp_path, capfd, name) -> None:
    option = f"--{name.replace('_', '-')}"
    assert main(["svc1", "--root", sample_tree(), "--output", str(tmp_path), option, "0"]) == 2
    assert f"{option}: not a " in (told := capfd.readouterr().err)
    assert "above 0: '0'" in told
    assert not list(tmp_path.iterdir())
    if name != "cpu_time":  # an option only
        with pytest.raises(UsageError, match="above 0"):
            resolve_settings(environ={f"OSVC_DIAG_{name.upper()}": "0"})
    if name not in {"lifetime", "upload_timeout"}:  # those of the library's other function
        with pytest.raises(UsageError, match=f"{name} is 0: a limit has to be above 0"):
            diagnose("svc1", **{name: 0})


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (["--yes", "--no-upload"], "--no-upload"),
        (["--yes", "--exchange", "gopher://somewhere/"], "gopher"),
        (["--no-upload", "--exchange", "htps://somewhere/"], "no exchange for htps://somewhere/"),
        (["--exchange", "sfx.opensvc.com"], "no exchange for sfx.opensvc.com"),
        (["--proxy", "ftp://proxy"], "--proxy: not a scheme of a proxy"),
        (["--no-upload", "--smtp", "relay/x"], "not a mail relay"),
        (["--no-upload", "--mail-from", "nonsense"], "not a mail address"),
        (["--ca-bundle", "/nowhere/ca.pem"], "/nowhere/ca.pem cannot be used"),
        (["--yes", "--exchange-credentials", "/nowhere/login"], "/nowhere/login: No such file"),
        (["--only", "node-conf", "--skip", "node-conf"], "no collector is left"),
        (["--only", " , "], "no name in"),
        (["--skip", ""], "no name in"),
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


@pytest.mark.parametrize(
    ("options", "is_warned"),
    [([], True), (["--no-upload"], False)],
    ids=["it may be sent one day", "it is not to be sent"],
)
def test_a_wrong_exchange_of_the_site_costs_no_bundle_and_is_told_first(
    sample_tree, tmp_path, monkeypatch, capfd, options, is_warned
) -> None:
    monkeypatch.setenv("OSVC_DIAG_EXCHANGE", "gopher://somewhere/")
    assert main(["svc1", "--root", sample_tree(), "--output", str(tmp_path), *options]) == 0
    told = capfd.readouterr().err
    warning = "warning: this bundle cannot be sent as things are: no exchange for gopher://somewhere/\n"
    assert (warning in told.partition(" to read; ")[0]) == is_warned
    assert len(list(tmp_path.iterdir())) == 1
