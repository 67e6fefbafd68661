"""What the masker of lines remembers changes nothing of what it says."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redaction_tools import TOKENS, learned

from osvc_diag.redaction import builtin_rules
from osvc_diag.redaction import masker as masking
from osvc_diag.redaction.masker import LineMasker

PIECES = st.sampled_from(
    [
        b"password = ",
        b"hunter2x ",
        b"<masked:conf-key:aaaaaaaa>",
        b"\x01" * 26,
        b" --token ",
        b"Sup3rS3cret",
        b"; ",
    ]
)


def new_masker() -> LineMasker:
    return LineMasker(learned(b"Sup3rS3cret"), TOKENS, builtin_rules())


@given(st.lists(st.lists(PIECES, max_size=4).map(b"".join), max_size=8))
def test_a_line_is_masked_as_if_it_were_the_first(lines: list[bytes]) -> None:
    masker = new_masker()
    for line in lines:
        assert masker.mask(line, Counter()) == new_masker().mask(line, Counter())


def test_of_a_line_with_a_token_it_is_found_once_that_nothing_is_left(monkeypatch) -> None:
    masker = new_masker()
    looked_at: list[bytes] = []
    found_by_rules = masker._by_rules
    monkeypatch.setattr(
        masker,
        "_by_rules",
        lambda line, starts: looked_at.append(line) or found_by_rules(line, starts),
    )
    for value in (b"abcdefgh1", b"ijklmnop2", b"qrstuvwx3"):
        assert b"<masked:" in masker.mask(b"db_password = " + value, Counter())
    assert len(looked_at) == len(set(looked_at)) == 4  # each as it came, and the one that they all became


@pytest.mark.parametrize("length", [10, 10_000])
def test_what_is_remembered_is_bounded(monkeypatch, length) -> None:
    monkeypatch.setattr(masking, "MOST_DONE", 10)
    masker = new_masker()
    for number in range(100):
        masker.mask(b"%d password=hunter2x " % number + b"x" * length, Counter())
    assert len(masker._done) <= 10


NEIGHBOURS = st.sampled_from(
    [
        b"password=",
        b'"password": ',
        b"12345678",
        b'"auth"',
        b"://joe:",
        b"hunter2x",
        b"@host ",
        b"-p",
        b" --token ",
        b"Sup3rS3cret",
        b"U3VwM3JTM2NyZXQ",
        b"crypt:",
        b"\x01",
        b", ",
        b"x",
        b":",
        b"}",
    ]
)


def masked_round_by_round(masker: LineMasker, line: bytes) -> bytes:
    """Mask a line without what an earlier round has seen of it."""
    while found := masker.found(line):
        line = masker.replace(line, found, Counter())
    return line


@given(st.lists(NEIGHBOURS, max_size=8).map(b"".join))
def test_what_a_token_brings_to_light_was_seen_before_the_token_came(line: bytes) -> None:
    assert new_masker().mask(line, Counter()) == masked_round_by_round(new_masker(), line)
