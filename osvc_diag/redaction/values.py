"""Judges values by their form: what is a reference, what is harmless, what can be searched for everywhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from osvc_diag.redaction.names import is_secret_name
from osvc_diag.redaction.words import COMMON_WORDS

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

MIN_SEARCHABLE = 5  # bytes; shorter values stand in too many places by chance
MIN_NUMBER = 12  # digits; shorter numbers are pids, ports, dates, sizes
MIN_DISTINCT = 3  # different bytes
WHOLE_WORD_BELOW = 8  # bytes; a shorter value counts only where it stands alone

_REFERENCE = re.compile(
    rb"""
    \{(?P<name>[A-Za-z_]\w*)\}                            # {fqdn}: see _is_name
    | \{(?:upper:|lower:|title:|capitalize:)?\#?(?:
        (?:env|labels|data|DEFAULT|[a-z]+\#[\w-]+)\.[\w.\#/-]+  # {env.port}: the agent resolves it
        | [a-z]+(?:\.[a-z]+(?:_[a-z]+)*)?                 # {node.env}, {#nodes}
        | (?:[a-z][\w-]*/)?(?:sec|usr|cfg)/[\w.-]+(?:/[^\s{}]+)?
      )(?:@[\w.-]+)?(?:\[-?\d{0,4}\])?\}
    | (?:\./|[a-z][\w-]*/)?(?:sec|usr|cfg)/[\w.-]+(?:/\S+)?  # system/sec/b1
    | \$[A-Z_][A-Z0-9_]*                                  # $PASSWORD
    | \$\{(?:env:)?[\w.]+(?::?[-?+=]?(?:\$\w+|\$\{\w+\})?)\}  # ${PW}, ${PW:?}, ${PW:-$OTHER}
    | \$\(\w+\) | \$\((?:cat[ ]|<)[ ]?[\w./${}-]+\)          # $(PW), $(cat /run/pw)
    | %\(\w+\)s | %s | \{\d?\} | <[a-z]+(?:[ _-][a-z]+)*>    # a template
    | \*{3,} | [xX]{3,8} | \.{3} | -+                      # masked already
    """,
    re.VERBOSE,
)
# What the agent fills in for a name without a section; others are keys of DEFAULT.
_AGENT_NAMES = frozenset(
    b"""
        app arch clusterdrpnodes clusterid clustername clusternodes dns dnsnodes dnsuxsock
    dnsuxsockd domain drpnode     drpnodes encapnodes etc fqdn hostname id initd instance kind name
    namespace nodemgr nodename nodes path rid     rindex rname svcid svcmgr svcname svcpath var
    """.split()
)
_SNAKE = re.compile(rb"_?(?:[a-z]+(?:_[a-z]+)+|[A-Z]+(?:_[A-Z]+)+)_?\d{0,2}")
_ONE_CASE = re.compile(rb"[a-z]+|[A-Z]+")
_DEFAULT = re.compile(rb"\$\{\w+:?[-=+?](?P<value>[^\n]+)\}|\{(?P<braced>[^{}\n]+)\}")
_NOTHING = frozenset((b"none", b"null", b"nil", b"true", b"false", b"undefined", b"(none)", b"<none>"))
_BOOLEAN = frozenset((b"true", b"false", b"yes", b"no", b"on", b"off", b"none", b"null"))
_NUMBER = re.compile(
    rb"[-+]?\d+(?:\.\d+)?\s?(?:[kmgtpe]i?b?|[smhdwy]|ms|min|%|b|bit|bits|bps|hz)?", re.IGNORECASE
)
_DURATION = re.compile(rb"(?:\d+[smhdwy]){1,6}")
_DATE = re.compile(rb"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?")
_PATH = re.compile(rb"(?:\{[\w.]+\}|~|\.{0,2})(?:/[a-z0-9_.@+{}#-]*)+", re.IGNORECASE)
_ADDRESS = re.compile(
    rb"\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?::\d{1,5})?"
    rb"|\[?[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}\]?(?:/\d{1,3})?",
    re.IGNORECASE,
)
_HOST = re.compile(
    rb"(?=[a-z0-9])(?:[a-z0-9-]{1,63}\.)+[a-z]{2,24}(?::\d{1,5})?|localhost(?::\d{1,5})?", re.IGNORECASE
)
_URL = re.compile(
    rb"[a-z][a-z0-9+.-]*://[a-z0-9._{}-]*(?::(?:\d+|\{[\w.]+\}))?(?:/[a-z0-9_.{}-]*)*", re.IGNORECASE
)
# Any of them, asked once.
_QUANTITY = re.compile(
    b"|".join(
        (b"(?i:%s)" if form.flags & re.IGNORECASE else b"(?:%s)") % form.pattern
        for form in (_NUMBER, _DURATION, _DATE, _ADDRESS)
    )
)
_WORDLIKE = re.compile(rb"([A-Za-z]+)[._#-]?\d{0,2}")
_DIGITS, _UPPER = frozenset(b"0123456789"), frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_RANDOM = ((8, 3), (20, 2), (33, 1))  # at least so many bytes, of at least so many kinds of three
_SHORT_WORD = 4  # letters; a shorter word is common
_LETTERS = re.compile(rb"[A-Za-z]+")
_HEX = re.compile(rb"[0-9A-Fa-f-]+")
_WHOLE_HEX_BELOW = 16  # digits; git hashes and uuids hold any shorter run by chance
_WHOLE_LETTERS_BELOW = 12


def is_reference(value: bytes) -> bool:
    """Return whether a value only points to a secret, or is a placeholder for one."""
    value = value.strip()
    reference = _REFERENCE.fullmatch(value)
    if reference is None:
        return not value
    return reference["name"] is None or _is_name(reference["name"])


def within(value: bytes) -> bytes:
    """Return the secret in a value: `${PW:-secret}` has it as a default, ODBC quotes it as `{secret}`."""
    wrapped = _DEFAULT.fullmatch(value.strip())
    return (wrapped["value"] or wrapped["braced"]) if wrapped and not is_reference(value) else b""


def is_nothing(value: bytes) -> bool:
    """Return whether a value is a programming language's word for no value."""
    return value.strip().lower() in _NOTHING


