"""What is told before a bundle is made: its size, what cannot be read, and a node whose name is not known."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Callable

import pytest

from osvc_diag.cli.main import main
from osvc_diag.run.rights import AS_ROOT

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

Become = Callable[[], "AbstractContextManager[None]"]


def test_no_more_is_forecast_than_the_bundle_may_have(
    sample_tree: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    limited = ["--root", sample_tree(), "**", "--max-size", "40k"]
    main([*limited, "--dry-run"])
    assert "for a bundle of about 40.0 KiB;" in capsys.readouterr().err
    main([*limited, "--dry-run", "--json"])
    assert json.loads(capsys.readouterr().out)["expected_bytes"] == 40 * 1024
    main([*limited, "--output", str(tmp_path)])
    assert "; a bundle of about 40.0 KiB comes to" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() != 0, reason="it takes root to make files that somebody else may not read")
def test_a_dry_run_tells_whoever_may_not_read_a_file_that_it_would_be_missing(
    open_tree: str, ordinary_user: Become, capsys: pytest.CaptureFixture[str]
) -> None:
    os.chmod(f"{open_tree}/etc/opensvc/namespaces", 0o700)
    os.chmod(f"{open_tree}/var/log/opensvc/node.log", 0o600)
    asked = ["--root", open_tree, "**", "--dry-run", "--with-related"]
    with ordinary_user():
        assert main(asked) == 10
        told = capsys.readouterr().err
        assert main([*asked, "--json"]) == 10
    gaps = json.loads(capsys.readouterr().out)["gaps"]
    denied = {gap["artifact"]: gap["reason"] for gap in gaps}
    assert {gap["state"] for gap in gaps} == {"denied"}
    assert denied["file/var/log/opensvc/node.log"] == "permission denied"
    assert "objects in it are not known" in told
    assert "secrets in it could not be learned" in told
    assert [line for line in told.splitlines() if line.startswith("hint:")] == [f"hint: {AS_ROOT}"]


@pytest.mark.skipif(os.geteuid() != 0, reason="another user may not read all of the sample")
def test_a_dry_run_of_whoever_may_read_everything_has_no_gap(
    sample_tree: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--root", sample_tree(), "**", "--dry-run"]) == 0
    assert "hint:" not in capsys.readouterr().err


def test_a_copy_that_does_not_tell_its_nodes_name_is_asked_for_it(
    own_tree: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    root = own_tree()
    os.unlink(f"{root}/var/log/opensvc/node.log")
    main(["--root", root, "node", "--dry-run"])
    assert "say it with --node NAME" in capsys.readouterr().err
    main(["--root", root, "node", "--dry-run", "--node", "node1"])
    assert "--node" not in capsys.readouterr().err


def test_what_no_collector_misses_has_no_row_among_the_collectors(
    own_tree: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = own_tree()
    with open(f"{root}/etc/opensvc/odd.conf", "wb") as conf:
        conf.write(b"\0" * 100)
    assert main(["--root", root, "node", "--output", str(tmp_path)]) == 10
    told = capsys.readouterr().err
    table = told[told.index("collector ") : told.index("1 gap")].splitlines()
    assert [line for line in table if line.startswith((" ", "redaction"))] == []
    assert "file/etc/opensvc/odd.conf: is damaged, or no text" in told


def test_where_no_collector_brought_anything_there_is_no_table_of_them(
    sample_tree: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--root", sample_tree(), "node", "--output", str(tmp_path), "--no-upload"]
    main([*asked, "--only", "node-journal"])
    told = capsys.readouterr().err
    assert "0 artifacts, 0 secrets masked" in told
    assert "stored  masked" not in told
    main([*asked, "--only", "node-conf"])
    assert "stored  masked" in capsys.readouterr().err
