"""Reads records within a window and a budget, from both ends: what one way does not reach, the other may.

journalctl stops where a file is damaged, and mostly says nothing. The way back from the newest record finds
out how many fit into the budget, the way forth has to find as many.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Optional

from osvc_diag.commands.ending import settle
from osvc_diag.commands.programs import SYSTEM_FOLDERS
from osvc_diag.journal.files import OpenJournal
from osvc_diag.journal.journalctl import Journalctl
from osvc_diag.journal.log_text import log_size
from osvc_diag.journal.places import VERIFY, find_journal
from osvc_diag.journal.queries import Times, command_line, fields_option
from osvc_diag.journal.ways import Kept, Way, merged
from osvc_diag.reading.bounds import OUTSIDE
from osvc_diag.reading.logs import BY_LOG_SIZE, BY_WINDOW, LARGE_LINE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from osvc_diag.journal.places import JournalPlace
    from osvc_diag.journal.queries import Matches
    from osvc_diag.node.node import Node
    from osvc_diag.plugin.sources import JournalSource
    from osvc_diag.reading.outcome import Outcome

SMALL = 4 * 1024 * 1024  # bytes of records that are kept in memory rather than asked for again
BLOCK = 256 * 1024  # bytes
COMPARING = 10.0  # seconds of a run for counting small results from their beginning, too: there may be
# thousands of objects, and what is lost of all of them is lost of the agent's own records as well

NO_RECORDS = "the journal has no record of it"
DAMAGED = "the journal is damaged: it has {} records from its end, {} from its beginning"
_COUNTED = "_BOOT_ID"  # a field that every record has, and that is short


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
        self._place: Optional[JournalPlace] = None
        self._journal: Optional[OpenJournal] = None
        self._last: Optional[tuple[Matches, int, Way]] = None
        self._compared = 0.0

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
        yield from self._found(source, outcome, limit)
        # The same is wrong with both ways of writing the same records: it is told once.
        outcome.is_gap = outcome.is_gap and source.as_text

    def _found(self, source: JournalSource, outcome: Outcome, limit: Optional[int]) -> Iterator[bytes]:
        if not self._is_there(outcome):
            return
        budget = self._budget if limit is None else min(limit, self._budget)
        back = forth = self._way_back(source.matches, budget)
        found: Iterable[Kept] = back.records or ()
        if back.records is None:
            forth = Way(_now())
            found = self._way_forth(source.matches, budget, back, forth)
        for block in _joined(one.line for one in found):
            outcome.source_bytes += len(block)
            yield block
        self._settle(source, outcome, back, forth)

    def _is_there(self, outcome: Outcome) -> bool:
        """Tell whether there is a journal; without its files journalctl would read another machine's."""
        if self._place is None:
            self._place = find_journal(self._node)
        if self._place.files:
            return True
        gap = self._place.gaps[0]
        outcome.settle(gap.state, gap.reason, is_gap=True)
        outcome.hint = gap.hint or ""
        return False

    def _way_back(self, matches: Matches, budget: int) -> Way:
        """Walk from the newest record to the oldest one, or until the budget is used up."""
        if self._last is not None and self._last[:2] == (matches, budget):
            return self._last[2]
        self._last = None
        way = Way(_now())
        records: Optional[list[Kept]] = []
        size = cost = 0
        with self._run(matches, "-r", fields_option()) as run:
            for record in way.records_of(run):
                cost += log_size(record)
                if cost > budget:
                    way.is_cut = True
                    break
                if records is None:
                    way.pass_by(record)
                    continue
                records.append(way.keep(record))
                size += len(records[-1].line)
                if size > SMALL:
                    records = None
        if records is not None:
            way.records = records[::-1]
            if way.is_over and self._compared < COMPARING:
                begin = time.monotonic()
                self._compare(matches, way)
                self._compared += time.monotonic() - begin
        self._last = (matches, budget, way)
        return way

    def _compare(self, matches: Matches, back: Way) -> None:
        """Count the records from their beginning, too; where that comes to another number, take both ways."""
        if back.latest > _now():
            return  # new records stand before those from the future
        times = self._times_of(back)
        with self._run(matches, fields_option([_COUNTED]), times=times) as run:
            if sum(1 for _ in run.lines()) == back.count:
                return
        forth = Way(_now())
        found: list[Kept] = []
        size = 0
        with self._run(matches, fields_option(), times=times) as run:
            for record in forth.records_of(run):
                found.append(forth.keep(record))
                size += len(found[-1].line)
                if size > SMALL:
                    break
        back.problem = back.problem or DAMAGED.format(back.count, forth.count)
        back.records = merged(found, back.records or ())
        back.count = len(back.records)

    def _way_forth(self, matches: Matches, budget: int, back: Way, forth: Way) -> Iterator[Kept]:
        """Yield as many of the newest records as the way back came to, the oldest first."""
        newest = ("-n", str(back.count)) if back.is_cut else ()
        times = self._times_of(back)
        cost = 0
        with self._run(matches, fields_option(), *newest, times=times) as run:
            for record in forth.records_of(run):
                cost += log_size(record)
                if cost > budget:  # the way back ended before it, at a damaged place
                    break
                yield forth.keep(record)
        if forth.count == back.count or not forth.is_over or back.latest > _now():
            return
        forth.problem = forth.problem or DAMAGED.format(back.count, forth.count)
        if back.is_cut or forth.count > back.count:
            return
        reached = forth.latest
        yield from (one for one in self._beyond(matches, back, times) if one.microseconds > reached)

    def _beyond(self, matches: Matches, back: Way, times: Times) -> Iterator[Kept]:
        """Yield what the way back came to, up to the place where it was broken off.

        From the very last one, beside the damage, journalctl does not find back.
        """
        rest = Way(_now())
        if back.last is not None:
            yield rest.keep(back.last)
        with self._run(matches, fields_option(), "-n", str(back.count - 1), times=times) as run:
            yield from map(rest.keep, rest.records_of(run))

    def _times_of(self, back: Way) -> Times:
        """Return the window without what was written after the way back began."""
        until = back.latest if back.count else self._times.until
        return replace(self._times, until=back.began if until is None else until)

    def _run(self, matches: Matches, *options: str, times: Optional[Times] = None) -> Journalctl:
        assert self._place is not None
        if self._journal is None:
            self._journal = OpenJournal(self._place)
        named = (*options, *(times or self._times).options())
        argv = command_line(self._journal.options, matches, *named)
        return Journalctl(argv, deadline=self._deadline, folders=self._folders)

    def _settle(self, source: JournalSource, outcome: Outcome, back: Way, forth: Way) -> None:
        """Say what became of a query: the worst first."""
        outcome.ending = forth.ending or back.ending
        for way in (back, forth):
            if way.ending is not None and way.command is not None and not way.is_over:
                settle(outcome, way.command, way.ending, is_cut=False, tells=True)
                return
        problem = back.problem or forth.problem or "; ".join(self._journal.problems if self._journal else ())
        if problem:
            state = "denied" if "permission" in problem.lower() else "failed"
            outcome.settle("truncated" if forth.count else state, problem, is_gap=True)
            outcome.hint = VERIFY
        elif back.is_cut and not back.count:
            outcome.settle("skipped", LARGE_LINE, is_gap=True)
        elif back.is_cut:
            outcome.settle("sliced", BY_LOG_SIZE, is_gap=False)
        elif not forth.count and self._times.is_open:
            outcome.settle("missing" if source.expected else "skipped", NO_RECORDS, is_gap=source.expected)
            outcome.hint = VERIFY
        elif not forth.count:
            outcome.settle("skipped", OUTSIDE, is_gap=False)
        elif not self._times.is_open:
            outcome.settle("sliced", BY_WINDOW, is_gap=False)


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
