"""Masks a line that is too long to be held whole, in windows that overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osvc_diag.errors import RedactionError
from osvc_diag.redaction.masker import blanked, token_spans

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable

    from osvc_diag.redaction.finder import Finder
    from osvc_diag.redaction.masker import Found, LineMasker

WINDOW = 256 * 1024  # bytes masked at a time
CONTEXT = 64 * 1024  # bytes seen before and after; a secret that is longer, in a line as long, is withheld
_REACH = 4 * 1024  # bytes from any of an anchor to where an engine names it, and more


class LongLine:
    """One line, fed in pieces; where the windows lie depends on the line alone."""

    def __init__(self, masker: LineMasker, finder: Finder, counts: Counter[str]) -> None:
        self._masker = masker
        self._finder = finder
        self._counts = counts
        self._seen = b""
        self._done = 0  # bytes at the beginning of `_seen` that were given out already

    def feed(self, data: bytes, *, last: bool) -> bytes:
        """Return the masked beginning of what was not given out yet; all of it at the last piece.

        Raises:
            RedactionError: a secret is so long that it is not seen whole.
        """
        self._seen += data
        out = []
        while len(self._seen) - self._done > WINDOW + CONTEXT:
            out.append(self._next(self._seen[: self._done + WINDOW + CONTEXT], is_end=False))
        if last:
            out.append(self._next(self._seen, is_end=True))
        return b"".join(out)

    def _next(self, window: bytes, *, is_end: bool) -> bytes:
        offsets = self._finder.find(window)
        found = self._masker.found(window, self._around(offsets)) if offsets else []
        cut = len(window) if is_end else self._cut(window, found)
        piece = window[self._done : cut]
        inside = [
            one._replace(start=max(one.start, self._done) - self._done, end=one.end - self._done)
            for one in found
            if one.end > self._done and one.start < cut
        ]
        keep = min(CONTEXT, cut)
        self._seen, self._done = self._seen[cut - keep :], keep
        if not inside:
            return piece
        masked = self._masker.replace(piece, inside, self._counts)
        # Blanked, for so the rules see it: an anchor may go over what stands for a secret.
        visible = blanked(masked, token_spans(masked))
        return self._masker.mask(masked, self._counts, self._around(self._finder.find(visible)))

    def _cut(self, window: bytes, found: list[Found]) -> int:
        cut = len(window) - CONTEXT
        for one in found:
            if one.start < cut < one.end:
                cut = one.end if one.end < len(window) else one.start
                break
        if cut <= self._done:
            raise RedactionError(f"a secret of more than {CONTEXT} bytes in a line of more than {WINDOW}")
        return cut

    def _around(self, offsets: Iterable[int]) -> list[slice]:
        """Return the parts of a text, apart from each other, in which all stands that an engine named."""
        reach = _REACH + self._masker.longest
        parts: list[slice] = []
        for offset in offsets:
            start = max(0, offset - reach)
            if parts and start <= parts[-1].stop:
                start = parts.pop().start
            parts.append(slice(start, offset + reach))
        return parts
