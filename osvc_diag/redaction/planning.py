"""Shares out what is looked for by how `re` finds it fastest: by rare bytes, few in all."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, Optional

from osvc_diag.redaction.literals import LOOKED_AT, RANKS, any_of, escaped, is_rare, rare_start
from osvc_diag.redaction.rule import Anchor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

MAX_SINGLES = 24  # literals without a rare byte that are looked for one by one; more cost less together

TOKENS = re.compile(rb"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[()|]", re.DOTALL)
_ALIKE = 2  # bytes with which anchors begin that are looked for together
# Pairs of bytes that many shipped anchors share, the best first: most are seldom in the agent's logs.
_PAIRS = (b"cr", b"cl", b"mp", b"lu", b"ot", b"au", b"pa", b"ap", b"be", b"se")
_BYTE = re.compile(rb"(?:[A-Za-z0-9_<&@%=;:/\"~ -]|\\[^A-Za-z0-9])(?![?*{+|])")


class Plan(NamedTuple):
    """What an engine looks for, as it was given, and shared out."""

    anchors: tuple[Anchor, ...]
    literals: tuple[bytes, ...]
    rare: Mapping[bytes, frozenset[bytes]]
    """What has a rare byte: by that byte, patterns of what follows it, and of what must stand before."""
    singles: tuple[Anchor, ...]
    """The rest, to be found one by one."""

    @property
    def together(self) -> bytes:
        """One pattern for all that has a rare byte; empty where nothing has."""
        return any_of(self.rare)


def plan(anchors: Iterable[Anchor], literals: Iterable[bytes]) -> Plan:
    """Share out anchors and literals by how they are found fastest."""
    anchors, literals = tuple(dict.fromkeys(anchors)), tuple(literals)
    rare: dict[bytes, set[bytes]] = {}
    beginnings = {anchor: beginning(anchor.pattern) for anchor in anchors}
    paired = {anchor: one for anchor, tokens in beginnings.items() if (one := _paired(anchor, tokens))}
    singles = list(paired.values())
    beginnings = {anchor: tokens for anchor, tokens in beginnings.items() if anchor not in paired}
    popular = Counter(byte for tokens in beginnings.values() for byte in _rare_bytes(tokens))
    for anchor, tokens in beginnings.items():
        offered = _rare_bytes(tokens)
        if not offered:
            singles.append(anchor)
            continue
        byte = max(offered, key=lambda byte: (popular[byte], -RANKS[byte], byte))
        for first, rest in _begun_with(anchor, tokens, offered[byte]):
            rare.setdefault(first, set()).add(rest)
    plain = []
    ranks = _preferring(rare)
    for literal in literals:
        start = rare_start(literal, ranks)
        if start < 0:
            plain.append(literal)
        else:
            rare.setdefault(literal[start : start + 1], set()).add(
                escaped(literal[start + 1 : start + LOOKED_AT])
            )
    if len(plain) > MAX_SINGLES:
        for literal in plain:
            rare.setdefault(literal[:1], set()).add(escaped(literal[1:LOOKED_AT]))
    else:
        singles += [Anchor(escaped(literal), caseless=False) for literal in plain]
    return Plan(
        anchors, literals, {byte: frozenset(rare[byte]) for byte in sorted(rare)}, tuple(_merged(singles))
    )


def beginning(pattern: bytes) -> list[bytes]:
    """Return the literal bytes that a pattern begins with, as they are spelled in it."""
    if is_choice(pattern):
        return []
    found, at = [], 0
    while match := _BYTE.match(pattern, at):
        found.append(match[0])
        at = match.end()
    return found


def is_choice(pattern: bytes) -> bool:
    """Return whether a pattern has alternatives as a whole, so that its matches begin differently."""
    depth = 0
    for token in TOKENS.findall(pattern):
        depth += (token == b"(") - (token == b")")
        if token == b"|" and not depth:
            return True
    return False


def _rare_bytes(tokens: Sequence[bytes]) -> dict[int, int]:
    """Return the rare bytes at the beginning of a pattern, in lower case, and where they stand."""
    return {
        token[-1:].lower()[0]: at for at, token in reversed(list(enumerate(tokens))) if is_rare(token[-1])
    }


def _paired(anchor: Anchor, tokens: Sequence[bytes]) -> Optional[Anchor]:
    """Return an anchor that begins with a shared pair of bytes; None where none stands at its beginning."""
    if not anchor.caseless:
        return None  # it is looked for in another text
    pairs = list(map(bytes.__add__, tokens, tokens[1:]))
    pair = next(filter(pairs.__contains__, _PAIRS), None)
    if pair is None:
        return None
    return Anchor(pair + _begun_at(anchor.pattern, tokens, pairs.index(pair), _ALIKE))


def _begun_with(anchor: Anchor, tokens: Sequence[bytes], at: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield a byte of an anchor's beginning, in each case that counts, and a pattern of what is around it."""
    first, rest = tokens[at][-1:], _begun_at(anchor.pattern, tokens, at)
    for case in {first.lower(), first.upper()} if anchor.caseless else {first}:
        yield case, b"(?i:%s)" % rest if anchor.caseless else rest


def _begun_at(pattern: bytes, tokens: Sequence[bytes], at: int, size: int = 1) -> bytes:
    """Return what must follow some bytes of a pattern's beginning, and stand before them."""
    begin = b"".join(tokens)
    behind = b"(?<=%s)" % begin if at else b""
    return b"".join(tokens[at + size :]) + behind + pattern[len(begin) :]


def _preferring(bytes_in_use: Iterable[bytes]) -> bytes:
    """Return ranks by which a rare byte that is looked for already comes before any other."""
    ranks = bytearray(RANKS)
    for byte in range(256):
        if is_rare(byte):
            ranks[byte] = RANKS[byte] // 2 + 64
    for one in bytes_in_use:
        if is_rare(one[0]):
            ranks[one[0]] -= 64
    return bytes(ranks)


def _merged(anchors: Iterable[Anchor]) -> Iterator[Anchor]:
    """Make one anchor of those that begin alike."""
    groups: dict[Anchor, list[bytes]] = {}
    for anchor in anchors:
        size = sum(map(len, beginning(anchor.pattern)[:_ALIKE]))
        prefix = anchor.pattern[:size] or anchor.pattern
        groups.setdefault(Anchor(prefix, anchor.caseless), []).append(anchor.pattern[len(prefix) :])
    for start, rests in groups.items():
        rest = rests[0] if len(rests) == 1 else b"(?:" + b"|".join(rests) + b")"
        yield Anchor(start.pattern + rest, start.caseless)
