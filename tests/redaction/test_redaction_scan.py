"""Blocks are looked through in the same way wherever it is done, and whatever is rare in them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osvc_diag.redaction import Anchor, builtin_rules, scan
from osvc_diag.redaction.finder import PythonFinder
from osvc_diag.redaction.planning import plan
from osvc_diag.redaction.scan import Scan


@pytest.mark.parametrize("seldom", [1, 7, 1024])
@given(block=st.lists(st.sampled_from([b"Qx", b"Q", b"x", b"aQ", b"\n", b"QQx"])).map(b"".join))
def test_hopping_finds_wherever_a_pattern_begins(seldom: int, block: bytes):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(scan, "_SELDOM", seldom)
        found = Scan([], [], [b"Q" + rb"Q(?=x|(?<=aQ)Q)"]).find(block)
    assert found == [match.start() for match in re.finditer(rb"(?=Qx|(?<=a)QQ)", block)]


@given(*[st.lists(st.binary(min_size=2, max_size=9).map(lambda raw: raw[:1] + re.escape(raw)))] * 3)
def test_what_is_told_to_a_helper_is_what_is_looked_for(exact, caseless, rare):
    told = Scan(exact, caseless, rare)
    assert Scan.unpacked(told.packed())._given == told._given


def test_a_byte_that_is_not_rare_is_found_to_the_end():
    block = b"Q" * 300_000 + b"Qx"
    assert Scan([], [], [b"Q" + b"Qx"]).find(block) == [300_000]


def test_all_shipped_anchors_share_few_patterns():
    """Each pattern goes through the whole text, which takes about half a millisecond a megabyte."""
    planned = plan((anchor for rule in builtin_rules() for anchor in rule.anchors), ())
    assert len(planned.singles) <= 18
    assert len(planned.rare) <= 20


@pytest.mark.parametrize(
    "pattern", [b"secret=", b"a-secret=", b"-sec?ret=", b"\\-cluse=", b"au|se", b"--se[cd]ret"]
)
def test_an_anchor_is_found_where_it_is_looked_for_by_two_bytes_in_its_midst(pattern: bytes):
    found = PythonFinder(plan([Anchor(pattern)], ())).find
    for text in (
        b"x a-SECRET=",
        b"x -seret= ",
        b"secret",
        b"-Cluse=\n-luse=",
        b"SE",
        b"--sedret",
        b"-se\ncret=",
    ):
        assert bool(found(text)) is bool(re.search(pattern, text.lower()))
