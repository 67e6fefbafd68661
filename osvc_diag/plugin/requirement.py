"""Whether a plugin's package wants another version of this program: not every way to install it asks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from collections.abc import Iterable

_WANTED = re.compile(r"\s*osvc[-_.]diag\s*\(?\s*(?P<clauses>[~=!<>][^;()\[\]]*)\)?\s*", re.IGNORECASE)
_CLAUSE = re.compile(
    r"(?P<operator>~=|==|!=|<=|>=|<|>)\s*(?P<release>\d{1,9}(?:\.\d{1,9}){0,9})(?P<any>\.\*)?"
)
_RELEASE = re.compile(r"\d{1,9}(?:\.\d{1,9}){0,9}")


def unmet(requirements: Iterable[str], version: str) -> Optional[str]:
    """Return what a package wants of this program and does not have; None where nothing is known to be wrong.

    Args:
        requirements: `Requires-Dist` of the package. Those under a condition, and clauses other than plain
            releases, are passed over: they refuse nothing.
        version: of this program.
    """
    own = _RELEASE.match(version)
    for text in requirements:
        wanted = _WANTED.fullmatch(text)
        if own is None or wanted is None:
            continue
        clauses = [clause.strip() for clause in wanted["clauses"].split(",")]
        if not all(_is_met(clause, _numbers(own[0])) for clause in clauses):
            return "osvc-diag " + ",".join(clauses)
    return None


def _is_met(clause: str, own: tuple[int, ...]) -> bool:
    match = _CLAUSE.fullmatch(clause)
    if match is None:
        return True
    operator, release = match["operator"], _numbers(match["release"])
    size = max(len(own), len(release))
    here, there = (numbers + (0,) * (size - len(numbers)) for numbers in (own, release))
    is_alike = here[: len(release)] == release if match["any"] else here == there
    if operator == "~=":
        return here >= there and here[: len(release) - 1] == release[:-1]
    return {
        "==": is_alike,
        "!=": not is_alike,
        "<=": here <= there,
        ">=": here >= there,
        "<": here < there,
        ">": here > there,
    }[operator]


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(map(int, release.split(".")))
