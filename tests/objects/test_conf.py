"""The agent's INI dialect, read from well-formed, sloppy and hostile text."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osvc_diag.errors import RedactionError
from osvc_diag.objects.conf import MAX_LINES, ConfEntry, parse_conf


def read(text: bytes) -> list[tuple[str, str, str, str]]:
    return [(entry.section, entry.key, entry.scope, entry.value) for entry in parse_conf(text)]


def test_every_spacing_around_the_delimiter_gives_the_same_entry():
    for spelling in (b"k=v", b"k = v", b"k\t=\tv", b"k  =  v  ", b"k =v\r", b"k: v", b"k : v"):
        assert read(b"[s]\n" + spelling + b"\n") == [("s", "k", "", "v")], spelling


def test_a_scope_is_told_apart_from_the_key():
    assert read(b"[app#1]\ntimeout@node2 = 10s") == [("app#1", "timeout", "node2", "10s")]


def test_the_name_of_a_data_key_may_hold_an_at_sign():
    assert read(b"[data]\nuser@host.pem = x") == [("data", "user@host.pem", "", "x")]


def test_continuation_lines_join_with_newlines_and_each_has_its_span():
    text = b"[env]\nmulti = line1\n\tline2\n\tline3\nnext = 1\n"
    entry = parse_conf(text)[0]
    assert entry.value == "line1\nline2\nline3"
    assert [text[begin:end] for begin, end in entry.value_spans] == [b"line1", b"line2", b"line3"]


def test_a_value_may_begin_on_the_line_after_its_key():
    assert read(b"[env]\npem =\n\tAAA\n\tBBB\n") == [("env", "pem", "", "AAA\nBBB")]


def test_a_comment_between_continuation_lines_does_not_end_the_value():
    assert read(b"[env]\na = 1\n# note\n\t2\n") == [("env", "a", "", "1\n2")]


def test_an_indented_hash_belongs_to_the_value():
    assert read(b"[env]\na = 1\n\t# 2\n") == [("env", "a", "", "1\n# 2")]


def test_a_line_that_is_nothing_belongs_to_the_value_before_it():
    assert read(b"[env]\na = 1\nrest of it\nb = 2\n") == [
        ("env", "a", "", "1\nrest of it"),
        ("env", "b", "", "2"),
    ]


def test_duplicate_sections_and_keys_are_kept_in_order():
    assert read(b"[a]\nk=1\n[b]\nk=2\n[a]\nk=3\nk=4") == [
        ("a", "k", "", "1"),
        ("b", "k", "", "2"),
        ("a", "k", "", "3"),
        ("a", "k", "", "4"),
    ]


def test_an_empty_value_takes_nothing_from_the_next_line():
    entries = parse_conf(b"[cluster]\nsecret =\nname = lab\n")
    assert [(entry.key, entry.value, entry.value_spans) for entry in entries] == [
        ("secret", "", ()),
        ("name", "lab", ((26, 29),)),
    ]


def test_crlf_bom_and_a_missing_last_newline_leave_no_trace():
    assert read(b"\xef\xbb\xbf[s]\r\na = 1\r\nb = 2") == [("s", "a", "", "1"), ("s", "b", "", "2")]


def test_a_key_before_any_section_has_an_empty_section():
    assert read(b"secret = x\n[s]\n") == [("", "secret", "", "x")]


def test_invalid_utf8_survives_as_surrogates():
    entry = parse_conf(b"[s]\nk = a\xffb")[0]
    assert entry.value.encode("utf-8", "surrogateescape") == b"a\xffb"


def test_an_equals_sign_in_a_value_is_part_of_it():
    assert read(b"[data]\nf = literal:password = x") == [("data", "f", "", "literal:password = x")]


def test_a_colon_in_a_key_is_part_of_it():
    assert read(b"[data]\ntls:crt = x") == [("data", "tls:crt", "", "x")]


def _joined(text: bytes, entry: ConfEntry) -> str:
    return "\n".join(text[begin:end].decode("utf-8", "surrogateescape") for begin, end in entry.value_spans)


@given(
    st.lists(
        st.sampled_from(
            [b"[s]", b"[", b"]", b"=", b":", b"k", b" ", b"\t", b"\n", b"\r", b"#", b"\xff", b"\0", b"v v"]
        )
    )
)
def test_any_text_is_parsed_and_every_span_holds_its_line(pieces: list[bytes]):
    text = b"".join(pieces)
    for entry in parse_conf(text):
        assert _joined(text, entry) == "\n".join(line for line in entry.value.split("\n") if line)
        assert list(entry.value_spans) == sorted(entry.value_spans)


@pytest.mark.parametrize("line", [b"\n", b"\r", b"[\n", b"k=\n", b"\tv\n", b"[s]\r\n"])
def test_a_text_of_countless_lines_is_refused_before_it_takes_memory(line: bytes):
    tracemalloc.start()
    try:
        with pytest.raises(RedactionError, match="lines"):
            parse_conf(b"k=v\n" + line * 1_000_000)
        assert tracemalloc.get_traced_memory()[1] < 16 * 2**20
    finally:
        tracemalloc.stop()


def test_as_many_lines_as_may_be_and_a_line_of_any_length_are_read():
    assert len(parse_conf(b"k=\n" * MAX_LINES)) == MAX_LINES
    assert parse_conf(b"[\n" * MAX_LINES) == []
    assert parse_conf(b"=" * 1_000_000) == []
