"""Shares out what is looked for among few patterns, each of which libpcre2 rules out 16 bytes at a time.

Its compiler to machine code does so where a pattern begins with one of two bytes, or where one of two stands
at a fixed distance after one of two others (`pcre2_jit_compile.c`, `fast_forward_first_n_chars`, 10.32 to
10.47). Anything else it tries byte by byte. Lookaround does not count: what is looked at after these bytes
does not change by which of them the text is gone through.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from osvc_diag.redaction.literals import LOOKED_AT, RANKS, WINDOW, escaped, is_rare
from osvc_diag.redaction.planning import MAX_SINGLES, beginning
from osvc_diag.redaction.rule import Anchor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MOST = 1000  # things in a pattern: one of 64 KiB or more is not compiled
FARTHEST = 8  # bytes from the first to the second byte of a pivot that is made up
_PATTERN = 50  # microseconds a MB for a pattern that stops nowhere
_STOP = 20  # microseconds for a thousand places where it stops
# Rare bytes but for those of which the agent's logs have more than 5,000 in a MB.
_RARE = frozenset(filter(is_rare, range(256))) - frozenset(b"#BDGUkvy")
_LETTERS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
# The anchor of an option whose name holds one of some words.
_OPTION = re.compile(
    rb"--(?P<before>\[[^\]]+\])\{0,(?P<most>\d+)\}\(\?:(?P<words>[a-z|]+)\)(?P<rest>.*)", re.DOTALL
)


class Pivot(NamedTuple):
    """By which bytes a pattern is looked for: one of `first`, and `apart` bytes later one of `second`."""

    first: bytes
    second: bytes = b""
    """Empty where the first byte is enough; no byte stands in both."""
    apart: int = 0

    @property
    def pattern(self) -> bytes:
        """A pattern that matches these bytes and those between them."""
        between = b"(?s:.)" * (self.apart - 1)
        return _one_of(self.first) + between + (_one_of(self.second) if self.second else b"")


def _pivot(spelled: str) -> Pivot:
    """Read `aA . bB`: an `a`, whatever byte, a `b`, each in both cases."""
    first, *others = spelled.encode("ascii").split()
    return Pivot(first, b"".join(others[-1:]), len(others))


# Those that many of the shipped anchors share or that seldom stand in logs, and in how many thousands of
# places of a MB they do. Counted in the agent's logs, real and generated.
_SHARED = {
    _pivot(spelled): thousands
    for spelled, thousands in {
        "pP": 10, "kK": 6, "sS eE": 4, "cC rR": 0, "cC lL": 0, "lL uU": 0, "oO kK": 0, "iI eE": 0, "gh lv": 0,
        "- uU": 0, "xX": 1, ":< /": 0, "uU . hH": 0, "jJ . tT": 0, "nN . . yY": 0, "bB . . . . rR": 0,
    }.items()
}  # fmt: skip


class _Sought(NamedTuple):
    """An anchor or a literal: the bytes that it begins with, and a pattern of what follows."""

    text: bytes
    rest: bytes = b""
    caseless: bool = False

    def cases(self, at: int) -> bytes:
        """Return the bytes that may stand at a place of the text, one or two."""
        byte = self.text[at : at + 1]
        return byte if not self.caseless or byte.lower() == byte.upper() else byte.lower() + byte.upper()

    def end_of(self, pivot: Pivot) -> int:
        """Return where a pivot ends in the text; 0 where it does not stand in it."""
        first, second, apart = pivot
        for at in range(len(self.text) - apart):
            # Stripped of all that may stand there, nothing is left.
            if not self.cases(at).strip(first) and not (second and self.cases(at + apart).strip(second)):
                return at + apart + 1
        return 0

    def near(self, pivot: Pivot) -> _Sought:
        """Return it with no more bytes around a pivot than tell it from most texts."""
        end = self.end_of(pivot)
        start = max(0, min(end - 1 - pivot.apart, len(self.text) - LOOKED_AT))
        return self._replace(text=self.text[start : max(end, start + LOOKED_AT)])

    @property
    def rare_bytes(self) -> set[Pivot]:
        """Its bytes that are rare and have no other case."""
        rare = {*self.text} & (_RARE - _LETTERS if self.caseless else _RARE)
        return {Pivot(b"%c" % byte) for byte in rare}

    @property
    def rarest_pair(self) -> Pivot:
        """Two of its bytes that make a pivot; its first byte where no two do."""
        pairs = [
            (RANKS[self.text[at]] + RANKS[self.text[at + apart]], apart, at)
            for apart in range(1, FARTHEST)
            for at in range(len(self.text) - apart)
            if self.cases(at) != self.cases(at + apart)
        ]
        if not pairs:
            return Pivot(self.cases(0))
        _, apart, at = min(pairs)
        return Pivot(self.cases(at), self.cases(at + apart), apart)


def patterns(anchors: Iterable[Anchor], literals: Iterable[bytes]) -> list[bytes]:
    """Return patterns that find a place in every line that holds an anchor or a literal."""
    begun, strange = [], []
    for anchor in itertools.chain.from_iterable(map(_turned, anchors)):
        tokens = beginning(anchor.pattern)
        if tokens:
            text = b"".join(token[-1:] for token in tokens)
            begun.append(_Sought(text, anchor.pattern[len(b"".join(tokens)) :], anchor.caseless))
        else:
            strange.append(b"(?i:%s)" % anchor.pattern if anchor.caseless else anchor.pattern)
    distinct, plain = _parted(literals)
    groups: dict[Pivot, list[_Sought]] = {}
    for one, pivot in _shared_out(begun, distinct):
        groups.setdefault(pivot, []).append(one)
    found = [
        _begun_with(pivot, group[at : at + MOST])
        for pivot, group in sorted(groups.items())
        for at in range(0, len(group), MOST)
    ]
    return found + strange + [_tree(plain)] * bool(plain)


def _parted(literals: Iterable[bytes]) -> tuple[list[_Sought], set[bytes]]:
    """Part literals from those without a rare byte, where these are so many that they cost less together."""
    sought = [_Sought(_in_a_line(literal)) for literal in literals]
    plain = [one for one in sought if not one.rare_bytes]
    if len(plain) <= MAX_SINGLES:
        return sought, set()
    return [one for one in sought if one.rare_bytes], {one.text[:LOOKED_AT] for one in plain}


def _tree(texts: Iterable[bytes]) -> bytes:
    """Return a pattern for texts of some bytes each, of which the first two rule out most."""
    by_start: dict[bytes, dict[bytes, list[bytes]]] = {}
    for text in sorted(texts):
        by_start.setdefault(text[:1], {}).setdefault(text[1:2], []).append(escaped(text[2:]))
    return b"|".join(
        escaped(first)
        + b"(?:%s)" % b"|".join(escaped(byte) + b"(?:%s)" % b"|".join(rest) for byte, rest in seconds.items())
        for first, seconds in by_start.items()
    )


def _in_a_line(literal: bytes) -> bytes:
    first = literal.partition(b"\n")[0]
    return first if len(first) >= WINDOW else literal


def _turned(anchor: Anchor) -> Iterator[Anchor]:
    """Begin an option's anchor with each of its words: two dashes are no pivot, for they are equal."""
    option = _OPTION.fullmatch(anchor.pattern)
    if not option:
        yield anchor
        return
    for word in option["words"].split(b"|"):
        dashes = (
            b"(?<=--%s{%d}%s)" % (option["before"], far, word) for far in range(int(option["most"]) + 1)
        )
        yield Anchor(b"%s(?:%s)%s" % (word, b"|".join(dashes), option["rest"]), anchor.caseless)


