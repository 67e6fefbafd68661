"""Brings the sources of a plan through a thread that can be left behind, small files many at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from osvc_diag.plugin.artifact import DocumentSource, LogSource
from osvc_diag.reading.compressed import compression_of
from osvc_diag.reading.outcome import Outcome
from osvc_diag.reading.patience import StalledError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osvc_diag.plugin.artifact import Artifact
    from osvc_diag.reading.patience import PatientReader
    from osvc_diag.reading.sources import SourceReader

SMALL = 64 * 1024  # bytes
BATCH = 256 * 1024  # bytes of small files that are read with one hand-over between threads
MOST_IN_BATCH = 64  # files
GROWN = 4 * SMALL  # bytes: a file that was small when it was measured is read alone if it is larger by now


@dataclass(frozen=True)
class _Fetched:
    """A small file, read ahead."""

    outcome: Outcome
    blocks: tuple[bytes, ...]
    error: Optional[Exception] = None


class Fetcher:
    """Reads artifacts in the order of a plan.

    Waking a thread up costs several times what reading a small file does; so the small files that follow in
    the plan are read along with the one that is asked for.
    """

    def __init__(self, sources: SourceReader, patient: PatientReader, artifacts: Sequence[Artifact]) -> None:
        """Prepare; nothing is read yet.

        Args:
            sources: reads one.
            patient: gives up one that hangs.
            artifacts: in the order in which they will be asked for.
        """
        self._sources = sources
        self._patient = patient
        self._artifacts = artifacts
        self._places = {artifact.name: number for number, artifact in enumerate(artifacts)}
        self._ahead: dict[str, _Fetched] = {}

    def blocks(self, artifact: Artifact, outcome: Outcome, *, limit: Optional[int] = None) -> Iterator[bytes]:
        """Yield an artifact's bytes, and fill in what became of it.

        Args:
            artifact: of the plan.
            outcome: is filled in.
            limit: bytes of a log, where less is wanted than the run's own limit.

        Raises:
            StalledError: nothing came for too long, or the deadline passed.
            OSError: as the system says.
            NotTakenError: the source is never opened, by policy.
            Exception: whatever a plugin raises.
        """
        if limit is None and _is_small(artifact):
            if artifact.name not in self._ahead:
                self._read_ahead(artifact)
            fetched = self._ahead.pop(artifact.name, None)
            if fetched is not None:
                outcome.become(fetched.outcome)
                yield from fetched.blocks
                if fetched.error is not None:
                    raise fetched.error
                return
        sources = self._sources if limit is None else self._sources.limited(limit)
        yield from self._patient.blocks(
            lambda: sources.read(artifact, outcome), place=sources.place(artifact)
        )

    def _read_ahead(self, first: Artifact) -> None:
        batch = self._batch(first)
        done: dict[str, Optional[_Fetched]] = {}

        def reading() -> Iterator[bytes]:
            for artifact in batch:
                done[artifact.name] = self._fetch(artifact)
                yield b""

        try:
            for _ in self._patient.blocks(reading, place=self._sources.place(first)):
                pass
        except StalledError as error:
            stuck = next((artifact.name for artifact in batch if artifact.name not in done), first.name)
            done[stuck] = _Fetched(Outcome(), (), error)
        # A copy: a thread that was left behind may still be at it.
        self._ahead = {name: fetched for name, fetched in dict(done).items() if fetched is not None}

    def _batch(self, first: Artifact) -> list[Artifact]:
        """Return an artifact and the small ones behind it, as far as they lie in the same place."""
        start = self._places.get(first.name)
        if start is None:
            return [first]
        place = self._sources.place(first)
        batch: list[Artifact] = []
        size = 0
        for artifact in self._artifacts[start : start + MOST_IN_BATCH]:
            if not _is_small(artifact) or size >= BATCH or self._sources.place(artifact) != place:
                break
            batch.append(artifact)
            size += artifact.size_hint or 0
        return batch

    def _fetch(self, artifact: Artifact) -> Optional[_Fetched]:
        """Read a small file whole; None where it is not small any more."""
        outcome = Outcome()
        blocks: list[bytes] = []
        stream = self._sources.read(artifact, outcome)
        try:
            for block in stream:
                blocks.append(block)
                if sum(map(len, blocks)) > GROWN:
                    return None
        except Exception as error:  # noqa: BLE001 - handed over to who asks for it
            return _Fetched(outcome, tuple(blocks), error)
        return _Fetched(outcome, tuple(blocks))


def _is_small(artifact: Artifact) -> bool:
    """Tell whether a plain file was small when it was measured."""
    source = artifact.source
    if isinstance(source, DocumentSource) or artifact.size_hint is None or artifact.size_hint > SMALL:
        return False
    return not isinstance(source, LogSource) or compression_of(source.path) is None
