"""Takes the artifacts of a plan, one after the other, through the redactor into the bundle."""

from __future__ import annotations

import errno
import os
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Optional

from osvc_diag import events
from osvc_diag.artifact import Artifact, DocumentSource, LogSource
from osvc_diag.bundle.manifest import (
    ArtifactEntry,
    Gap,
    LogFacts,
    Owner,
    State,
    shareable_size,
    utc,
)
from osvc_diag.digest import LogDigest
from osvc_diag.errors import BundleError, RedactionError
from osvc_diag.reading.compressed import compressed_again, compression_of
from osvc_diag.reading.patience import PatientReader, StalledError
from osvc_diag.reading.sources import Outcome, SourceReader
from osvc_diag.reading.trees import NotTakenError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osvc_diag.bundle.writer import BundleWriter, MemberSink
    from osvc_diag.clock import Clock
    from osvc_diag.plan import Plan
    from osvc_diag.redaction import Redactor

BEST_RATIO = 20  # of text to archive: what would not even fit then is not read at all
NOT_STORED = frozenset({State.WITHHELD, State.SKIPPED, State.MISSING, State.DENIED})
_STATES_OF_ERRNO = {
    errno.ENOENT: (State.MISSING, "is not there"),
    errno.ENOTDIR: (State.MISSING, "is not there"),
    errno.EACCES: (State.DENIED, "permission denied"),
    errno.EPERM: (State.DENIED, "permission denied"),
}
NO_ROOM = "--max-size leaves no room for it"
SUDO_HINT = "run it as root: sudo --preserve-env=https_proxy,no_proxy ..."


class _SourceError(Exception):
    """Something went wrong at the source; its cause says what."""


class _NoRoomError(Exception):
    """The archive would grow over --max-size."""


@dataclass
class Collection:
    """What collecting came to."""

    entries: list[ArtifactEntry] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    errors: dict[str, list[str]] = field(default_factory=dict)
    """The last error records of each log, redacted, by member name."""


@dataclass
class _Take:
    """One artifact on its way."""

    artifact: Artifact
    name: str
    """Its member name, redacted."""
    outcome: Outcome = field(default_factory=Outcome)
    counts: Counter[str] = field(default_factory=Counter)
    digest: Optional[LogDigest] = None


