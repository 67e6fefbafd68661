from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING, Optional

import pytest

from osvc_diag.redaction.sharing import looked_at

if TYPE_CHECKING:
    from collections.abc import Iterator


class Alone:
    """Finds where an `x` stands, without helpers."""

    helpers = 0

    def find(self, block: bytes) -> list[int]:
        return [block.index(b"x")]

    def ask(self, _block: bytes) -> Optional[object]:
        raise AssertionError


class Item:
    def __init__(self, block: bytes) -> None:
        self.block = block


@pytest.fixture
def no_collection() -> Iterator[None]:
    """Have nothing freed but what is not referred to any more."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collection")
def test_of_a_text_that_is_through_nothing_is_kept() -> None:
    kept: list[weakref.ref[Item]] = []

    def items() -> Iterator[Item]:
        for number in range(3):
            item = Item(b"." * number + b"x")
            kept.append(weakref.ref(item))
            yield item
            del item

    assert [offsets for _, offsets in looked_at(items(), lambda item: item.block, Alone())] == [[0], [1], [2]]
    assert [item() for item in kept] == [None, None, None]


def test_what_a_source_raises_comes_after_all_that_came_before() -> None:
    def items() -> Iterator[Item]:
        yield Item(b"x")
        yield Item(b".x")
        raise OSError("no more")

    source = looked_at(items(), lambda item: item.block, Alone())
    assert [next(source)[1], next(source)[1]] == [[0], [1]]
    with pytest.raises(OSError, match="no more"):
        next(source)
