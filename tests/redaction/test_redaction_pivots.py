"""What libpcre2 is given finds every anchor and literal, and begins as its compiler is fast with."""

from __future__ import annotations

import random
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redaction_tools import unmarked, usable_engines

from osvc_diag.redaction import Anchor, builtin_rules, pcre2, pivots
from osvc_diag.redaction.planning import plan

ANCHORS = [anchor for rule in builtin_rules() for anchor in rule.anchors]
EXAMPLES = sorted(
    {line for rule in builtin_rules() for text in rule.masked for line in unmarked(text).split(b"\n")}
)
PATTERNS = [re.compile(pattern) for pattern in pivots.patterns(ANCHORS, [])]
FAST = re.compile(
    rb"(?:\[(?:\\x..|\w){2}\]|\\x..|\w)"  # one of two bytes
    rb"(?:(?:\(\?s:\.\))*(?:\[(?:\\x..|\w){2}\]|\\x..|\w))?"  # and one of two others after it
    rb"\(\?=.*\)",
    re.DOTALL,
)

alphabets = st.sampled_from(["ab", "01234567", "aB3x", "abc/+=-\n\xff"])
literals = alphabets.flatmap(
    lambda alphabet: st.lists(
        st.text(alphabet, min_size=4, max_size=12).map(lambda text: text.encode("latin-1")),
        min_size=1,
        max_size=40,
    )
)


def _finds(found: list[re.Pattern[bytes]], line: bytes) -> bool:
    return any(pattern.search(line) for pattern in found)


@pytest.mark.parametrize("case", [bytes, bytes.upper, bytes.title], ids=["as it is", "upper", "title"])
def test_whatever_line_holds_an_anchor_is_found(case):
    for example in EXAMPLES:
        line = case(example)
        holds = any(one.compiled.search(line.lower() if one.caseless else line) for one in ANCHORS)
        assert _finds(PATTERNS, line) >= holds, line


@pytest.mark.parametrize("dashes", ["--", "--x.y-"])
@pytest.mark.parametrize("word", ["password", "apw", "PSK", "otp", "auth-key", "Cookies"])
def test_an_option_is_found_by_its_word_and_only_behind_dashes(dashes: str, word: str):
    (option,) = (anchor for anchor in ANCHORS if anchor.pattern.startswith(b"--[a-z"))
    found = [re.compile(pattern) for pattern in pivots.patterns([option], [])]
    assert _finds(found, f"x {dashes}{word} y".encode())
    assert not _finds(found, f"x - -{word} y".encode())
    assert not _finds(found, f"x --{'a' * 70}{word} y".encode())


@given(literals, st.data())
def test_whatever_line_holds_a_literal_is_found(texts: list[bytes], data: st.DataObject):
    found = [re.compile(pattern) for pattern in pivots.patterns([], texts)]
    for text in texts:
        before, after = (data.draw(st.sampled_from([b"", text, b"aB3", b"\n", b"01"])) for _ in range(2))
        places = [match.start() for pattern in found for match in pattern.finditer(before + text + after)]
        # Of a literal with line ends its first line is enough, for it is looked for in lines.
        assert any(len(before) <= place < len(before + text) for place in places) or text in before + after


@given(
    st.lists(
        st.text("abkKpP-_:", min_size=1, max_size=6).map(lambda text: Anchor(text.lower().encode())),
        max_size=9,
    )
)
def test_whatever_an_anchor_begins_with_it_is_found(anchors: list[Anchor]):
    found = [re.compile(pattern) for pattern in pivots.patterns(anchors, [])]
    for anchor in anchors:
        assert _finds(found, b"A" + anchor.pattern.upper() + b"A")
        assert not _finds(found, b"xyz")


def test_the_shipped_anchors_need_few_patterns_all_of_which_are_ruled_out_16_bytes_at_a_time():
    """Each costs 0.05 ms/MB: let a new anchor begin with a pivot that is shared, or find one that is seldom."""
    assert len(PATTERNS) <= 24
    assert [one.pattern for one in PATTERNS if not FAST.fullmatch(one.pattern)] == []


@pytest.mark.parametrize("pivot", pivots._SHARED, ids=lambda pivot: pivot.pattern.decode())
def test_a_pivot_has_two_choices_at_most_with_no_byte_in_common(pivot: pivots.Pivot):
    assert 1 <= len(pivot.first) <= 2
    assert len(pivot.second) <= 2
    assert not {*pivot.first} & {*pivot.second}
    assert bool(pivot.second) == bool(pivot.apart)


@pytest.mark.skipif("pcre2" not in usable_engines(), reason="no libpcre2 here")
@pytest.mark.parametrize("alphabet", [string.hexdigits.lower(), string.ascii_letters, "Pa1", "#,\n", "xyz"])
def test_thousands_of_literals_are_compiled_and_found(alphabet: str):
    chance = random.Random(alphabet)
    texts = ["".join(chance.choices(alphabet, k=24)).encode() for _ in range(3000)]
    finder = pcre2.Pcre2Finder(plan(ANCHORS, texts))
    for text in texts[:50]:
        assert finder.find(b"w" * 4000 + b" " + text)
