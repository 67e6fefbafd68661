"""Ranges behave as the set of bytes they stand for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from osvc_diag.exchange.ranges import Ranges

PAIRS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=20)


def as_set(pairs) -> set[int]:
    return {number for start, end in pairs for number in range(start, end)}


@given(PAIRS)
def test_ranges_are_the_union_of_what_was_added(pairs) -> None:
    ranges = Ranges(pairs)
    assert as_set(ranges) == as_set(pairs)
    assert ranges.total == len(as_set(pairs))


@given(PAIRS)
def test_ranges_are_sorted_and_do_not_touch(pairs) -> None:
    kept = list(Ranges(pairs))
    assert all(start < end for start, end in kept)
    assert all(left[1] < right[0] for left, right in zip(kept, kept[1:]))


@given(PAIRS, st.integers(0, 40), st.integers(0, 40))
def test_what_is_missing_is_the_complement(pairs, start, end) -> None:
    missing = Ranges(pairs).missing(start, end)
    assert as_set(missing) == set(range(start, end)) - as_set(pairs)
