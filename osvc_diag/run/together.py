"""Takes small files many at a time: what would be done for each is done once for all, where it can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional, Union

from osvc_diag.bundle.headers import MemberNameError
from osvc_diag.bundle.writer import SmallMember
from osvc_diag.gap import State
from osvc_diag.redaction.redactor import SmallText
from osvc_diag.run.diagnosis import NO_ROOM, SourceError, diagnosis
from osvc_diag.run.take import NOT_STORED, SAME_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from osvc_diag.bundle.sums import StoredMember
    from osvc_diag.bundle.writer import BundleWriter
    from osvc_diag.reading.fetching import Fetched
    from osvc_diag.redaction import Redactor
    from osvc_diag.run.take import Take

OVERHEAD = 1536  # bytes of a member in the archive beside its content, at most


class SmallTakes:
    """Redacts and stores small files; what goes wrong with one costs only that one."""

    def __init__(self, redactor: Redactor, writer: BundleWriter, names: Iterable[str]) -> None:
        """Prepare.

        Args:
            redactor: masks them.
            writer: stores them.
            names: of all members that may come into the bundle, whoever takes them.
        """
        self._redactor = redactor
        self._writer = writer
        self.room: Optional[int] = None
        """Bytes that the archive may still grow by; None is no limit."""
        ordered = sorted(set(names))
        self._following = dict(zip(ordered, ordered[1:]))

    def take(
        self, takes: Sequence[Take], fetched: Sequence[Fetched], taken: set[str]
    ) -> list[Optional[StoredMember]]:
        """Store what was read, and return what is stored of each; the takes tell the rest.

        Args:
            takes: as they follow each other in the plan, with the outcomes of what was read.
            fetched: what was read of each.
            taken: names of members that were tried before; grows.

        Raises:
            BundleError: the bundle cannot be written.
        """
        for take, one in zip(takes, fetched):
            take.fetched = len(one.content)
        members = [
            self._member(take, content, taken) for take, content in zip(takes, self._redacted(takes, fetched))
        ]
        stored: list[Optional[StoredMember]] = []
        for begin, end in self._runs(takes):
            stored += self._store(takes[begin:end], members[begin:end])
        return stored

    def _redacted(self, takes: Sequence[Take], fetched: Sequence[Fetched]) -> list[Optional[bytes]]:
        """Return the redacted contents; None, and the reason in the take, where there is none."""
        pairs = list(zip(takes, fetched))
        texts = [
            SmallText(one.content, one.artifact.form, take.counts) for take, one in pairs if one.error is None
        ]
        redacted = iter(self._redactor.redact_all(texts))
        return [
            self._content(take, one.error, next(redacted) if one.error is None else b"")
            for take, one in pairs
        ]

    def _content(
        self, take: Take, unread: Optional[Exception], redacted: Union[bytes, Exception]
    ) -> Optional[bytes]:
        """Return what is to be stored of one.

        Args:
            take: the one.
            unread: why it could not be read, where it could not.
            redacted: its content, or why it could not be redacted.
        """
        try:
            content = _had(unread, redacted)
            if take.digest is not None:
                take.digest.look_at(content)
        except Exception as error:  # noqa: BLE001 - one artifact costs only itself
            take.outcome.settle(*diagnosis(error, self._redactor.mask_text), is_gap=True)
            return None
        return content

    def _member(self, take: Take, content: Optional[bytes], taken: set[str]) -> Optional[SmallMember]:
        status = take.outcome.status
        if take.name in taken:
            take.outcome.settle(State.FAILED, SAME_NAME, is_gap=True)
        elif content is not None and status is not None and take.outcome.state not in NOT_STORED:
            needed = len(content) + OVERHEAD
            if self.room is None or needed <= self.room:
                self.room = None if self.room is None else self.room - needed
                taken.add(take.name)
                return SmallMember(take.name, status.st_mtime, content)
            take.outcome.settle(State.SKIPPED, NO_ROOM, is_gap=True)
        taken.add(take.name)
        return None

    def _runs(self, takes: Sequence[Take]) -> Iterator[tuple[int, int]]:
        """Yield the bounds of those that stand beside each other in the archive."""
        begin = 0
        for end in range(1, len(takes) + 1):
            if end == len(takes) or self._following.get(takes[end - 1].name) != takes[end].name:
                yield begin, end
                begin = end

    def _store(
        self, takes: Sequence[Take], members: Sequence[Optional[SmallMember]]
    ) -> list[Optional[StoredMember]]:
        try:
            stored = iter(self._writer.add_neighbours([member for member in members if member is not None]))
        except MemberNameError as error:
            if len(takes) > 1:
                alone = (self._store([take], [member]) for take, member in zip(takes, members))
                return [one for (one,) in alone]
            takes[0].outcome.settle(State.FAILED, str(error), is_gap=True)
            return [None]
        return [None if member is None else next(stored) for member in members]


def _had(unread: Optional[Exception], redacted: Union[bytes, Exception]) -> bytes:
    """Return what was read and redacted, or raise why it was not."""
    if unread is not None:
        raise SourceError from unread
    if isinstance(redacted, Exception):
        raise redacted
    return redacted
