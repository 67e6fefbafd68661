"""Follows a secret over the lines after its key: INI continuation, YAML block, JSON array or object, XML.

And to the next line where a member of an object names it: `"name": "DB_PASSWORD",` before `"value": "..."`.
"""

from __future__ import annotations

import re
from typing import Optional

from osvc_diag.redaction.names import is_secret_name
from osvc_diag.redaction.rule import Span
from osvc_diag.redaction.tokens import TOKEN
from osvc_diag.redaction.values import is_reference

RULE = "assignment"
MAX_LINES = 2000  # of one value; what goes on longer is no value

_KEY = re.compile(
    rb"(?P<prefix>(?:\d{4}-\d\d-\d\d [^\n]{0,512}? \| (?:\| )?)?)(?P<indent>[ \t]*)(?:- )?"
    rb"(?P<brace>(?:\{[ \t]*)?)[\"']?(?P<name>[\w.@-]{2,128})[\"']?[ \t]*(?P<op>[:=])[ \t]*(?P<value>.*)"
)
_LAST_KEY = re.compile(rb'"(?P<name>[\w.@-]{2,128})"[ \t]{0,8}:[ \t]{0,8}[\[{][\[{ \t]{0,8}\r?\n?\Z')
NAMING, NAMED = rb"(?:name|key|keyword|parameterkey)", rb"(?:value|parametervalue)"
"""Members that name a value, and those that hold it."""
NAME = rb"[\w.@#-]{2,128}"
_NAMING = re.compile(
    rb"\"(?i:%s)\"[ \t]{0,8}:[ \t]{0,8}\"(?P<name>%s)\"[ \t]{0,8},?[ \t]{0,8}" % (NAMING, NAME)
)
_LAST_NAMING = re.compile(_NAMING.pattern + rb"\Z")
_NAMED = re.compile(rb"\"(?i:%s)\"[ \t]{0,8}:[ \t]{0,8}" % NAMED)
_NEXT_OBJECT = re.compile(rb"[ \t]*(?:\{|\][ \t]*,?[ \t]*\Z)")
_NEAR = 8  # lines from a name to its value, and of an element
_ELEMENT = re.compile(rb"\s*<(?P<name>[\w:.-]{2,64})(?:\s[^<>]{0,512})?>\s*(?:(?P<cdata><!\[CDATA\[)\s*)?")
_BLOCK_MARK = re.compile(rb"(?:[|>](?:[+-]\d?|\d[+-]?)?)?(?:\s#.*)?")
_LONGEST_KEY = 160  # bytes, with what `_LAST_KEY` takes around it
_STACK = b"\tat "  # of a Java exception, whose message may end with a value
_PIECE = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[\]{}]|-?\d[\d.eE+-]*')
_LEAD = re.compile(rb"\s*(?:- (?=\S))?")
_IS_KEY = re.compile(rb"\s*:")


def json_values(line: bytes, at: int, depth: int) -> tuple[list[Span], int, int]:
    """Return the scalars from a place in JSON to the end of its value or line, the depth, and that end."""
    spans: list[Span] = []
    for piece in _PIECE.finditer(line, at):
        first = piece[0][:1]
        if first in b"[{":
            depth += 1
        elif first in b"]}":
            depth -= 1
            if depth <= 0:
                return spans, 0, piece.end()
        elif first == b'"':
            closed = len(piece[0]) > 1 and piece[0].endswith(b'"')
            if not _IS_KEY.match(line, piece.end()):
                spans.append(Span(piece.start() + 1, piece.end() - closed))
        else:
            spans.append(Span(*piece.span(), quotes=True))
    return [span for span in spans if span.start < span.end], depth, len(line)


