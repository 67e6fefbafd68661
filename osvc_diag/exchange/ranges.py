"""Which bytes of a bundle the exchange has acknowledged: half-open ranges, merged as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Ranges:
    """A set of bytes, kept as sorted, disjoint, non-adjacent `[start, end)` pairs.

    There are only a few at any time: chunks go out in order, four in flight.
    """

    def __init__(self, pairs: Iterable[tuple[int, int]] = ()) -> None:
        """Begin with some ranges, in any order."""
        self._pairs: list[tuple[int, int]] = []
        for start, end in pairs:
            self.add(start, end)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(tuple(self._pairs))

    @property
    def total(self) -> int:
        """How many bytes are in it. Not `__len__`: tuple() would make room for as many items."""
        return sum(end - start for start, end in self._pairs)

    def add(self, start: int, end: int) -> None:
        """Put `[start, end)` in; an empty range adds nothing."""
        if start >= end:
            return
        first = 0
        while first < len(self._pairs) and self._pairs[first][1] < start:
            first += 1
        last = first
        while last < len(self._pairs) and self._pairs[last][0] <= end:
            start = min(start, self._pairs[last][0])
            end = max(end, self._pairs[last][1])
            last += 1
        self._pairs[first:last] = [(start, end)]

    def missing(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return the ranges of `[start, end)` that are not in it, in order."""
        gaps = []
        for have_start, have_end in self._pairs:
            if have_end <= start:
                continue
            if have_start >= end:
                break
            if have_start > start:
                gaps.append((start, have_start))
            start = have_end
        if start < end:
            gaps.append((start, end))
        return gaps
