"""Shell patterns over short texts, in time that no pattern can make explode."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Optional, Union

_WILDCARDS = frozenset("*?[")


class _Star:
    """Any run of characters, also none."""


_STAR = _Star()
_One = Callable[[str], bool]
_Token = Union[_Star, _One]


def is_glob(text: str) -> bool:
    """Tell whether a text is a pattern and not a plain word."""
    return not _WILDCARDS.isdisjoint(text)


def compile_glob(pattern: str) -> Callable[[str], bool]:
    """Make a matcher of whole texts: `*`, `?`, `[ab]`, `[a-z]`, `[!x]`; upper and lower case differ.

    The matcher takes at most as many steps as the product of the two lengths, whatever they hold.
    """
    if not is_glob(pattern):
        return pattern.__eq__
    if pattern.strip("*") == "":
        return _anything
    tokens = _tokens(pattern)
    return lambda text: _matches(tokens, text)


def _anything(_text: str) -> bool:
    return True


def _tokens(pattern: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    while position < len(pattern):
        character = pattern[position]
        position += 1
        if character == "*":
            if not tokens or tokens[-1] is not _STAR:
                tokens.append(_STAR)
        elif character == "?":
            tokens.append(_anything)
        elif character == "[" and (end := _end_of_class(pattern, position)) is not None:
            tokens.append(_class(pattern[position:end]))
            position = end + 1
        else:
            tokens.append(character.__eq__)
    return tokens


def _end_of_class(pattern: str, start: int) -> Optional[int]:
    """Find the bracket that closes a class; the first character after `[` or `[!` may be one itself."""
    first = start + 1 if pattern.startswith("!", start) else start
    end = pattern.find("]", first + 1)
    return end if end >= 0 else None


def _class(body: str) -> _One:
    negated = body.startswith("!")
    body = body[1:] if negated else body
    singles: set[str] = set()
    ranges: list[tuple[str, str]] = []
    position = 0
    while position < len(body):
        if body[position + 1 : position + 2] == "-" and position + 2 < len(body):
            ranges.append((body[position], body[position + 2]))
            position += 3
        else:
            singles.add(body[position])
            position += 1
    return lambda c: (c in singles or any(low <= c <= high for low, high in ranges)) is not negated


def _matches(tokens: Sequence[_Token], text: str) -> bool:
    """Walk along both; on a mismatch only the last star takes one character more."""
    token = position = 0
    star: Optional[int] = None
    resume = 0
    while position < len(text):
        current = tokens[token] if token < len(tokens) else None
        if isinstance(current, _Star):
            star, resume = token, position
            token += 1
        elif current is not None and current(text[position]):
            token += 1
            position += 1
        elif star is not None:
            resume += 1
            token, position = star + 1, resume
        else:
            return False
    return all(left is _STAR for left in tokens[token:])
