"""Finds the values of secret keys in a line: INI, JSON, YAML, shells, URLs, connection strings, options."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Optional

from osvc_diag.redaction import values
from osvc_diag.redaction.names import is_secret_name
from osvc_diag.redaction.nested import json_values
from osvc_diag.redaction.rule import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = re.compile(
    rb"(?<![\w.@-])(?P<name>[\w.@-]{2,})(?P<close>[\"'\\\]]{0,8})[ \t]{0,64}"
    rb"(?P<op>=>|:=|=|:)(?P<gap>[ \t]{0,64})"
)
_COMPARISON = re.compile(rb"[=~][ \t]|:|//")
_LONGEST_NAME = 128  # bytes of a name that say what it is, the last ones
_MOST_ESCAPES = 16  # backslashes before a quote in JSON in JSON in JSON
_LOOK_BACK = 4096  # bytes before a value in which the quote around it is looked for
_START = re.compile(rb"(?:[^\n]{0,512}? \| )?[\s|>*\"'{(,-]*(?:export |set |declare -x |Environment=)?")
_QUOTE = re.compile(rb"[bBuUrR]{0,2}(\\{0,15})([\"'`])")
_QUOTED = {
    b'"': re.compile(rb'(?:[^"\\]|\\.)*'),
    b"'": re.compile(rb"(?:[^'\\]|\\.)*"),
    b"`": re.compile(rb"(?:[^`\\]|\\.)*"),
}
_WORD = re.compile(rb"(?:'[^']*'|\"(?:[^\"\\]|\\.)*\"|\\.|[^\s'\"\\])+")
# A shell's substitution goes on over blanks.
_FIELD = re.compile(rb"(?:\$\([^()\n]{0,512}\)|\$\{[^{}\n]{0,512}\}|\\.|[^\s\\])+|\\")
_FIELD_END = re.compile(rb"[&;,](?=[\w.%@-]+=)|&&|</|/>")
_REST_END = re.compile(rb" --[a-z]|\s\((?:user|daemon|api)[^()]*origin\)|[,;]\s+[\w.-]+\s*[=:]")
_BARE_JSON = re.compile(rb"-?\d[\d.eE+-]*(?=\s*(?:[,}\]]|$))")
_JSON_SCALAR = re.compile(rb"(?:true|false|null|-?\d[\d.eE+-]*)\s*(?:[,}\]]|$)")
_ENCODING = re.compile(rb"(?:crypt|literal|base64):")
# In a shell: ${PW:-default}, and ${PW:+what else}; after ? stands a message, which has blanks in it.
_DEFAULT = re.compile(
    rb"(?<=\$\{)\w+:?(?:\?(?:\}|[^{}\n]{0,512}[ \t])|[-=+?](?P<value>[^{}\n]{0,512}(?:\$\{\w+\})?)\})"
)
_CLOSERS = {b")": b"(", b"]": b"[", b"}": b"{"}
_OPTION = re.compile(
    rb"-(?<![\w-]-)-?(?P<name>[A-Za-z][\w.-]+)"
    rb"(?:(?P<list>[\"'\\]{0,8}\s{0,8},\s{0,8}(?P<quote>\\{0,7}[\"']))|[ \t]{1,64}(?=[^\s-]))"
)
# Words after an option in a sentence about it.
_OPTION_PROSE = frozenset(
    b"to for or and is are was option options must requires instead with in not flag argument".split()
)


def find_assignments(line: bytes) -> Iterator[Span]:
    """Yield the values that are assigned to secret names in a line, by whatever syntax."""
    start = _START.match(line)
    first = start.end() if start else 0
    done = 0
    for match in _NAME.finditer(line):
        if match.start() < done or not _is_secret(line, match) or _COMPARISON.match(line, match.end("op")):
            continue
        if match["op"] == b":" and line[match.end() : match.end() + 1] in (b"[", b"{") and match["close"]:
            spans, _, done = json_values(line, match.end(), 0)
            yield from (span for span in spans if _is_value(line[span.start : span.end], b""))
            continue
        default = _DEFAULT.match(line, match.start("name"))
        if default and default["value"] is None:
            continue
        whole = default is None and _is_whole(line, match, first=match.start() <= first)
        span = Span(*default.span("value")) if default else _value(line, match, whole=whole)
        done = span.end
        prefix = _ENCODING.match(line, span.start, span.end)
        span = span._replace(start=prefix.end()) if prefix else span
        value = line[span.start : span.end]
        in_prose = match["op"] == b":" and span.start == match.end() and not whole and not match["close"]
        if _is_value(value, match["name"]) and not (in_prose and values.is_common_word(value)):
            yield span


def member(line: bytes, at: int, name: bytes) -> tuple[list[Span], int]:
    """Return the texts of a value in JSON, or of a list or object, and its end.

    A bare number counts something.
    """
    if line[at : at + 1] in (b"[", b"{"):
        spans, _, end = json_values(line, at, 0)
    else:
        quoted = _quoted(line, at)
        spans, end = ([quoted], quoted.end) if quoted else ([], at)
    filled = (span for span in spans if span.start < span.end)
    return [span for span in filled if _is_value(line[span.start : span.end], name)], end


def find_options(line: bytes) -> Iterator[Span]:
    """Yield the values of secret options that are words of their own: `--password x`, `"--password", "x"`."""
    for match in _OPTION.finditer(line):
        if not is_secret_name(match["name"][-_LONGEST_NAME:].decode("ascii")):
            continue
        at = match.end()
        if match["list"]:
            span = Span(at, _escaped_end(line, at, match["quote"]))
        else:
            span = _quoted(line, at) or _shell_word(line, at)
        value = line[span.start : span.end]
        if value and not values.is_reference(value) and value.lower() not in _OPTION_PROSE:
            yield span


def _is_secret(line: bytes, match: re.Match[bytes]) -> bool:
    name = match["name"][-_LONGEST_NAME:].decode("ascii", "replace")
    if match["op"] == b":" and "@" in name:
        return False  # `user:pw@host: ...` is no scoped key
    # In an escaped text the `n` of `\npassword` belongs to the line break.
    if match.start() and line[match.start() - 1 : match.start()] == b"\\" and name[:1] in "nrt":
        name = name[1:]
    return is_secret_name(name)


def _value(line: bytes, match: re.Match[bytes], *, whole: bool) -> Span:
    at = match.end()
    quoted = _quoted(line, at)
    if quoted is not None:
        return quoted
    if match["op"] == b":" and match["close"]:
        bare = _BARE_JSON.match(line, at)
        if bare:
            return Span(*bare.span(), quotes=True)
    return _rest(line, at) if whole else _field(line, at)


def _is_whole(line: bytes, match: re.Match[bytes], *, first: bool) -> bool:
    """Return whether an unquoted value goes on to the end of its line, as in INI and YAML."""
    if match["close"] and _JSON_SCALAR.match(line, match.end()):
        return False
    spaced = bool(match["gap"]) or match.end("close") < match.start("op")
    if match["op"] == b":":
        return spaced and first
    return spaced or (first and match["name"].islower())


def _is_value(value: bytes, name: bytes) -> bool:
    if values.is_reference(value) or values.is_nothing(value):
        return False
    # `secrets: 3` counts them.
    return not (value.isdigit() and name.lower().endswith(b"s") and not name.lower().endswith(b"pass"))


def _quoted(line: bytes, at: int) -> Optional[Span]:
    quote = _QUOTE.match(line, at)
    if quote is None:
        return None
    start = quote.end()
    if quote[1]:
        end = _escaped_end(line, start, quote[1] + quote[2])
    else:
        inside = _QUOTED[quote[2]].match(line, start)
        end = inside.end() if inside else start
        follower = line[end + 1 : end + 2]
        if follower and (follower.isalnum() or follower in b"\\'\""):
            word = _WORD.match(line, at)
            if word and word.end() > end + 1:
                return Span(at, word.end())
    return Span(start, end)


def _escaped_end(line: bytes, start: int, closing: bytes) -> int:
    end = line.find(closing, start)
    while end > 0 and line[end - 1 : end] == b"\\":
        end = line.find(closing, end + len(closing))
    return len(line) if end < 0 else end


def _rest(line: bytes, at: int) -> Span:
    end = _REST_END.search(line, at)
    stop = end.start() if end else len(line)
    return Span(at, at + len(line[at:stop].rstrip()))


def _shell_word(line: bytes, at: int) -> Span:
    word = _WORD.match(line, at)
    if word is None:
        return _field(line, at)
    return _trimmed(line, at, word.end()) if line[at : at + 1] not in b"'\"" else Span(at, word.end())


def _field(line: bytes, at: int) -> Span:
    field = _FIELD.match(line, at)
    return _trimmed(line, at, field.end()) if field else Span(at, at)


def _trimmed(line: bytes, start: int, end: int) -> Span:
    """Leave out what does not belong to an unquoted value: the next pair, the quote or bracket around it."""
    for quote in (b'"', b"'", b"`"):
        opening = line.rfind(quote, max(0, start - _LOOK_BACK), start)
        if opening >= 0:
            escapes = _escapes(line, opening)
            closing = line.find(quote, start, end)
            while closing >= 0 and _escapes(line, closing) != escapes:
                closing = line.find(quote, closing + 1, end)
            end = closing - escapes if closing >= 0 else end
    value = line[start:end]
    cut = _FIELD_END.search(value)
    value = (value[: cut.start()] if cut else value).rstrip(b",;:.&")
    while value[-1:] in _CLOSERS and _CLOSERS[value[-1:]] not in value:
        value = value[:-1]
    return Span(start, start + len(value))


def _escapes(line: bytes, at: int) -> int:
    """Return how many backslashes, of at most some, stand before a place."""
    before = line[max(0, at - _MOST_ESCAPES) : at]
    return len(before) - len(before.rstrip(b"\\"))
