"""A learned value goes in every spelling in which it may reappear."""

from __future__ import annotations

import base64
import json
import re
import shlex
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from redaction_tools import learned, redacted, redactor, usable_engines

from osvc_diag.form import Form
from osvc_diag.redaction import SecretSearch
from osvc_diag.redaction.values import is_searchable, stands_alone

VALUES = [
    "Sup3rS3cret",
    "p@ss w%rd+1",
    "a\"b'c\\d9",
    "tr€s-sécret",
    "x<y>&z&1",
    "a/b=c&d?e9",
    "a&b+c12345",
    "a<b'cdefgh1",
    "$HOME`id`!7",
    "0b1f7a52-6d0a-4c5e-9f58-2d9b6c7d8e11",
]


def escape_unicode(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def upper_escapes(text: str) -> str:
    return re.sub(r"\\u([0-9a-f]{4})", lambda match: "\\u" + match[1].upper(), text)


def go_json(value: str) -> str:
    """Return what encoding/json of Go makes of a value."""
    return '"' + re.sub("[<>&]", escape_unicode, json.dumps(value, ensure_ascii=False)[1:-1]) + '"'


def by_systemd(value: str) -> str:
    """Return what systemd-escape makes of a value without slashes."""
    return re.sub(rb"[^A-Za-z0-9:_.]", lambda match: b"\\x%02x" % match[0][0], value.encode()).decode()


SPELLINGS = {
    "as it is": lambda value: value,
    "in JSON": lambda value: json.dumps({"x": value}),
    "in JSON, not ASCII": lambda value: json.dumps({"x": value}, ensure_ascii=False),
    "in JSON in JSON": lambda value: json.dumps(json.dumps({"x": value})),
    "in JSON of Go": go_json,
    "in JSON of Go, upper case": lambda value: upper_escapes(go_json(value)),
    "in JSON of Go in JSON of Go": lambda value: go_json(go_json(value)),
    "in JSON of Go in JSON of Go, upper case": lambda value: upper_escapes(go_json(go_json(value))),
    "in JSON of .NET": lambda value: upper_escapes(
        re.sub("[<>&'+]", escape_unicode, json.dumps(value)[1:-1].replace('\\"', "\\u0022"))
    ),
    "in JSON, not ASCII, upper case": lambda value: upper_escapes(json.dumps(value)),
    "in JSON with escaped slashes": lambda value: json.dumps(value).replace("/", "\\/"),
    "in a URL": lambda value: f"http://h/?q={quote(value, safe='')}&r=1",
    "in a path of a URL": lambda value: f"http://h/{quote(value)}/x",
    "in a form": lambda value: f"q={quote_plus(value)}",
    "in a URL, lower case": lambda value: re.sub(
        "%..", lambda match: match[0].lower(), quote(value, safe="")
    ),
    "quoted for a shell": lambda value: f"run {shlex.quote(value)} now",
    "in double quotes of a shell": lambda value: (
        '"' + "".join("\\" + c if c in '"$`\\' else c for c in value) + '"'
    ),
    "escaped for a shell": lambda value: "".join(
        c if c.isalnum() or c in "@%+=:,./-_" else "\\" + c for c in value
    ),
    "in XML": lambda value: f"<v>{escape(value)}</v>",
    "in an XML attribute": lambda value: f"<v a={quoteattr(value)}/>",
    "in XML, all special characters by their hexadecimal numbers": lambda value: re.sub(
        "[&<>\"']", lambda match: f"&#x{ord(match[0]):x};", value
    ),
    "in an XML attribute, quotes by their hexadecimal numbers": lambda value: quoteattr(
        value, {'"': "&#x22;"}
    ),
    "in XML, all special characters by their numbers": lambda value: re.sub(
        "[&<>\"']", lambda match: f"&#{ord(match[0])};", value
    ),
    "escaped by systemd": by_systemd,
    "its blanks by their number": lambda value: value.replace(" ", "\\x20"),
    "in a log of nginx": lambda value: "".join(
        f"\\x{byte:02X}" if byte < 32 or byte > 126 or byte in b'"\\' else chr(byte)
        for byte in value.encode()
    ),
    "in /proc/mounts": lambda value: re.sub(r"[ \t\n\\#]", lambda match: f"\\{ord(match[0]):03o}", value),
    "as Python writes it": lambda value: repr({"x": value}),
    "in an INI file that interpolates": lambda value: "x = " + value.replace("%", "%%"),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("value", VALUES)
def test_a_value_is_masked_and_searched_for_in_every_spelling(value: str, spelling: str):
    text = b"x " + SPELLINGS[spelling](value).encode() + b" y\n"
    by = redactor(value.encode())
    out = redacted(by, text)
    assert b"<masked:" in out
    for form in (value, SPELLINGS[spelling](value)):
        assert form.encode() not in out
    search = SecretSearch(learned(value.encode()))
    assert list(search.search([text]))
    assert list(search.search([out])) == []


@pytest.mark.parametrize("engine", usable_engines())
@pytest.mark.parametrize("lead", [b"", b"u", b"us", b"use", b"user:"])
@pytest.mark.parametrize("alphabet", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_is_masked_at_every_alignment(engine: str, lead: bytes, alphabet):
    value = b"p@ss>w?rd~1"
    encoded = alphabet(lead + value + b"\n more of it")
    by = redactor(value, engine=engine)
    assert redacted(by, b"got " + encoded + b" today").count(b"<masked:conf-key:") == 1
    assert encoded[4:-4] not in redacted(by, b"got " + encoded + b" today")
    assert list(SecretSearch(learned(value)).search([b"got " + encoded]))


@given(st.binary(max_size=8), st.binary(max_size=8))
def test_base64_of_anything_around_a_value_is_masked_with_all_of_its_bits(before: bytes, after: bytes):
    encoded = base64.b64encode(before + b"Sup3rS3cret" + after)
    assume(not encoded.startswith(b"BZh"))  # taken for bzip2, and withheld
    assert encoded.strip(b"=") not in redacted(redactor(b"Sup3rS3cret"), encoded)
    assert redacted(redactor(b"Sup3rS3cret"), encoded).startswith(b"<masked:")


def test_the_token_is_the_same_for_every_spelling_of_a_value():
    value = "p@ss w%rd+1"
    by = redactor(value.encode())
    tokens = set()
    for spelling in SPELLINGS.values():
        out = redacted(by, spelling(value).encode())
        at = out.index(b"<masked:")
        tokens.add(out[at : out.index(b">", at)])
    assert len(tokens) == 1


def test_a_value_of_several_lines_goes_line_by_line_and_joined():
    by = redactor(b"first Line1x\nsecond Line2y")
    for text in (
        b"a first Line1x b",
        b"second Line2y",
        b"first Line1x second Line2y",
        b"first Line1x\\nsecond Line2y",
        b"first Line1xsecond Line2y",
    ):
        out = redacted(by, text)
        assert b"Line1x" not in out
        assert b"Line2y" not in out


@pytest.mark.parametrize("engine", usable_engines())
def test_the_lines_of_a_value_go_where_they_stand_below_each_other(engine: str):
    by = redactor(b"line one\nline two9", engine=engine)
    out = redacted(by, b"x line one\nline two9 y\nline two9\nline one")
    assert out.count(b"<masked:conf-key:") == 4
    assert b"line" not in out


@pytest.mark.parametrize("broken", [b"Sup3r\n\tS3cret", b"Sup\n\t3rS3\n\tcret", b"abc Sup3rS3c\n\tret def"])
def test_a_value_split_over_continuation_lines_of_another_key_goes(broken: bytes):
    out = redacted(redactor(b"Sup3rS3cret"), b"[app#1]\nstart = run " + broken + b"\n[env]\n", Form.CONF)
    assert b"<masked:conf-key:" in out
    for piece in broken.replace(b"abc ", b"").replace(b" def", b"").split(b"\n\t"):
        assert piece not in out


def test_a_value_of_two_words_split_at_the_blank_goes():
    out = redacted(redactor(b"correct horse9"), b"[app#1]\nstart = say correct\n\thorse9 loud\n", Form.CONF)
    assert b"correct" not in out
    assert b"horse9" not in out
    assert b"loud" in out


class TestSearchable:
    """One predicate decides what is looked for everywhere."""

    @pytest.mark.parametrize(
        "value",
        [
            "a",
            "yes",
            "b",
            "8080",
            "12345678",
            "line1",
            "admin",
            "password",
            "node01",
            "true",
            "10.0.0.1",
            "10m",
            "2026-11-22",
            "/var/log/x",
            "{env.port}",
            "system/sec/b1",
            "aaaaaaaa",
            "db1.example.com",
            "xxx",
            "Production",
            "servers",
        ],
    )
    def test_common_values_are_not(self, value: str):
        assert not is_searchable(value.encode(), frozenset())

    @pytest.mark.parametrize(
        "value",
        [
            "urlpw",
            "bobpw",
            "cfgpw",
            "abc123",
            "tok-123",
            "pgsecret",
            "SvcEnvPw1",
            "S3cretEnv!",
            "123123123124325543565",
            "0b1f7a52-6d0a-4c5e-9f58-2d9b6c7d8e11",
            "correct horse",
            "/9j4AAQSkZJRg",
            "banana-42x",
            "Pa55word",
        ],
    )
    def test_secrets_are(self, value: str):
        assert is_searchable(value.encode(), frozenset())

    def test_names_of_the_node_are_not(self):
        assert not is_searchable(b"Webshop77", {b"webshop77"})

    def test_what_is_not_searchable_shreds_no_log_and_is_masked_where_it_stands(self):
        by = redactor(b"admin", b"8080", b"yes", b"line1")
        text = b"admin on port 8080 says yes to line1\nrun password=admin secret=yes\n"
        assert redacted(by, text).startswith(b"admin on port 8080 says yes to line1\nrun password=<masked:")
        assert redacted(by, text).count(b"<masked:") == 2

    @pytest.mark.parametrize("text", [b"cabc123d", b"xabc123", b"9abc1234", b"0abc123f-aa"])
    def test_a_short_value_inside_a_longer_word_is_chance(self, text: bytes):
        assert stands_alone(b"abc123")
        assert redacted(redactor(b"abc123"), text) == text

    @pytest.mark.parametrize(
        "text", [b"abc123", b"'abc123'", b"x_abc123_y", b"=abc123,", b"mysql -uabc -pabc123"]
    )
    def test_a_short_value_between_signs_is_none(self, text: bytes):
        assert b"abc123" not in redacted(redactor(b"abc123"), text)
        assert list(SecretSearch(learned(b"abc123")).search([text]))

    def test_redactor_and_search_agree_on_every_literal(self):
        secrets = learned(*(value.encode() for value in VALUES), b"abc123", b"bobpw", b"yes", b"8080")
        by = redactor(*(value.encode() for value in VALUES), b"abc123", b"bobpw", b"yes", b"8080")
        for literal in secrets.literals:
            for text in (literal.text, b"x" + literal.text + b"y", b" " + literal.text + b"."):
                found = list(SecretSearch(secrets).search([text]))
                assert bool(found) == (redacted(by, text) != text)
