"""A run with a helper: the same bundle, and no process is left."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Callable

import pytest
from e2e_tools import content, files_of, unpack

from osvc_diag.redaction import engine, helper

if TYPE_CHECKING:
    from pathlib import Path

    from osvc_diag.redaction.scan import Scan
    from osvc_diag.run.frontdoor import Result

Collected = Callable[..., "Result"]


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[helper.Helper]:
    """Return the helpers that a run begins: at once, on any machine."""
    begun: list[helper.Helper] = []

    class Noted(helper.Helper):
        def __init__(self, scan: Scan) -> None:
            super().__init__(scan)
            begun.append(self)

        def turned_to(self, scan: Scan) -> helper.Helper:
            begun.append(super().turned_to(scan))
            return begun[-1]

    monkeypatch.setattr(helper, "Helper", Noted)
    monkeypatch.setattr(helper, "_processors", lambda: 8)
    monkeypatch.setattr(engine, "WORTHWHILE", ((engine.HELPERS, 1),))
    return begun


def lengthen(root: str) -> None:
    """Make a log long enough for several blocks, with a secret here and there."""
    with open(os.path.join(root, "var/log/opensvc/svc1.log"), "a", encoding="ascii") as file:
        for number in range(30_000):
            what = f"password=Hidden{number}x" if number % 100 == 0 else "a status was seen"
            file.write(f"2026-11-23 00:00:00,000 INFO n:node1 o:svc1 r:app#1 sc:n | {what} {number}\n")


def test_with_a_helper_the_bundle_is_the_same(
    collected: Collected, own_tree: Callable[..., str], tmp_path: Path, begun: list[helper.Helper]
) -> None:
    root = own_tree()
    lengthen(root)
    folders = []
    for jobs in (2, 1):
        result = collected("svc1", root=root, jobs=jobs)
        folders.append(unpack(result.bundle, str(tmp_path / f"unpacked{jobs}")))
        os.unlink(result.bundle)
    members = [name for name in files_of(folders[0]) if name.startswith("file/")]
    assert members == [name for name in files_of(folders[1]) if name.startswith("file/")]
    for name in members:
        assert content(folders[0], name) == content(folders[1], name)
    assert b"Hidden" not in content(folders[0], "file/var/log/opensvc/svc1.log")
    collecting, verifying = begun
    assert 2 < collecting._number < verifying._number - 2
    assert verifying._process is collecting._process
    assert verifying._process.returncode is not None


def test_a_run_alone_begins_no_process(collected: Collected, begun: list[helper.Helper]) -> None:
    collected("svc1")
    assert begun == []


def test_what_helpers_work_counts_as_time_of_processors(
    collected: Collected, begun: list[helper.Helper], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(helper.Helpers, "cpu_seconds", property(lambda self: 1000.0 * len(begun)))
    result = collected("svc1", jobs=2, cpu_time=900.0)
    assert any("--cpu-time was reached" in gap.reason for gap in result.gaps)
