from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osvc_diag.printable import printable, quoted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("node.log", "node.log"),
        ("ünï 日本", "ünï 日本"),
        ("a\x1b[31mred", r"a\x1b[31mred"),
        ("two\nlines\r", r"two\nlines\r"),
        ("tab\t\x00\x7f", r"tab\t\x00\x7f"),
        ("right\u202eleft", r"right\u202eleft"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("a\udcff", r"a\xff"),
        ("\ud800", r"\ud800"),
        ("\x9b31m", r"\x9b31m"),
        ("\u2028", r"\u2028"),
    ],
)
def test_what_could_steer_a_terminal_is_escaped(text, expected):
    assert printable(text) == expected


def test_what_is_wanted_is_kept():
    assert printable("a\nb\x1b", keep="\n") == "a\nb\\x1b"


@given(st.text(st.characters()))
def test_the_result_is_printable_and_stays_so(text):
    shown = printable(text)
    assert shown.isprintable()
    assert printable(shown) == shown
    shown.encode("utf-8")


@given(st.text(st.characters()))
def test_a_quoted_text_is_printable(text):
    assert quoted(text).isprintable()


def test_a_quoted_text_is_short_and_keeps_letters():
    assert quoted("/données") == "'/données'"
    assert len(quoted("\0" * 10_000)) < 400


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("caf\udce9", r"'caf\xe9'"),
        (r"as written: \udce9", r"'as written: \\udce9'"),
        ("\\\udce9", r"'\\\xe9'"),
        ("\ud800", r"'\ud800'"),
    ],
)
def test_a_byte_of_a_name_looks_alike_in_quotes(text, expected):
    assert quoted(text) == expected
