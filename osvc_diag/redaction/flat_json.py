"""Reads objects of JSON that hold nothing but texts, numbers and lists of texts."""

from __future__ import annotations

import json
from typing import Any, Optional


def flat(line: bytes) -> Optional[dict[str, Any]]:
    """Return the object that a line is; None where it is none, or one that holds others or a name twice."""
    try:
        value = json.loads(line, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    is_flat = isinstance(value, dict) and all(map(_is_flat, value.values()))
    return value if is_flat and "" not in value else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a name stands twice")
    return value


def _is_flat(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(one, str) for one in value)
    return value is None or isinstance(value, (str, int, float))


def raw(text: str) -> bytes:
    """Return the bytes that a text of JSON stands for."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # surrogates that stand for no byte
        return text.encode("utf-8", "replace")