class OpenValue:
    """The value that is still open at the end of a line, if one is."""

    def __init__(self) -> None:
        self._kind = ""
        self._prefix = b""
        self._indent = 0
        self._depth = 0
        self._lines = 0
        self._named = 0  # lines in which the value of a name may still come

    @property
    def active(self) -> bool:
        """Whether the next line may belong to a secret."""
        return bool(self._kind)

    def after(self, line: bytes) -> None:
        """Look whether a line, given as it was, leaves the value of a secret key open."""
        named, self._named = self._named, 0
        self._kind, self._lines = "", 0
        key = _KEY.match(line)
        if key is None or not is_secret_name(key["name"].decode("ascii")):
            self._after_last_key(line)
            if not self._kind:
                self._after_name(line, named)
            return
        self._prefix, self._indent = key["prefix"], len(key["indent"].expandtabs())
        value = key["value"].strip()
        if key["op"] == b":" and value[:1] in (b"[", b"{"):
            _, self._depth, _ = json_values(line, key.start("value"), 0)
            self._kind = "json" if self._depth else ""
        elif key["brace"]:
            return
        elif key["op"] == b":" and _BLOCK_MARK.fullmatch(value):
            self._kind = "block"
        elif key["op"] == b"=" and not key["prefix"] and not key["indent"]:
            self._kind = "ini"

    def _after_last_key(self, line: bytes) -> None:
        """Look whether a line of JSON ends with a secret key whose array or object begins there."""
        if line.rstrip()[-1:] not in (b"[", b"{"):
            return
        key = _LAST_KEY.search(line, max(0, len(line) - _LONGEST_KEY))
        if key and is_secret_name(key["name"].decode("ascii")):
            self._kind, self._depth = "json", key[0].count(b"[") + key[0].count(b"{")

    def _after_name(self, line: bytes, named: int) -> None:
        """Look whether a line ends with a secret's name in a member, or a telling element begins there."""
        name = _LAST_NAMING.search(line, max(0, len(line) - _LONGEST_KEY))
        element = None if name else _ELEMENT.fullmatch(line)
        if name and is_secret_name(name["name"].decode("ascii")):
            self._kind, self._named = "named", _NEAR
        elif element and is_secret_name(re.split(rb"[:.]", element["name"])[-1].decode("ascii", "replace")):
            self._kind = "cdata" if element["cdata"] else "element"
        elif named:
            self._kind, self._named = "named", named

    def inside(self, line: bytes) -> Optional[list[Span]]:
        """Return what to mask of the next line; None where the value has ended before it."""
        spans = self._spans(line)
        self._lines += 1
        if spans is None or self._lines > MAX_LINES:
            self._kind = ""
            return None
        return [span for span in spans if not TOKEN.fullmatch(line, span.start, span.end)]

    def _spans(self, line: bytes) -> Optional[list[Span]]:
        if self._kind == "json":
            spans, self._depth, _ = json_values(line, 0, self._depth)
            if not self._depth:
                self._kind = ""
            return spans
        if self._kind == "named":
            return self._value_of_name(line)
        if self._kind in ("element", "cdata"):
            return self._text_of_element(line)
        if self._kind == "ini":
            return _content(line, 0) if line.startswith(b"\t") and not line.startswith(_STACK) else None
        start = len(self._prefix) if self._same_log(line) else 0
        message = line[start:]
        if message.strip() and len(message) - len(message.lstrip()) <= self._indent:
            return None
        return _content(line, start)

    def _value_of_name(self, line: bytes) -> Optional[list[Span]]:
        left, self._named = self._named - 1, 0
        value = _NAMED.search(line)
        if value is None:
            if not _NAMING.search(line) and not _NEXT_OBJECT.match(line):
                self._named = left
            return None
        self._kind = ""
        if line[value.end() : value.end() + 1] in (b"[", b"{"):
            spans, self._depth, _ = json_values(line, value.end(), 0)
            self._kind = "json" if self._depth else ""
            return spans
        text = _PIECE.match(line, value.end())
        if text is None or text[0][:1] != b'"':
            return None
        start, end = text.start() + 1, text.end() - (len(text[0]) > 1 and text[0].endswith(b'"'))
        return [] if is_reference(line[start:end]) else [Span(start, end)]

    def _text_of_element(self, line: bytes) -> Optional[list[Span]]:
        end = line.find(b"]]>" if self._kind == "cdata" else b"<")
        if self._lines >= _NEAR:
            return None
        if end < 0:
            return _content(line, 0)
        self._kind = ""
        return _content(line[:end], 0) or None

    def _same_log(self, line: bytes) -> bool:
        # The prefixes of two log records differ in their time stamps alone.
        return bool(self._prefix) and line[23 : len(self._prefix)] == self._prefix[23:]


def _content(line: bytes, at: int) -> list[Span]:
    lead = _LEAD.match(line, at)
    start, end = lead.end() if lead else at, len(line.rstrip())
    return [Span(start, end)] if start < end else []