class CollectionRun:
    """Reads, redacts and stores; what goes wrong with one artifact costs only that one."""

    def __init__(
        self,
        *,
        sources: SourceReader,
        patient: PatientReader,
        redactor: Redactor,
        writer: BundleWriter,
        max_size: Optional[int],
        clock: Clock,
        on_event: events.Listener,
    ) -> None:
        self._sources = sources
        self._patient = patient
        self._redactor = redactor
        self._writer = writer
        self._max_size = max_size
        self._clock = clock
        self._on_event = on_event
        self._names: set[str] = set()

    def run(self, plan: Plan) -> Collection:
        """Take all artifacts of a plan.

        Raises:
            BundleError: the bundle cannot be written.
        """
        collection = Collection()
        total = len(plan.artifacts)
        self._on_event(events.PhaseStarted("collect", plan.source_bytes, total))
        for artifact in plan.artifacts:
            take = _Take(artifact, self._redactor.mask_text(artifact.name))
            if isinstance(artifact.source, LogSource):
                take.digest = LogDigest()
            self._on_event(events.ArtifactStarted(take.name))
            begin = self._clock.seconds()
            sink = self._store(take)
            entry = self._entry(take, sink, self._clock.seconds() - begin)
            collection.entries.append(entry)
            if take.outcome.is_gap:
                collection.gaps.append(self._gap(entry))
            if take.digest is not None and take.digest.errors:
                collection.errors[take.name] = take.digest.errors
            self._on_event(events.ArtifactFinished(take.name, entry.state.value))
        return collection

    def _store(self, take: _Take) -> Optional[MemberSink]:
        """Bring one artifact into the bundle; return its sink where it is stored."""
        refusal = self._refusal(take)
        if refusal is not None:
            take.outcome.settle(*refusal, is_gap=True)
            return None
        self._names.add(take.name)
        try:
            return self._write(take)
        except BundleError:
            raise
        except Exception as error:  # noqa: BLE001 - one artifact costs only itself
            state, reason = self._diagnosis(error)
            take.outcome.settle(state, reason, is_gap=True)
            return None

    def _refusal(self, take: _Take) -> Optional[tuple[State, str]]:
        """Say why an artifact is not even read."""
        if take.name in self._names:
            return State.FAILED, "another artifact has this name"
        if self._patient.is_late:
            return State.TIMEOUT, "--timeout was reached before its turn"
        if not self._has_room(take.artifact.size_hint or 0):
            return State.SKIPPED, NO_ROOM
        return None

    def _write(self, take: _Take) -> Optional[MemberSink]:
        outcome = take.outcome
        with self._writer.member(take.name, self._clock.now().timestamp()) as sink:
            for block in self._redacted(take):
                sink.write(block)
                self._check_room()
            if outcome.status is not None:
                sink.mtime = outcome.status.st_mtime
            if outcome.state in NOT_STORED:
                sink.discard()
                return None
        return sink

    def _redacted(self, take: _Take) -> Iterator[bytes]:
        blocks = self._redactor.redact(self._fetched(take), take.artifact.form, take.counts)
        if take.digest is not None:
            blocks = take.digest.watch(blocks)
        if isinstance(take.artifact.source, LogSource):
            suffix = compression_of(take.artifact.source.path)
            if suffix is not None:
                return compressed_again(blocks, suffix)
        return blocks

    def _fetched(self, take: _Take) -> Iterator[bytes]:
        try:
            for block in self._patient.blocks(lambda: self._sources.read(take.artifact, take.outcome)):
                self._on_event(events.Advanced(len(block)))
                yield block
        except Exception as error:
            raise _SourceError from error

    def _has_room(self, size: int) -> bool:
        if self._max_size is None:
            return True
        return self._writer.spooled_bytes + size // BEST_RATIO <= self._max_size

    def _check_room(self) -> None:
        if not self._has_room(0):
            raise _NoRoomError

    def _diagnosis(self, error: Exception) -> tuple[State, str]:
        """Tell the state and the reason of an artifact that could not be stored."""
        if isinstance(error, _NoRoomError):
            return State.SKIPPED, NO_ROOM
        if isinstance(error, _SourceError):
            return self._source_diagnosis(error.__cause__)
        # What fails between source and bundle is the redactor: its text never holds the content.
        text = str(error) if isinstance(error, RedactionError) else type(error).__name__
        return State.WITHHELD, f"cannot be redacted: {text}"

    def _source_diagnosis(self, error: Optional[BaseException]) -> tuple[State, str]:
        if isinstance(error, StalledError):
            return State.TIMEOUT, str(error)
        if isinstance(error, NotTakenError):
            return State.SKIPPED, str(error)
        if isinstance(error, OSError) and error.errno in _STATES_OF_ERRNO:
            return _STATES_OF_ERRNO[error.errno]
        if isinstance(error, OSError):
            return State.FAILED, error.strerror or type(error).__name__
        return State.FAILED, self._redactor.mask_text(f"{type(error).__name__}: {error}")

    def _entry(self, take: _Take, sink: Optional[MemberSink], seconds: float) -> ArtifactEntry:
        outcome, artifact = take.outcome, take.artifact
        stored = sink.stored if sink is not None else None
        status = outcome.status
        masked = {rule: count for rule, count in sorted(take.counts.items()) if count} if stored else {}
        left_out = shareable_size(outcome.left_out_bytes, masked)
        digest = take.digest if stored else None
        return ArtifactEntry(
            name=take.name,
            collectors=artifact.collectors,
            source=_source_of(take),
            state=State(outcome.state),
            reason=outcome.reason or None,
            source_bytes=shareable_size(outcome.source_bytes, masked) if status or stored else None,
            stored_bytes=stored.size if stored else None,
            sha256=stored.sha256 if stored else None,
            mode=f"{status.st_mode & 0o7777:04o}" if status else None,
            owner=Owner(status.st_uid, status.st_gid) if status else None,
            mtime=utc(status.st_mtime) if status else None,
            log=None
            if digest is None
            else LogFacts(digest.lines, left_out, _text(digest.first), _text(digest.last)),
            masked=masked,
            seconds=round(seconds, 3),
        )

    def _gap(self, entry: ArtifactEntry) -> Gap:
        is_denied = entry.state is State.DENIED and os.geteuid() != 0
        return Gap(
            state=entry.state,
            reason=entry.reason or entry.state.value,
            collector=entry.collectors[0] if entry.collectors else None,
            artifact=entry.name,
            hint=SUDO_HINT if is_denied else None,
        )


def _source_of(take: _Take) -> str:
    """Name where the bytes come from, as it is called on the live node."""
    if isinstance(take.artifact.source, DocumentSource):
        return "computed"
    return take.name[len("file") :]


def _text(stamp: Optional[bytes]) -> Optional[str]:
    return stamp.decode("ascii") if stamp else None
