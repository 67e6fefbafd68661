"""`osvc-diag plugins`: what there is, and why something is not in use."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from osvc_diag.cli.main import main

if TYPE_CHECKING:
    import pytest

SHIPPED = {
    "cluster-conf",
    "node-conf",
    "node-log",
    "node-state",
    "object-conf",
    "object-log",
    "object-state",
    "system",
}


def test_all_shipped_collectors_are_listed_with_what_they_take(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert set(lines) >= SHIPPED
    assert "osvc-diag" in lines["node-log"]


def test_programs_get_the_same_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told["collectors"]) >= SHIPPED
    assert all(told["collectors"].values())
    assert told["problems"] == {}
