"""Spells a secret value in every encoding in which it may reappear."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~"
_SAME = _PLAIN.rstrip(b"~")  # what every encoder leaves as it is
# What different encoders leave as it is: by the standard, of a path, as JavaScript, of a query.
_URL_SAFE = (b"", b"/", b"!'()*", b"!$&'()*+,;=:@")
_ESCAPED = {byte: b"%%%02X" % byte for byte in range(256)}
_URL_SPELLINGS = tuple({**_ESCAPED, **{byte: b"%c" % byte for byte in _PLAIN + more}} for more in _URL_SAFE)
_PERCENT = re.compile(rb"%[0-9A-F]{2}")
_SHELL_SPECIAL = re.compile(r"[^\w@%+=:,./-]")
_SHELL_SPECIAL_ASCII = re.compile(r"[^\w@%+=:,./\x80-\U0010ffff-]")
_SHELL_QUOTED = re.compile(r'["$`\\]')
_SHELL_HISTORY = re.compile(r'["$`\\!]')
_JSON_SPECIAL = re.compile(rb"[^ -~]|[\"\\/<>&'+]")
_JSON_MARKUP = re.compile("[<>&]")
_JSON_SIGNS = re.compile("[<>&'+]")
_JSON_ESCAPE = re.compile(r"\\u([0-9a-f]{4})")
_XML_SPECIAL = re.compile(rb"[&<>\"']")
_HEX = re.compile(rb"[0-9a-f-]{8,}|[0-9A-F-]{8,}")
_XML = ((b"&", b"&amp;"), (b"<", b"&lt;"), (b">", b"&gt;"))
_XML_QUOTES = (b'"', b"&quot;", b"&#34;", b"&#x22;")
_XML_NUMBERS = (b"&#%d;", b"&#x%x;", b"&#x%X;")
# What is written by its number: by systemd, a blank alone, in logs of nginx, in /proc/mounts.
_NUMBERED = (
    (re.compile(rb"[^A-Za-z0-9:_.]"), b"\\x%02x"),
    (re.compile(rb" "), b"\\x%02x"),
    (re.compile(rb"[^ !#-\[\]-~]"), b"\\x%02X"),
    (re.compile(rb"[\s\\#]"), b"\\%03o"),
)
_XML_APOSTROPHES = (b"'", b"&#39;", b"&apos;", b"&#x27;")


def text_forms(value: bytes) -> Iterator[bytes]:
    """Yield a value and its spellings in URLs, JSON, shells, INI, XML, Python and logs; some are equal."""
    yield value
    yield from _joined(value)
    yield from _hexadecimal(value)
    yield from _by_number(value)
    if not value.translate(None, _SAME):
        return
    yield from _latin(value)
    yield from _url(value)
    yield from _json(value)
    yield from _shell(value)
    yield from _xml(value)
    yield value.replace(b"%", b"%%")
    yield repr(value)[2:-1].encode("ascii")


def base64_forms(value: bytes) -> Iterator[bytes]:
    """Yield the characters that stand for a value in base64 whatever stands around it.

    One form for each of the three alignments, in the standard and the URL alphabet: only the characters all
    of whose bits come from the value.
    """
    for lead in range(3):
        encoded = base64.b64encode(b"\0" * lead + value)
        first = (lead * 8 + 5) // 6
        last = (lead + len(value)) * 8 // 6
        core = encoded[first:last]
        yield core
        yield core.replace(b"+", b"-").replace(b"/", b"_")


def _joined(value: bytes) -> Iterator[bytes]:
    lines = value.split(b"\n")
    if len(lines) > 1:
        for glue in (b"", b" ", b"\\n", b"\\\\n", b"\\n\\t", b"\\r\\n", b"%0A"):
            yield glue.join(lines)


def _hexadecimal(value: bytes) -> Iterator[bytes]:
    if _HEX.fullmatch(value):
        for form in (value, value.replace(b"-", b"")):
            yield form.lower()
            yield form.upper()


def _latin(value: bytes) -> Iterator[bytes]:
    try:
        yield value.decode("utf-8").encode("latin-1")
    except UnicodeError:
        return


def _url(value: bytes) -> Iterator[bytes]:
    for spellings in _URL_SPELLINGS:
        form = b"".join([spellings[byte] for byte in value])
        yield form
        yield _PERCENT.sub(lambda match: match[0].lower(), form)
        yield form.replace(b"%20", b"+")


def _json(value: bytes) -> Iterator[bytes]:
    if value.isascii() and not _JSON_SPECIAL.search(value):
        return
    text = value.decode("utf-8", "surrogateescape")
    ascii_only, readable = json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]
    nested = (ascii_only, readable, _JSON_MARKUP.sub(_unicode_escape, readable))  # the last one as Go does
    for form in (
        *nested,
        *(json.dumps(form, ensure_ascii=False)[1:-1] for form in nested),
        ascii_only.replace("/", "\\/"),
        readable.replace("/", "\\/"),
        _JSON_SIGNS.sub(_unicode_escape, readable),
        _JSON_SIGNS.sub(_unicode_escape, ascii_only.replace('\\"', "\\u0022")),  # as .NET does
    ):
        yield form.encode("utf-8", "surrogateescape")
        yield _JSON_ESCAPE.sub(_upper_case, form).encode("utf-8", "surrogateescape")


def _unicode_escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def _upper_case(match: re.Match[str]) -> str:
    return "\\u" + match[1].upper()


def _shell(value: bytes) -> Iterator[bytes]:
    yield value.replace(b"'", b"'\\''")
    yield value.replace(b"'", b"'\"'\"'")
    text = value.decode("utf-8", "surrogateescape")
    for special in (_SHELL_SPECIAL, _SHELL_SPECIAL_ASCII, _SHELL_QUOTED, _SHELL_HISTORY):
        yield special.sub(r"\\\g<0>", text).encode("utf-8", "surrogateescape")


def _by_number(value: bytes) -> Iterator[bytes]:
    for special, number in _NUMBERED:
        yield _numbered(special, number, value)


def _numbered(special: re.Pattern[bytes], number: bytes, value: bytes) -> bytes:
    return special.sub(lambda match: number % match[0][0], value)


def _xml(value: bytes) -> Iterator[bytes]:
    if not _XML_SPECIAL.search(value):
        return
    for number in _XML_NUMBERS:
        yield _numbered(_XML_SPECIAL, number, value)
    for char, entity in _XML:
        value = value.replace(char, entity)
    for quotes in _XML_QUOTES:
        for apostrophe in _XML_APOSTROPHES:
            yield value.replace(b'"', quotes).replace(b"'", apostrophe)
