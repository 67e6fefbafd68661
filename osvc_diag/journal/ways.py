"""One way through the records of a query: what it came to, and how it ended."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from osvc_diag.commands.ending import Cause, Ending
from osvc_diag.journal.queries import FIELDS
from osvc_diag.journal.records import REALTIME, decoded, encoded, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from osvc_diag.journal.journalctl import Journalctl
    from osvc_diag.journal.records import Record
    from osvc_diag.plugin.sources import Command

_ORDER = (REALTIME, *FIELDS, "_BOOT_ID")
_NUMBER = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True)
class Kept:
    """A record as it is written, and what tells it from others."""

    cursor: str
    microseconds: int
    line: bytes


@dataclass
class Way:
    """What one way through the records came to."""

    began: int
    """Microseconds since the epoch."""
    count: int = 0
    latest: int = 0
    """Microseconds since the epoch, of the latest record."""
    last: Optional[Record] = None
    """The one that it ended with."""
    is_cut: bool = False
    """Whether the budget ended it."""
    records: Optional[list[Kept]] = None
    """The oldest first; None where they are too large to be kept in memory."""
    strange: int = 0
    """Lines that are no records."""
    problem: str = ""
    """What is wrong with what it came to."""
    ending: Optional[Ending] = None
    """None where we ended it ourselves."""
    command: Optional[Command] = None

    @property
    def is_over(self) -> bool:
        """Whether journalctl went it to what it took for the end."""
        return self.ending is not None and self.ending.cause is Cause.ITSELF

    def records_of(self, run: Journalctl) -> Iterator[Record]:
        """Yield the records of a run; what is none is counted. How it ended is noted at its end."""
        self.command = run.command
        for line in run.lines():
            record = decoded(line)
            if record is None:
                self.strange += 1
            else:
                yield record
        self.ending = run.ending
        said = run.said() or (f"rc {self.ending.rc}" if self.ending.rc else "")
        if said:
            self.problem = f"journalctl: {said}"
        elif self.strange:
            self.problem = f"{self.strange} lines of journalctl are no records"

    def pass_by(self, record: Record) -> int:
        """Count a record, and return its time in microseconds since the epoch."""
        text = text_of(record, REALTIME)
        microseconds = int(text) if _NUMBER.fullmatch(text) else 0
        self.count += 1
        self.last = record
        self.latest = max(self.latest, microseconds)
        return microseconds

    def keep(self, record: Record) -> Kept:
        """Count a record, and return what is kept of it, in the order in which it is read best."""
        fields = {name: record[name] for name in _ORDER if name in record}
        return Kept(text_of(record, "__CURSOR"), self.pass_by(record), encoded(fields))


def merged(some: Iterable[Kept], others: Iterable[Kept]) -> list[Kept]:
    """Return the records of two ways, each once, by their time."""
    found = list(some)
    known = {one.cursor for one in found} - {""}
    return sorted(
        [*found, *(one for one in others if one.cursor not in known)], key=lambda one: one.microseconds
    )
