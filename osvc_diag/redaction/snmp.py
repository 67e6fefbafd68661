"""Finds communities and keys in SNMP's configurations and commands, of which one line may hold several."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from osvc_diag.redaction import values
from osvc_diag.redaction.rule import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

# A word, with its blanks if it is quoted; the quotes may be escaped, as in JSON.
_WORD = (
    rb"(?:\\{0,4}(?P<quote>[\"']))?"
    rb"(?P<secret>(?(quote)(?:(?!\\{0,4}(?P=quote))[^\n]){0,512}|(?:[^\s\"'\\]|\\(?![\\\"'nrt])){1,512}))"
    rb"(?(quote)\\{0,4}[\"']?)"
)
_ONE = re.compile(rb"[ \t]{0,256}" + _WORD)
_ASSIGNED = re.compile(
    rb"(?i:community(?:[ _-]?(?:string|name))?)[\"'\\\] \t]{0,16}(?::=|=>|[=:](?!=))[ \t]{0,16}"
    rb"(?:\\{0,4}(?P<quote>[\"']))?"
    rb"(?P<secret>(?(quote)(?:(?!\\{0,4}(?P=quote))[^\n]){1,512}|[^\s\"'\\,;]{1,512}))"
)

# Directives, and which of the words after them are secrets.
_PLACES = {
    "community": (0,),
    "authcommunity": (1,),
    "sink": (1,),
    "com2sec": (2,),
    "createuser": (2, 4),
    "phrase": (0,),
}
_DIRECTIVE = re.compile(
    rb"(?i:\b(?:r[ow]|def|snmp-server[ \t]{1,16})(?P<community>community)6?"
    rb"|\bauth(?P<authcommunity>community)|\b(?:trap2?|inform)(?P<sink>sink)|\b(?P<com2sec>com2sec)6?"
    rb"|\b(?P<createuser>createuser)"
    rb"|(?:^|(?<=[\"']))[ \t]{0,16}def(?:auth|priv)?pass(?P<phrase>phrase))(?=[ \t])"
)
_WITH_VALUE = frozenset((b"-e", b"-cn", b"-name", b"-tag", b"-profile"))  # options before these words
_ALONE = frozenset((b"-m", b"-l"))  # say what kind of key follows

# What network devices say to whom traps are sent, and who may ask.
_DEVICE = re.compile(rb"(?i:\bsnmp-server[ \t]{1,16}(?P<kind>host|user))(?=[ \t])")
_MOST_WORDS, _REACH = 16, 1024  # of what follows
_NO_SECRET = frozenset(b"trap traps inform informs auth noauth priv encrypted 1 2c 3 v1 v2c v3".split())
_NAMING = frozenset((b"vrf", b"use-vrf", b"version", b"udp-port"))
_ADDRESS = re.compile(rb"[\d.]+|[\da-f]*:[\da-f:.]+")
_KEYS = re.compile(
    rb"\b(?i:auth|priv)[ \t]+(?i:(?:md5|sha|3?des|aes)[\w-]{0,8})[ \t]+(?:\d{3}[ \t]+)?(?P<secret>\S{1,256})"
)

# What belongs to a command: up to a sign that ends it, which stands in no quoted word and in no other one.
_COMMAND = re.compile(
    rb"(?i:\bsnmp(?:bulk)?(?:walk|get|getnext|set|trap|inform|table|status|test|delta|df|netstat|ps|top|usm|vacm)\b"
    rb"|\btrapsess(?=[ \t])|(?:^|(?<=[\"']))[ \t]{0,16}proxy(?=[ \t]{1,16}-)|(?P<check>\bcheck_snmp))"
    rb"(?P<options>(?:[^|;&\n\"']|(?<!\s)[|;&](?![\s|&])|\"[^\"\n]{0,256}\"|'[^'\n]{0,256}'|[\"']){0,1024})"
)
# The letters mean other things in the other case: -a is an algorithm, -x too.
_TO_VALUE = rb"(?:[\"'\\]{1,5}(?:,|(?=[ \t])))?[ \t]{0,16}"
_OPTION = re.compile(
    rb"(?<![^\s\"'])(?:-(?:[cAX]|3[MmKk])" + _TO_VALUE + rb"|--community[ \t]{1,16})" + _WORD
)
_CHECK_OPTION = re.compile(rb"(?<![^\s\"'])(?:-[CAX]" + _TO_VALUE + rb"|--community[ \t]{1,16})" + _WORD)


def find_snmp(line: bytes) -> Iterator[Span]:
    """Yield the communities, passphrases and keys of a line."""
    spans = {
        *_find_assigned(line),
        *_find_after_directives(line),
        *_find_options(line),
        *_find_in_devices(line),
    }
    for start, end in sorted(spans):
        if not values.is_reference(line[start:end]):
            yield Span(start, end)


def _find_assigned(line: bytes) -> Iterator[tuple[int, int]]:
    for match in _ASSIGNED.finditer(line):
        yield match.span("secret")


def _find_after_directives(line: bytes) -> Iterator[tuple[int, int]]:
    for match in _DIRECTIVE.finditer(line):
        places = _PLACES[match.lastgroup or ""]
        words = _words(line, match.end(), places[-1] + 1)
        yield from (words[place] for place in places if place < len(words))


def _find_in_devices(line: bytes) -> Iterator[tuple[int, int]]:
    for match in _DEVICE.finditer(line):
        if match["kind"].lower() == b"user":
            yield from (key.span("secret") for key in _KEYS.finditer(line, match.end(), match.end() + _REACH))
            continue
        words = [
            (line[start:end].lower(), (start, end)) for start, end in _words(line, match.end(), _MOST_WORDS)
        ]
        named = [word for word, _ in words]
        if b"community" in named:
            yield from (place for _, place in words[named.index(b"community") + 1 :][:1])
            continue
        for before, (word, place) in zip(named, words[1:]):
            if word not in _NO_SECRET | _NAMING and before not in _NAMING and not _ADDRESS.fullmatch(word):
                yield place
                break


def _words(line: bytes, at: int, most: int) -> list[tuple[int, int]]:
    """Return where the words after a directive stand, without its options."""
    found: list[tuple[int, int]] = []
    skip = False
    while len(found) < most and (match := _ONE.match(line, at)):
        at = match.end()
        word = match["secret"].lower()
        if skip or word in _ALONE:
            skip = False
        elif word in _WITH_VALUE:
            skip = True
        else:
            found.append(match.span("secret"))
    return found


def _find_options(line: bytes) -> Iterator[tuple[int, int]]:
    for command in _COMMAND.finditer(line):
        option = _CHECK_OPTION if command["check"] else _OPTION
        for match in option.finditer(line, *command.span("options")):
            yield match.span("secret")
