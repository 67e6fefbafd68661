"""Looks at lines of JSON as text, as any reader of them would, verify among them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Protocol

from osvc_diag.json_line import json_line
from osvc_diag.redaction.flat_json import flat, raw
from osvc_diag.redaction.masker import Found

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from osvc_diag.redaction.finder import Finder


class Masker(Protocol):
    """Finds and masks secrets in one line of text."""

    def found(self, line: bytes) -> list[Found]:
        """Return the secrets of a line."""

    def mask(self, line: bytes, counts: Counter[str]) -> bytes:
        """Return a line with a token for every secret."""

    def replace(self, line: bytes, found: Iterable[Found], counts: Counter[str]) -> bytes:
        """Return a line with tokens in the place of what was found in it."""


class LineReader:
    """Looks at lines of JSON as text."""

    def __init__(self, finder: Finder, masker: Masker, counts: Counter[str]) -> None:
        self._finder = finder
        self._masker = masker
        self._counts = counts

    def read(self, lines: Sequence[bytes]) -> Iterator[bytes]:
        """Yield lines with what a rule for texts finds in them masked; those that are JSON stay JSON."""
        text = b"".join(lines)
        offsets = self._finder.find(text)
        at = index = 0
        for line in lines:
            at += len(line)
            is_named = index < len(offsets) and offsets[index] < at
            while index < len(offsets) and offsets[index] < at:
                index += 1
            yield self._read(line) if is_named else line

    def _read(self, line: bytes) -> bytes:
        content = line.rstrip(b"\n")
        found = self._masker.found(content)
        if not found:
            return line
        masked, counts = self._masked(content)
        value = flat(content)
        if value is not None:
            masked, counts = self._kept_apart(value, masked, counts, found[0].rule)
        self._counts.update(counts)
        return masked + line[len(content) :]

    def _kept_apart(
        self, value: dict[str, Any], masked: bytes, counts: Counter[str], rule: str
    ) -> tuple[bytes, Counter[str]]:
        """Return a line in which no secret goes on from one value into the next, as after the title of a key.

        The value that it begins in is masked as a whole.
        """
        for name, one in value.items():
            if _has_names(masked, value):
                break
            text = raw("\n".join(one) if isinstance(one, list) else str(one))
            if self._finder.find(text):
                whole = self._masker.replace(text, [Found(0, len(text), rule, b"")], self._counts)
                value[name] = whole.decode("ascii")
                masked, counts = self._masked(json_line(value).rstrip(b"\n"))
        return masked, counts

    def _masked(self, content: bytes) -> tuple[bytes, Counter[str]]:
        counts: Counter[str] = Counter()
        return self._masker.mask(content, counts), counts


def _has_names(line: bytes, value: dict[str, Any]) -> bool:
    """Tell whether a line is an object still, with the same names."""
    now = flat(line)
    return now is not None and list(now) == list(value)