def _shared_out(anchors: Sequence[_Sought], literals: Sequence[_Sought]) -> Iterator[tuple[_Sought, Pivot]]:
    """Yield everything with the pivot by which it is looked for."""
    choices = [{*filter(one.end_of, _SHARED), *one.rare_bytes} for one in anchors]
    choices += [one.rare_bytes for one in literals]
    chosen = _cover(choices)
    single = [pivot.first for pivot in chosen if pivot not in _SHARED]
    by_twos = {Pivot(byte): Pivot(b"".join(single[at // 2 * 2 :][:2])) for at, byte in enumerate(single)}
    for number, (one, pivots) in enumerate(zip((*anchors, *literals), choices)):
        pivot = next(filter(pivots.__contains__, chosen), None) or one.rarest_pair
        yield (one if number < len(anchors) else one.near(pivot)), by_twos.get(pivot, pivot)


def _cover(choices: Iterable[set[Pivot]]) -> list[Pivot]:
    """Choose few and rare pivots, of each choice one at least; the cheapest first."""
    chosen: list[Pivot] = []
    all_choices = list(filter(None, choices))
    left = all_choices
    while left:
        popular = Counter(pivot for choice in left for pivot in choice)
        chosen.append(max(popular, key=lambda pivot: (popular[pivot] / _cost(pivot), pivot)))
        left = [choice for choice in left if chosen[-1] not in choice]
    for pivot in sorted(chosen, key=_cost):
        others = {*chosen} - {pivot}
        if all(choice & others for choice in all_choices):
            chosen.remove(pivot)
    return sorted(chosen, key=lambda pivot: (_cost(pivot), pivot))


def _cost(pivot: Pivot) -> float:
    """Return microseconds that it takes to look for a pivot in a MB."""
    if pivot in _SHARED:
        return _PATTERN + _STOP * _SHARED[pivot]
    return _PATTERN / 2 + RANKS[pivot.first[0]] / 4  # another byte shares the pattern


def _begun_with(pivot: Pivot, group: Iterable[_Sought]) -> bytes:
    """Return a pattern for a pivot and what may stand around it: the next byte rules out most."""
    alike: dict[tuple[bool, bytes], set[bytes]] = {}
    for one in group:
        after = one.text[one.end_of(pivot) :]
        around = escaped(after[1:]) + b"(?<=%s)" % escaped(one.text) + one.rest
        alike.setdefault((one.caseless, after[:1]), set()).add(around)
    alternatives = (
        (b"(?i:%s(?:%s))" if caseless else b"%s(?:%s)") % (escaped(byte), b"|".join(sorted(around)))
        for (caseless, byte), around in sorted(alike.items())
    )
    return pivot.pattern + b"(?=%s)" % b"|".join(alternatives)


def _one_of(choice: bytes) -> bytes:
    return escaped(choice) if len(choice) == 1 else b"[%s]" % escaped(choice)