def is_harmless(value: bytes) -> bool:
    """Return whether a value of `[env]` is harmless by its form.

    A number, boolean, date, path, address, host name, reference, or a URL without credentials or query.
    """
    value = value.strip()
    if is_reference(value) or value.lower() in _BOOLEAN:
        return True
    if _QUANTITY.fullmatch(value) or _HOST.fullmatch(value):
        return True
    if _PATH.fullmatch(value) or _URL.fullmatch(value):
        return not any(_looks_random(segment) for segment in re.split(rb"[/:]", value))
    return False


def is_searchable(value: bytes, known: AbstractSet[bytes]) -> bool:
    """Return whether a value may be looked for everywhere: the one predicate of redactor and verify.

    No, where it is short, a number, a common word (also with two digits after it), a date, an address, a path
    of words, a reference, or one of the `known` names (lower case) of the node.
    """
    lowered = value.lower()
    if len(value) < MIN_SEARCHABLE or len(set(value)) < MIN_DISTINCT or is_reference(value):
        return False
    if lowered in known or lowered in _BOOLEAN or _is_word(lowered):
        return False
    if value.isdigit():
        return len(value) >= MIN_NUMBER
    if _QUANTITY.fullmatch(value):
        return False
    if _PATH.fullmatch(value):
        return any(_looks_random(segment) for segment in value.split(b"/"))
    return not _HOST.fullmatch(value)


def is_sought(spelling: bytes, known: AbstractSet[bytes]) -> bool:
    """Return whether a spelling of a searchable value may be looked for: not one that is a word or a name."""
    lowered = spelling.lower()
    return lowered not in known and not _is_word(lowered)


def stands_alone(value: bytes) -> bool:
    """Return whether a value counts only between bytes that are no letters or digits.

    Short values, words and short runs of hexadecimal digits stand inside longer words by chance.
    """
    if len(value) < WHOLE_WORD_BELOW or value.isdigit():
        return True
    if _LETTERS.fullmatch(value):
        return len(value) < _WHOLE_LETTERS_BELOW
    return len(value) < _WHOLE_HEX_BELOW and _HEX.fullmatch(value) is not None


def is_common_word(value: bytes) -> bool:
    """Return whether a value is a word of everyday logs: `bad password: authentication` holds no password."""
    return _is_word(value.lower())


def _is_name(name: bytes) -> bool:
    """Return whether a word in braces names a value; ODBC writes a password in braces, too."""
    if name in _AGENT_NAMES or _SNAKE.fullmatch(name) or _is_word(name.lower()):
        return True
    return _ONE_CASE.fullmatch(name) is not None and is_secret_name(name.decode("ascii"))


def _is_word(lowered: bytes) -> bool:
    match = _WORDLIKE.fullmatch(lowered)
    if match is None:
        return False
    word = match[1].decode("ascii")
    return (
        len(word) < _SHORT_WORD or word in COMMON_WORDS or (word.endswith("s") and word[:-1] in COMMON_WORDS)
    )


def _looks_random(segment: bytes) -> bool:
    """Return whether a part of a path or URL may be a key: long, of letters and digits of several kinds."""
    kinds = len({"digit" if byte in _DIGITS else "upper" if byte in _UPPER else "lower" for byte in segment})
    return any(len(segment) >= least and kinds >= many for least, many in _RANDOM)
