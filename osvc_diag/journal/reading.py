"""Reads records within a window and a budget, from both ends: what one way does not reach, the other may.

journalctl stops where a file is damaged, and mostly says nothing. The way back from the newest record finds
out how many fit into the budget, the way forth has to find as many.
"""

from __future__ import annotations

import itertools
import re
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Optional

from osvc_diag.commands.ending import Cause, Ending, settle
from osvc_diag.commands.programs import SYSTEM_FOLDERS
from osvc_diag.journal.files import OpenJournal
from osvc_diag.journal.journalctl import Journalctl
from osvc_diag.journal.log_text import log_size
from osvc_diag.journal.places import find_journal
from osvc_diag.journal.queries import FIELDS, Times, command_line, fields_option
from osvc_diag.journal.records import REALTIME, decoded, encoded, text_of
from osvc_diag.reading.logs import BY_LOG_SIZE, BY_WINDOW, LARGE_LINE, OUTSIDE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from osvc_diag.journal.queries import Matches
    from osvc_diag.journal.records import Record
    from osvc_diag.node.node import Node
    from osvc_diag.plugin.artifact import Command, JournalSource
    from osvc_diag.reading.outcome import Outcome

SMALL = 4 * 1024 * 1024  # bytes of records that are kept in memory rather than asked for again
BLOCK = 256 * 1024  # bytes
MOST_MERGED = 20_000  # records of the way forth that are put together with those of the way back

NO_RECORDS = "the journal has no record of it"
DAMAGED = "the journal is damaged: it has {} records from its end, {} from its beginning"
_ORDER = (REALTIME, *FIELDS, "_BOOT_ID")
_NUMBER = re.compile(r"[0-9]{1,20}")
_COUNTED = "_BOOT_ID"  # a field that every record has, and that is short


@dataclass(frozen=True)
class _Kept:
    """A record as it is written, and what tells it from others."""

    cursor: str
    microseconds: int
    line: bytes


@dataclass
class _Way:
    """What one way through the records came to."""

    began: int
    """Microseconds since the epoch."""
    count: int = 0
    latest: int = 0
    """Microseconds since the epoch, of the latest record."""
    is_cut: bool = False
    """Whether the budget ended it."""
    records: Optional[list[_Kept]] = None
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


