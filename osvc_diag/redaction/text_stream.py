"""Masks a text unit by unit, and remembers what goes over lines: a key, a value, a line without an end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional, Union

from osvc_diag.errors import RedactionError
from osvc_diag.redaction.long_line import LongLine
from osvc_diag.redaction.masker import Found
from osvc_diag.redaction.nested import RULE as ASSIGNMENT
from osvc_diag.redaction.nested import OpenValue

if TYPE_CHECKING:
    from collections import Counter

    from osvc_diag.redaction.finder import Finder
    from osvc_diag.redaction.masker import LineMasker
    from osvc_diag.redaction.pem import PrivateKeys
    from osvc_diag.redaction.stream import Unit


class TextStream:
    """Masks the units of one text, in their order."""

    def __init__(self, masker: LineMasker, finder: Finder, keys: PrivateKeys, counts: Counter[str]) -> None:
        """Begin a text.

        Args:
            masker: masks its lines.
            finder: names the lines to be masked.
            keys: masks private keys, which stand over several lines.
            counts: of what each rule masked; grows.
        """
        self._masker = masker
        self._finder = finder
        self._keys = keys
        self._counts = counts
        self._kept: list[int] = []  # offsets in what is kept back
        self._open = OpenValue()
        self._long: Optional[LongLine] = None

    def next(self, unit: Unit, offsets: Optional[list[int]] = None) -> bytes:
        """Return what may leave of the next unit, and of what was kept back before.

        Args:
            unit: of the stream.
            offsets: what the finder found in it, where it was asked already.

        Raises:
            RedactionError: it cannot be redacted, and must be withheld as a whole.
        """
        if not unit.long_line:
            return self._block(unit.data, offsets, last=False)
        before = b""
        if self._long is None:
            before = self.end()
            self._long = LongLine(self._masker, self._finder, self._counts)
            if self._open.active:
                raise RedactionError("a line of a secret is too long to be masked")
        masked = self._long.feed(unit.data, last=unit.ends_line)
        if unit.ends_line:
            self._long = None
        return before + masked

    def lines(self, text: bytes, *, keep_tail: bool) -> bytes:
        """Return whole lines, and before them what was kept back; or keep some back.

        Args:
            text: whole lines of fair length.
            keep_tail: whether an end of a key may follow, so that what may be its body has to wait.
        """
        return self._block(text, None, last=not keep_tail)

    def end(self) -> bytes:
        """Return what was kept back, when nothing follows."""
        return self._block(b"", [], last=True)

    def _block(self, data: bytes, offsets: Optional[list[int]], *, last: bool) -> bytes:
        block = self._keys.take(data)
        if not block:
            return block
        if offsets is None:
            offsets = self._finder.find(block)
        else:
            kept = len(block) - len(data)
            offsets = [*self._kept, *(kept + offset for offset in offsets)] if kept else offsets
        if self._keys.open or self._keys.may_follow(block, offsets):
            masked = self._keys.mask(block, self._counts)
            if masked != block:
                block, offsets = masked, self._finder.find(masked)
        if not last:
            block = self._keys.keep_tail(block)
            self._kept = [offset - len(block) for offset in offsets if offset >= len(block)]
        return self._lines(block, offsets)

    def _lines(self, block: bytes, offsets: list[int]) -> bytes:
        """Return whole lines with every line masked that an engine names or a line before it opened."""
        pieces: list[Union[bytes, memoryview]] = []
        view = memoryview(block)  # whose slices are no copies
        index = last = at = 0
        while at < len(block):
            start = at
            if not self._open.active:
                while index < len(offsets) and offsets[index] < at:
                    index += 1
                if index == len(offsets) or offsets[index] >= len(block):
                    break
                start = block.rfind(b"\n", at, offsets[index]) + 1 or at
            end = block.find(b"\n", start)
            end = len(block) if end < 0 else end
            at = end + 1
            if block[end - 1 : end] == b"\r" and end > start:
                end -= 1
            line = block[start:end]
            masked = self._line(line)
            if masked != line:
                pieces += (view[last:start], masked)
                last = end
        return b"".join((*pieces, view[last:])) if pieces else block

    def _line(self, line: bytes) -> bytes:
        if self._open.active:
            spans = self._open.inside(line)
            if spans is not None:
                found = [
                    Found(span.start, span.end, ASSIGNMENT, line[span.start : span.end], span.quotes)
                    for span in spans
                ]
                return self._masker.mask(self._masker.replace(line, found, self._counts), self._counts)
        masked = self._masker.mask(line, self._counts)
        self._open.after(line)
        return masked
