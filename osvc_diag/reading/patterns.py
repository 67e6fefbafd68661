"""Patterns of paths below a folder, as in a shell: which files they choose, and which folders lead there."""

from __future__ import annotations

import itertools
import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_ANY_FOLDERS = "**"
_ANY_NAME = r"[^/.][^/]*"
_NOTHING = r"(?!)"


class Patterns(NamedTuple):
    """What several patterns come to; both match a whole path below the folder."""

    files: re.Pattern[str]
    folders: re.Pattern[str]
    """Folders to look into."""

    @classmethod
    def of(cls, patterns: tuple[str, ...]) -> Patterns:
        """Compile patterns; the last ones are kept, for a collector asks for the same of every object.

        `*` is any run of characters, `?` one, `[a-z]` and `[!a-z]` one of a class, none of them a slash; `**`
        is any number of folders, also none. A part that starts with a dot is only chosen by a pattern that
        does. Upper and lower case differ.

        Raises:
            ValueError: one is empty, absolute, or has an empty, `.` or `..` part.
        """
        return _compiled(patterns)


@lru_cache(maxsize=64)
def _compiled(patterns: tuple[str, ...]) -> Patterns:
    parts = [_parts(pattern) for pattern in patterns]
    folders = [part[:end] for part in parts for end in range(1, len(part))]
    return Patterns(_any_of(parts), _any_of(folders))


def _parts(pattern: str) -> list[str]:
    parts = pattern.split("/")
    if {"", ".", ".."} & set(parts) or parts[-1] == _ANY_FOLDERS:
        raise ValueError(f"{pattern!a} is no pattern of files below a folder")
    return parts


def _any_of(paths: list[list[str]]) -> re.Pattern[str]:
    groups = itertools.count()
    distinct = {tuple(parts): parts for parts in paths}.values()
    expressions = ["(?:{})".format("".join(_path(parts, groups))) for parts in distinct]
    try:
        return re.compile("|".join(expressions) or _NOTHING, re.DOTALL)
    except re.error as error:
        shown = " ".join("/".join(parts) for parts in paths)
        raise ValueError(f"one of the patterns {shown!a} holds a class that is none: {error.msg}") from error


def _path(parts: list[str], groups: Iterator[int]) -> Iterator[str]:
    last = len(parts) - 1
    for index, part in enumerate(parts):
        if part != _ANY_FOLDERS:
            yield _part(part, groups) + ("/" if index < last else "")
        elif index < last:
            yield f"(?:{_ANY_NAME}/)*"
        else:
            yield f"{_ANY_NAME}(?:/{_ANY_NAME})*"


def _part(part: str, groups: Iterator[int]) -> str:
    """Return the expression of one part; no name makes it backtrack.

    A run between two stars is taken where it first stands: what another place would allow, this one does.
    The group within a look-ahead keeps it from being tried again.
    """
    first, *runs = _runs(part)
    expression = first if part.startswith(".") else rf"(?!\.){first}"
    if not runs:
        return expression
    for run in filter(None, runs[:-1]):
        group = f"g{next(groups)}"
        expression += f"(?=(?P<{group}>[^/]*?{run}))(?P={group})"
    return f"{expression}[^/]*{runs[-1]}"


def _runs(part: str) -> list[str]:
    """Return the expressions of what stands between the stars."""
    runs = [""]
    at = 0
    while at < len(part):
        character = part[at]
        end = _end_of_class(part, at) if character == "[" else -1
        if end > 0:
            runs[-1] += _class(part[at + 1 : end])
            at = end
        elif character == "*":
            runs.append("")
        else:
            runs[-1] += "[^/]" if character == "?" else re.escape(character)
        at += 1
    return runs


def _end_of_class(part: str, start: int) -> int:
    """Find the bracket that closes a class, else -1; the first character in it may be one itself."""
    first = start + (2 if part.startswith("!", start + 1) else 1)
    return part.find("]", first + 1)


def _class(body: str) -> str:
    negated = body.startswith("!")
    members = re.sub(r"([\\\]\[^&~|])", r"\\\1", body[1:] if negated else body)
    return f"(?!/)[{'^' if negated else ''}{members}]"
