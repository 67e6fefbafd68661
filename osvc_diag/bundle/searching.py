"""Searches a bundle's members for secrets: small ones together, compressed ones inside, and their names."""

from __future__ import annotations

import bisect
import itertools
from typing import TYPE_CHECKING, Optional, Protocol

from osvc_diag.bundle.inflating import BombError, UninflatableError, compression, inflated, peeked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from osvc_diag.bundle.tar import Member

TOGETHER = 256 * 1024  # bytes of small members that are searched at once
APART = b"\n\x02\n"  # between them: nothing that is looked for goes over it
MOST_HITS = 20  # in one member
MOST_INFLATED = 1 << 36  # plain bytes of all compressed logs together, so that an archive of bombs ends
_LEFT = "something that looks like a secret is left"


class FoundHit(Protocol):
    """Where a search found a secret."""

    @property
    def rule(self) -> str:
        """The id of the rule that found it."""

    @property
    def offset(self) -> int:
        """Bytes from the start of what was searched."""


class Search(Protocol):
    """What searches plain bytes for secrets, independently of the redactor."""

    def search(self, blocks: Iterable[bytes]) -> Iterable[FoundHit]:
        """Yield a hit for each secret in the blocks, which are one text."""


class Report(Protocol):
    """What takes down a problem of a member."""

    def __call__(self, what: str, member: Optional[str] = None, hit: Optional[FoundHit] = None) -> None:
        """Take it down; a hit is told by its rule and its place alone."""


class MemberSearch:
    """One search through all members of a bundle."""

    def __init__(self, search: Search, report: Report) -> None:
        """Prepare.

        Args:
            search: what looks for secrets.
            report: is told what was found, and what could not be searched whole.
        """
        self._search = search
        self._report = report
        self._gathered: list[tuple[str, bytes]] = []
        self._gathered_bytes = 0
        self._inflatable = MOST_INFLATED
        self.disguised: set[str] = set()
        """Members that look compressed, but are not called so: they may be plain, too, or hide something."""

    def small(self, name: str, content: bytes) -> None:
        """Keep a small member until many are searched at once: what the first step costs, each would cost."""
        if compression(content) is not None:
            self.member(name, iter([content]))
            return
        self._gathered.append((name, content))
        self._gathered_bytes += len(content) + len(APART)
        if self._gathered_bytes >= TOGETHER:
            self.settle()

    def settle(self) -> None:
        """Search the small members that were kept; where something is found, each alone, to tell where."""
        gathered, self._gathered, self._gathered_bytes = self._gathered, [], 0
        if gathered and self._is_hit(APART.join(content for _, content in gathered)):
            for name, content in gathered:
                self.text(name, [content])

    def member(self, name: str, content: Iterator[bytes]) -> None:
        """Search a member, inside its compression where its name tells of one."""
        start, blocks = peeked(content)
        suffix = compression(start)
        if suffix is None:
            self.text(name, blocks)
        elif name.endswith(suffix):
            self._inside(name, blocks, suffix, failures=UninflatableError)
        else:
            self.disguised.add(name)
            self.text(name, blocks)

    def text(self, name: str, blocks: Iterable[bytes]) -> None:
        """Search a member as it is."""
        for hit in itertools.islice(self._search.search(blocks), MOST_HITS):
            self._report(_LEFT, name, hit)

    def again(self, member: Member) -> None:
        """Search one of the disguised as far as it inflates."""
        start, blocks = peeked(member.blocks())
        suffix = compression(start)
        assert suffix is not None
        self._inside(member.name, blocks, suffix, failures=BombError)

    def names(self, names: Sequence[str]) -> Iterator[tuple[int, FoundHit]]:
        """Yield which names, by their place, hold a secret."""
        raw = [name.encode("utf-8", "surrogateescape") + b"\n" for name in names]
        ends = list(itertools.accumulate(map(len, raw)))
        for hit in itertools.islice(self._search.search([b"".join(raw)]), MOST_HITS):
            yield bisect.bisect_right(ends, hit.offset), hit

    def is_clean(self, sentence: str) -> bool:
        """Tell whether a sentence can be shown that may quote from the bundle."""
        return not self._is_hit(sentence.encode("utf-8", "replace"))

    def _is_hit(self, text: bytes) -> bool:
        return any(True for _ in self._search.search([text]))

    def _inside(
        self, name: str, blocks: Iterable[bytes], suffix: str, *, failures: type[UninflatableError]
    ) -> None:
        """Search what is compressed; such failures to inflate it are reported, any other is its end."""

        def plain() -> Iterator[bytes]:
            # The text ends where inflating fails: what came before is searched all the same.
            try:
                for block in inflated(blocks, suffix, self._inflatable):
                    self._inflatable -= len(block)
                    yield block
            except failures as error:
                self._report(f"it {error}, so it was not searched whole", name)
            except UninflatableError:
                pass

        self.text(name, plain())
