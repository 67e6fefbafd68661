"""Finds values whose key is named beside them: `{"name": "DB_PASSWORD", "value": "..."}`, in either order."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from osvc_diag.redaction.assignments import member
from osvc_diag.redaction.names import is_secret_name
from osvc_diag.redaction.nested import NAME, NAMED, NAMING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osvc_diag.redaction.rule import Span

_KEY = re.compile(
    rb"(?<!\\)(?P<quote>\\{0,7}[\"'])(?i:%s)(?P=quote)[ \t]{0,8}:[ \t]{0,8}(?P=quote)(?P<name>%s)(?P=quote)"
    % (NAMING, NAME)
)
_REACH = 1024  # bytes between a key and its value


def find_pairs(line: bytes) -> Iterator[Span]:
    """Yield the values of secret names that stand in another member of the same object."""
    done = 0  # where a value ended that went: what stands in one is not looked at again
    for key in _KEY.finditer(line):
        if key.start() < done or not is_secret_name(key["name"].decode("ascii")):
            continue
        value, after, before = _patterns(key["quote"])
        found = after.match(line, key.end(), key.end() + _REACH)
        if found:
            if key["quote"][-1:] == b"'" and line[found.end() : found.end() + 1] in (b"[", b"{"):
                continue  # no JSON, so nothing would be found in it, over and over
            spans, done = member(line, found.end(), key["name"])
            yield from spans
            continue
        start = max(0, key.start() - _REACH)
        near = line[start : key.start()]
        last = max(value.finditer(near), key=re.Match.start, default=None)
        spans, end = member(near, last.end(), key["name"]) if last else ([], 0)
        if spans and end < len(near) and before.fullmatch(near, end):  # else the key is part of the value
            yield from (span._replace(start=start + span.start, end=start + span.end) for span in spans)


@functools.cache
def _patterns(quote: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes], re.Pattern[bytes]]:
    """Return patterns of what stands before a value, from its key on, and from it to its key.

    They may stand in objects of their own, as in `{"meta": {"keyword": "a"}, "data": {"value": "b"}}`.
    """
    quote = re.escape(quote)
    value = rb"%s(?i:%s)%s[ \t]{0,8}:[ \t]{0,8}" % (quote, NAMED, quote)
    nested = rb"\}[ \t]{0,8},[^{}]{0,256}%s\w{1,32}%s[ \t]{0,8}:[ \t]{0,8}\{" % (quote, quote)
    return (
        re.compile(value),
        re.compile(rb"[^{}]*?(?:%s[^{}]*?)?%s" % (nested, value)),
        re.compile(rb"[^{}]*(?:%s[^{}]*)?" % nested),
    )