class JournalReader:
    """Reads the journal of a node for one run; closed at its end."""

    def __init__(
        self,
        node: Node,
        times: Times,
        budget: int,
        *,
        deadline: Optional[float] = None,
        folders: Sequence[str] = SYSTEM_FOLDERS,
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            node: whose journal it is.
            times: the window.
            budget: bytes kept of what one query finds, as text of a log, the newest.
            deadline: on the clock of time.monotonic; None is never.
            folders: where journalctl is looked for.
        """
        self._node = node
        self._times = times
        self._budget = budget
        self._deadline = deadline
        self._folders = folders
        self._journal: Optional[OpenJournal] = None
        self._last: Optional[tuple[Matches, int, _Way]] = None

    def close(self) -> None:
        """Let go of the journal's files."""
        self._last = None
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    def blocks(
        self, source: JournalSource, outcome: Outcome, *, limit: Optional[int] = None
    ) -> Iterator[bytes]:
        """Yield the records of a query, the oldest first, each as one line of JSON, in blocks of whole lines.

        Args:
            source: the query.
            outcome: is filled in.
            limit: bytes, where less is wanted than the run's own budget.
        """
        budget = self._budget if limit is None else min(limit, self._budget)
        back = forth = self._way_back(source.matches, budget)
        if back.records is None:
            forth = _Way(_now())
            found: Iterable[_Kept] = self._way_forth(source.matches, budget, back, forth)
        else:
            found = back.records
        for block in _joined(one.line for one in found):
            outcome.source_bytes += len(block)
            yield block
        self._settle(outcome, back, forth)

    def _way_back(self, matches: Matches, budget: int) -> _Way:
        """Walk from the newest record to the oldest one, or until the budget is used up."""
        if self._last is not None and self._last[:2] == (matches, budget):
            return self._last[2]
        way = _Way(_now())
        records: Optional[list[_Kept]] = []
        size = cost = 0
        with self._run(matches, "-r", fields_option()) as run:
            for record in _records(run, way):
                cost += log_size(record)
                if cost > budget:
                    way.is_cut = True
                    break
                one = _count(record, way)
                size += len(one.line)
                if records is not None:
                    records.append(one)
                if size > SMALL:
                    records = None
            else:
                _end(run, way)
        if records is not None:
            way.records = records[::-1]
            if way.is_over:
                self._compare(matches, way)
        self._last = (matches, budget, way)
        return way

    def _compare(self, matches: Matches, back: _Way) -> None:
        """Count the records from their beginning, too; where that comes to another number, take both ways."""
        if back.latest > _now():
            return  # new records stand before those from the future
        times = self._times_of(back)
        with self._run(matches, fields_option([_COUNTED]), times=times) as run:
            if sum(1 for _ in run.lines()) == back.count:
                return
        forth = _Way(_now())
        with self._run(matches, fields_option(), times=times) as run:
            found = [_count(record, forth) for record in itertools.islice(_records(run, forth), MOST_MERGED)]
        known = {one.cursor for one in found}
        merged = found + [one for one in back.records or () if one.cursor not in known]
        back.problem = back.problem or DAMAGED.format(back.count, forth.count)
        back.records = sorted(merged, key=lambda one: one.microseconds)
        back.count = len(merged)

    def _way_forth(self, matches: Matches, budget: int, back: _Way, forth: _Way) -> Iterator[_Kept]:
        """Yield as many of the newest records as the way back came to, the oldest first."""
        newest = ("-n", str(back.count)) if back.is_cut else ()
        cost = 0
        with self._run(matches, fields_option(), *newest, times=self._times_of(back)) as run:
            for record in _records(run, forth):
                cost += log_size(record)
                if cost > budget:  # the way back ended before, at a damaged place
                    break
                yield _count(record, forth)
            else:
                _end(run, forth)
        if forth.count != back.count and back.latest <= _now():
            forth.problem = forth.problem or DAMAGED.format(back.count, forth.count)

    def _times_of(self, back: _Way) -> Times:
        """Return the window without what was written after the way back began."""
        until = back.latest if back.count else self._times.until
        return replace(self._times, until=back.began if until is None else until)

    def _run(self, matches: Matches, *options: str, times: Optional[Times] = None) -> Journalctl:
        if self._journal is None:
            self._journal = OpenJournal(find_journal(self._node))
        named = (*options, *(times or self._times).options())
        argv = command_line(self._journal.options, matches, *named)
        return Journalctl(argv, deadline=self._deadline, folders=self._folders)

    @property
    def _unopened(self) -> list[str]:
        return self._journal.problems if self._journal else []

    def _settle(self, outcome: Outcome, back: _Way, forth: _Way) -> None:
        """Say what became of a query: the worst first."""
        outcome.ending = forth.ending or back.ending
        for way in (back, forth):
            if way.ending is not None and way.command is not None and not way.is_over:
                settle(outcome, way.command, way.ending, is_cut=False, tells=True)
                return
        problem = back.problem or forth.problem or "; ".join(self._unopened)
        if problem and not forth.count:
            state = "denied" if "permission" in problem.lower() else "failed"
            outcome.settle(state, problem, is_gap=True)
        elif problem:
            outcome.settle("truncated", problem, is_gap=True)
        elif back.is_cut:
            outcome.settle(
                "sliced" if back.count else "skipped",
                BY_LOG_SIZE if back.count else LARGE_LINE,
                is_gap=not back.count,
            )
        elif not forth.count:
            outcome.settle("skipped", NO_RECORDS if self._times.is_open else OUTSIDE, is_gap=False)
        elif not self._times.is_open:
            outcome.settle("sliced", BY_WINDOW, is_gap=False)


def _records(run: Journalctl, way: _Way) -> Iterator[Record]:
    """Yield the records of a run; what is none is counted."""
    way.command = run.command
    for line in run.lines():
        record = decoded(line)
        if record is None:
            way.strange += 1
        else:
            yield record


def _count(record: Record, way: _Way) -> _Kept:
    """Return a record as it is kept, and count it."""
    time_of = text_of(record, REALTIME)
    one = _Kept(
        text_of(record, "__CURSOR"),
        int(time_of) if _NUMBER.fullmatch(time_of) else 0,
        encoded({name: record[name] for name in _ORDER if name in record}),
    )
    way.count += 1
    way.latest = max(way.latest, one.microseconds)
    return one


def _end(run: Journalctl, way: _Way) -> None:
    """Note how a run ended that was read to its end."""
    way.ending = run.ending
    said = run.said() or (f"rc {way.ending.rc}" if way.ending.rc else "")
    if said:
        way.problem = f"journalctl: {said}"
    elif way.strange:
        way.problem = f"{way.strange} lines of journalctl are no records"


def _joined(lines: Iterable[bytes]) -> Iterator[bytes]:
    pieces: list[bytes] = []
    size = 0
    for line in lines:
        pieces.append(line)
        size += len(line)
        if size >= BLOCK:
            yield b"".join(pieces)
            pieces, size = [], 0
    if pieces:
        yield b"".join(pieces)


def _now() -> int:
    """Return the time in microseconds since the epoch, as journald's clock shows it."""
    return int(time.time() * 10**6)
