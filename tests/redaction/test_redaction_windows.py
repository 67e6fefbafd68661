"""Thousands of learned values cost what they are long, and a text costs the same however many there are."""

from __future__ import annotations

import random
import string
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redaction_tools import TOKENS, learned, usable_engines

from osvc_diag.form import Form
from osvc_diag.redaction import Redactor, SecretSearch
from osvc_diag.redaction import engine as engine_module
from osvc_diag.redaction.windows import FEW, STEPS, WindowFinder

# From letters of which none is rare, too, and as short as a literal can be.
LITERALS = st.one_of(
    st.text("ed0c1", min_size=4, max_size=40), st.text("eQ%~zx1", min_size=4, max_size=12)
).map(str.encode)


@given(
    literals=st.lists(LITERALS, min_size=1, max_size=20),
    around=st.lists(st.text("edQ%0\n ", max_size=30).map(str.encode), min_size=2, max_size=6),
    dice=st.randoms(use_true_random=False),
)
def test_every_line_that_holds_a_literal_is_found(literals, around, dice):
    text = b"".join(piece + dice.choice(literals) for piece in around)
    offsets = WindowFinder(literals).find(text)
    assert offsets == sorted(offsets)
    found = {text.count(b"\n", 0, offset) for offset in offsets}
    for number, line in enumerate(text.split(b"\n")):
        assert number in found or not any(literal in line for literal in literals)


@pytest.mark.parametrize("others", [[], [b"d0c%d1e" % number for number in range(10, 10 + FEW)]])
def test_a_literal_of_each_length_is_found_wherever_it_stands(others):
    for size in range(4, 40):
        for letters in (b"ed0c1:2ro-dit6sa4.9,l375m", b"Q%~zx"):
            literal = bytes(random.Random(size).choices(letters, k=size))
            for before in range(40):
                assert WindowFinder([literal, *others]).find(b" " * before + literal + b" " * 9), literal


def test_no_literal_is_too_short_for_all_steps():
    assert min(least for least, _ in STEPS) == 4
    assert all(size <= least for least, size in STEPS)


def test_more_literals_take_no_more_steps_of_a_text():
    """Counted, not timed: lines of Python that run for the same text."""

    def lines(count: int) -> int:
        dice = random.Random(count)
        values = ["".join(dice.choices(string.ascii_letters + "%!_", k=16)).encode() for _ in range(count)]
        finder = WindowFinder(values)
        text = "".join(dice.choices(string.printable[:94], k=20_000)).encode()
        counted = 0

        def trace(*_about):
            nonlocal counted
            counted += 1
            return trace

        sys.settrace(trace)
        try:
            finder.find(text)
        finally:
            sys.settrace(None)
        return counted

    assert lines(20_000) < 1.5 * lines(1_000)


@pytest.mark.parametrize("engine", usable_engines())
def test_a_crowd_of_secrets_is_masked_and_searched_for_as_a_few_are(engine, monkeypatch):
    dice = random.Random(1)
    values = [
        "".join(dice.choices(string.ascii_letters + string.digits + "!%_", k=14)).encode() for _ in range(60)
    ]
    values += ["".join(dice.choices("0123456789abcdef", k=32)).encode() for _ in range(20)]
    text = b"\n".join(b"%d INFO | got %s from db" % (number, value) for number, value in enumerate(values))
    few, crowd = Counter(), Counter()
    expected = b"".join(Redactor(learned(*values), TOKENS).redact([text], Form.LOG, few))
    monkeypatch.setattr(engine_module, "MOST", dict.fromkeys(engine_module.ENGINES, 10))
    by = Redactor(learned(*values), TOKENS, engine=engine)
    assert isinstance(by._finder._finder, engine_module._CrowdFinder)
    assert b"".join(by.redact([text], Form.LOG, crowd)) == expected
    assert few == crowd
    search = SecretSearch(learned(*values), engine=engine)
    assert len(list(search.search([text]))) == len(values)
    assert list(search.search([expected])) == []
