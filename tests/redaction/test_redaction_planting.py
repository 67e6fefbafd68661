"""Random secrets of every kind, planted in random places of real nodes: none is left, and nothing else is lost."""

from __future__ import annotations

import functools

import pytest
from planting import KINDS, Files, check, plant, read_sample
from redaction_tools import usable_engines


@functools.cache
def sample(node: str, layout: str) -> Files:
    files = read_sample(node, layout)
    # The long log of node2 is no better a place than its last part.
    return {name: text[-60_000:] if len(text) > 60_000 else text for name, text in files.items()}


@pytest.mark.parametrize("engine", usable_engines())
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("node", "layout"), [("node1", "fhs"), ("node2", "dev")])
def test_no_planted_secret_is_left_and_nothing_else_is_lost(node: str, layout: str, seed: int, engine: str):
    original = sample(node, layout)
    assert check(plant(original, seed), original, engine) == []


def test_the_kinds_are_all_planted():
    planted = plant(sample("node1", "fhs"), 1)
    assert len(planted.values) >= 4 * len(KINDS)
    assert len(planted.spelled) == 3 * len(planted.values)


def test_the_check_finds_what_nobody_masked():
    original = sample("node1", "fhs")
    planted = plant(original, 1)
    name = next(name for name in planted.files if name.endswith("svc1.log"))
    planted.values.append("no-place-had-Th1s")
    planted.files[name] += b"it says no-place-had-Th1s\n"
    assert any("no-place-had-Th1s" in wrong for wrong in check(planted, original))
