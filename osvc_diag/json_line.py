"""Spells a value as one line of JSON, which is one line to every reader."""

from __future__ import annotations

import json

# What json leaves as it is, and some readers take for a line's end.
_LINE_ENDS = {ord(char): f"\\u{ord(char):04x}" for char in "\x7f\x85\u2028\u2029"}


def json_line(value: object) -> bytes:
    """Return JSON in UTF-8, with a line end; where something in it is not UTF-8, all is ASCII."""
    try:
        return json.dumps(value, ensure_ascii=False).translate(_LINE_ENDS).encode("utf-8") + b"\n"
    except UnicodeEncodeError:
        return json.dumps(value).encode("ascii") + b"\n"
