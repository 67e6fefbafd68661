"""One thing to take out: what it is, how it is found, what must and must not be masked."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable, NamedTuple, Optional

from osvc_diag.redaction import values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_ESCAPE = re.compile(rb"\\.|\(\?P?[<!=]?\w*")


class Span(NamedTuple):
    """A secret in a line: from `start` to `end`, bytes."""

    start: int
    end: int
    quotes: bool = False
    """The token needs quotes, for what stands here is a bare JSON number."""


@dataclass(frozen=True)
class Anchor:
    """What a line must hold before a rule is tried on it; it makes finding fast.

    A regular expression that begins with literal bytes, without lookaround, backreference or line anchor:
    every engine must understand it, and find it in any place of a line.
    """

    pattern: bytes
    caseless: bool = True

    @functools.cached_property
    def compiled(self) -> re.Pattern[bytes]:
        """The anchor for `re`; a caseless one is for text in lower case."""
        return re.compile(self.pattern)


@dataclass(frozen=True)
class Rule:
    """A kind of secret that is known by its form; rules add up, and none can be removed.

    Examples are texts in which `«` and `»` enclose what must be masked.
    """

    id: str
    """Lower-case letters, digits and dashes; it stands in every token."""
    purpose: str
    """What it finds, in a few words for `redact --rules`."""
    anchors: tuple[Anchor, ...]
    masked: tuple[str, ...]
    """Examples of what must be masked."""
    kept: tuple[str, ...]
    """Look-alikes that must be kept."""
    pattern: bytes = b""
    """A regular expression on one line, whose group `secret` is the secret. It must take linear time."""
    find: Optional[Callable[[bytes], Iterable[Span]]] = field(default=None, repr=False)
    """In the place of a pattern: returns the secrets of a line."""
    keep: Callable[[bytes], bool] = field(default=values.is_reference, repr=False)
    """Whether a value that the pattern found is no secret."""
    group: Optional[Callable[[bytes], bytes]] = field(default=None, repr=False)
    """What a value shares with its neighbours, as an address its subnet; their tokens begin alike."""
    certain: bool = False
    """A hit is a secret beyond doubt: verify looks for it in the finished bundle."""

    def __post_init__(self) -> None:
        if not isinstance(self.id, str) or not _ID.fullmatch(self.id):
            raise ValueError(f"rule id {self.id!r}: lower-case letters, digits and dashes are allowed")
        self._check_types()
        if not self.anchors:
            raise ValueError(f"rule {self.id}: at least one anchor is needed")
        if bool(self.pattern) == bool(self.find):
            raise ValueError(f"rule {self.id}: either a pattern or a find function is needed")

    def check(self) -> None:
        """Try out whether its patterns can be used; not done for shipped rules, whose tests do.

        Raises:
            ValueError: one of them cannot.
        """
        for anchor in self.anchors:
            literals = _ESCAPE.sub(b"", anchor.pattern)
            if anchor.caseless and literals != literals.lower():
                raise ValueError(f"rule {self.id}: a caseless anchor is written in lower case")
        try:
            anchors = [anchor.compiled for anchor in self.anchors]
            has_group = not self.pattern or "secret" in _compiled(self.pattern).groupindex
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(f"rule {self.id}: no regular expression: {error}") from None
        if not has_group:
            raise ValueError(f"rule {self.id}: its pattern has no group called secret")
        if any(anchor.search(b"") for anchor in anchors):
            raise ValueError(f"rule {self.id}: an anchor is found everywhere")
        if any(anchor.groups for anchor in anchors):
            # Anchors are joined to one pattern, where a group would get another's number.
            raise ValueError(f"rule {self.id}: an anchor groups by (?:...) alone")

    def _check_types(self) -> None:
        """Tell an author who mistook one for another what to write; `re` and the rooms behind would not."""
        if not isinstance(self.pattern, bytes):
            raise TypeError(f"rule {self.id}: pattern is a {type(self.pattern).__name__}: write rb'...'")
        for name, kind, example in (
            ("anchors", Anchor, "(Anchor(rb'...'),)"),
            ("masked", str, "('text with «secret»',)"),
            ("kept", str, "('text',)"),
        ):
            items = getattr(self, name)
            if not isinstance(items, (tuple, list)) or not all(isinstance(item, kind) for item in items):
                raise TypeError(f"rule {self.id}: {name} is a tuple: write {example}")
        for anchor in self.anchors:
            if not isinstance(anchor.pattern, bytes):
                raise TypeError(f"rule {self.id}: an anchor is no text: write Anchor(rb'...')")

    def spans(self, line: bytes) -> Iterator[Span]:
        """Yield the secrets of a line."""
        if self.find is not None:
            yield from self.find(line)
            return
        for match in _compiled(self.pattern).finditer(line):
            start, end = match.span("secret")
            if start < end and not self.keep(line[start:end]):
                yield Span(start, end)


@functools.cache
def _compiled(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern)
