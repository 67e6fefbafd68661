"""Takes the artifacts of a plan, one after the other, through the redactor into the bundle."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable, Optional

from osvc_diag import events
from osvc_diag.errors import BundleError
from osvc_diag.gap import Gap, State
from osvc_diag.plugin.sources import CommandSource, JournalSource, LogSource
from osvc_diag.reading.fetching import MOST_IN_BATCH, Fetcher
from osvc_diag.reading.sources import BY_LOG_SIZE, Outcome
from osvc_diag.run.diagnosis import NO_ROOM, NoRoomError, diagnosis
from osvc_diag.run.supply import Supply
from osvc_diag.run.support import OUTPUTS, Heads
from osvc_diag.run.take import NOT_STORED, SAME_NAME, Take, gap_of
from osvc_diag.run.together import OVERHEAD, SmallTakes

if TYPE_CHECKING:
    from osvc_diag.bundle.facts import ArtifactEntry
    from osvc_diag.bundle.sums import StoredMember
    from osvc_diag.bundle.writer import BundleWriter, MemberSink
    from osvc_diag.clock import Clock
    from osvc_diag.commands.pool import CommandPool
    from osvc_diag.journal.reading import JournalReader
    from osvc_diag.node.node import Node
    from osvc_diag.plugin.artifact import Artifact
    from osvc_diag.reading.fetching import Fetched
    from osvc_diag.reading.patience import PatientReader
    from osvc_diag.reading.sources import SourceReader
    from osvc_diag.redaction import Redactor
    from osvc_diag.run.plan import Plan

BEST_RATIO = 20  # of text to archive: what would not even fit then is not read at all
LEAST_TAIL = 16 * 1024  # bytes of a log that are worth having
SHRINKS = (0.8, 0.5, 0.3)
"""Of the part of a log that seems to fit, attempt by attempt: the newest may compress worse."""
NO_MORE_ROOM = "its newest part: --max-size leaves no room for more"
NEWER_ONES_CUT = "--max-size leaves no room: newer logs of its family were cut already"


@dataclass
class Collection:
    """What collecting came to."""

    entries: list[ArtifactEntry] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    errors: dict[str, list[str]] = field(default_factory=dict)
    """The last error records of each log, redacted, by member name."""
    heads: Heads = field(default_factory=lambda: Heads(OUTPUTS))
    """What the agent said of the support contract."""


class CollectionRun:
    """Reads, redacts and stores; what goes wrong with one artifact costs only that one."""

    def __init__(
        self,
        plan: Plan,
        *,
        node: Node,
        sources: SourceReader,
        patient: PatientReader,
        commands: CommandPool,
        journal: JournalReader,
        redactor: Redactor,
        mask_words: Callable[[str], str],
        writer: BundleWriter,
        max_size: Optional[int],
        clock: Clock,
        on_event: events.Listener,
    ) -> None:
        self._plan = plan
        self._zone = node.zone
        self._patient = patient
        self._fetcher = Fetcher(sources, patient, plan.artifacts)
        self._heads = Heads(OUTPUTS)
        self._supply = Supply(
            node=node,
            fetcher=self._fetcher,
            commands=commands,
            journal=journal,
            redactor=redactor,
            heads=self._heads,
            tell=self._tell,
        )
        self._redactor = redactor
        self._mask_words = mask_words
        self._writer = writer
        self._max_size = None if max_size is None else max_size - plan.pages_bytes
        self._clock = clock
        self._on_event = on_event
        self._names: set[str] = set()
        self._cut_families: set[str] = set()
        self._call_off: Optional[Exception] = None

    def run(self) -> Collection:
        """Take all artifacts of the plan.

        Raises:
            BundleError: the bundle cannot be written.
        """
        collection = Collection(heads=self._heads)
        artifacts = self._plan.artifacts
        total = len(artifacts)
        self._tell(events.PhaseStarted("collect", self._plan.source_bytes))
        names = self._redactor.mask_texts([artifact.name for artifact in artifacts])
        small = SmallTakes(self._redactor, self._writer, names)
        at = 0
        while at < total:
            begin = self._clock.seconds()
            fetched = self._fetched_together(at)
            end = at + max(1, len(fetched))
            if fetched:
                takes = [
                    self._new_take(one.artifact, name, one.outcome)
                    for one, name in zip(fetched, names[at:end])
                ]
                small.room = None if self._max_size is None else self._room
                stored = small.take(takes, fetched, self._names)
                seconds = (self._clock.seconds() - begin) / len(takes)
                for take, member in zip(takes, stored):
                    self._tell(events.ArtifactStarted(take.name))
                    self._tell(events.Advanced(take.fetched))
                    self._account(take, member, seconds, collection)
            else:
                take = self._new_take(artifacts[at], names[at], Outcome())
                self._tell(events.ArtifactStarted(take.name))
                sink = self._store(take)
                seconds = self._clock.seconds() - begin
                self._account(take, sink.stored if sink else None, seconds, collection)
            at = end
        return collection

    def _new_take(self, artifact: Artifact, name: str, outcome: Outcome) -> Take:
        return Take(artifact, name, self._supply.called(artifact, name), self._zone, outcome)

    def _fetched_together(self, at: int) -> list[Fetched]:
        """Read the next artifacts as far as they are small files, and all of them are sure to fit."""
        if self._patient.is_late or self._cut_families:
            return []
        if self._max_size is None:
            return self._fetcher.together(at)
        # Tokens may be longer than what they stand for.
        return self._fetcher.together(at, room=self._room // 2 - MOST_IN_BATCH * OVERHEAD)

    def _account(
        self, take: Take, stored: Optional[StoredMember], seconds: float, collection: Collection
    ) -> None:
        """Take down what became of an artifact."""
        entry = take.entry(stored, seconds)
        if take.outcome.is_told:
            collection.entries.append(entry)
        if take.outcome.is_gap:
            collection.gaps.append(gap_of(entry, take.outcome.hint))
        if take.digest is not None and take.digest.errors:
            collection.errors[take.name] = take.digest.errors
        self._tell(events.ArtifactFinished(take.name, entry.state.value, entry.collectors))

    def _store(self, take: Take) -> Optional[MemberSink]:
        """Bring one artifact into the bundle; return its sink where it is stored."""
        refusal = self._refusal(take)
        if refusal is not None:
            take.outcome.settle(*refusal, is_gap=True)
            return None
        self._names.add(take.name)
        try:
            return self._fit(take)
        except BundleError:
            raise
        except Exception as error:  # noqa: BLE001 - one artifact costs only itself
            if self._call_off is not None:
                raise self._call_off from None
            state, reason = diagnosis(error, self._mask_words)
            take.outcome.settle(state, reason, is_gap=True)
            return None

    def _fit(self, take: Take) -> Optional[MemberSink]:
        """Store an artifact; of a log that does not fit, as much of its newest part as does."""
        source, size = take.artifact.source, take.artifact.size_hint or 0
        if not isinstance(source, (LogSource, JournalSource)):
            return self._write(take)
        if not self._has_room(size // BEST_RATIO):
            take.begin(self._room * BEST_RATIO)
        for shrink in (*SHRINKS, 0.0):
            try:
                sink = self._write(take)
            except NoRoomError:
                fitting = min(1.0, self._room / max(1, take.packed))
                limit = int(take.fetched * fitting * shrink)
                take.begin(limit)
                if limit < LEAST_TAIL:
                    break
                continue
            if take.limit is not None and take.outcome.reason == BY_LOG_SIZE:
                take.outcome.settle(State.TRUNCATED, NO_MORE_ROOM, is_gap=True)
                self._cut_families.add(source.family)
            return sink
        raise NoRoomError

    def _refusal(self, take: Take) -> Optional[tuple[State, str]]:
        """Say why an artifact is not even read."""
        if take.name in self._names:
            return State.FAILED, SAME_NAME
        # A command has its own limits, and what it wrote in time is there.
        is_command = isinstance(take.artifact.source, CommandSource)
        if self._patient.is_late and not is_command:
            return State.TIMEOUT, f"{self._patient.limit_reached} was reached before its turn"
        source, size = take.artifact.source, take.artifact.size_hint or 0
        if isinstance(source, LogSource):
            size = min(size, LEAST_TAIL)
            if source.family in self._cut_families:
                return State.SKIPPED, NEWER_ONES_CUT
        return None if self._has_room(size // BEST_RATIO) else (State.SKIPPED, NO_ROOM)

    def _write(self, take: Take) -> Optional[MemberSink]:
        outcome = take.outcome
        start = self._writer.spooled_bytes
        with self._writer.member(take.name, self._clock.now().timestamp()) as sink:
            sink.ceiling = self._max_size
            if take.digest is not None and take.suffix is None:
                sink.look = take.digest.look
            for block in self._supply.blocks(take):
                sink.write(block)
                take.packed = self._writer.spooled_bytes - start
                if not self._has_room(0):
                    sink.settle()  # so that what was read is packed, too, but for a few blocks
                    take.packed = self._writer.spooled_bytes - start
                    raise NoRoomError
            if outcome.status is not None:
                sink.mtime = outcome.status.st_mtime
            if outcome.state in NOT_STORED or not outcome.is_kept:
                sink.discard()
        if outcome.state in NOT_STORED or not outcome.is_kept:
            return None
        if sink.stored is None:
            take.packed = sink.packed
            raise NoRoomError
        if take.digest is not None and take.suffix is None:
            take.digest.end(sink.line_ends)
        return sink

    @property
    def _room(self) -> int:
        """Bytes that the archive may still grow by; only where there is a limit."""
        assert self._max_size is not None
        return self._max_size - self._writer.spooled_bytes

    def _has_room(self, size: int) -> bool:
        return self._max_size is None or size <= self._room

    def _tell(self, event: events.Event) -> None:
        """Pass an event on; a listener that raises calls the run off."""
        try:
            self._on_event(event)
        except Exception as error:
            self._call_off = error
            raise
