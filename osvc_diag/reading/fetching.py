"""Brings the sources of a plan through a thread that can be left behind, small files many at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from osvc_diag.plugin.sources import FileSource, LogSource
from osvc_diag.reading.compressed import compression_of
from osvc_diag.reading.outcome import Outcome
from osvc_diag.reading.patience import StalledError
from osvc_diag.reading.sources import SMALL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osvc_diag.plugin.artifact import Artifact
    from osvc_diag.reading.neighbours import Neighbours
    from osvc_diag.reading.patience import PatientReader
    from osvc_diag.reading.sources import SourceReader

BATCH = 256 * 1024  # bytes of small files that are read with one hand-over between threads
MOST_IN_BATCH = 256  # files
GROWN = 4 * SMALL  # bytes: a file that was small when it was measured is read alone if it is larger by now


@dataclass(frozen=True)
class Fetched:
    """A small file, read ahead."""

    artifact: Artifact
    outcome: Outcome
    content: bytes
    error: Optional[Exception] = None
    """Why it ends there."""


class Fetcher:
    """Reads artifacts in the order of a plan.

    Waking a thread up costs several times what reading a small file does, and so does all else that is done
    once for each; so small files that follow each other in the plan are read together.
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

    def together(self, start: int, *, room: Optional[int] = None) -> list[Fetched]:
        """Read the small files that the plan has from a place on, several with one hand-over.

        Fewer than follow are returned where one hangs, which is the last then, or is not small any more;
        none where the first one has to be read alone.

        Args:
            start: the number of the first one in the plan.
            room: bytes that all of them together may have at most; None is no limit.
        """
        batch = self._batch(start, BATCH if room is None else min(BATCH, room))
        done: list[Optional[Fetched]] = []

        def reading() -> Iterator[bytes]:
            with self._sources.trees.neighbours() as near:
                for artifact in batch:
                    done.append(self._fetch(artifact, near))
                    yield b""
                    if done[-1] is None:
                        return

        if not batch:
            return []
        stuck: Optional[StalledError] = None
        try:
            for _ in self._patient.blocks(reading, place=self._sources.place(batch[0])):
                pass
        except StalledError as error:
            stuck = error
        # A copy: a thread that was left behind may still be at it.
        fetched = [one for one in tuple(done) if one is not None]
        if stuck is not None and len(fetched) < len(batch):
            fetched.append(Fetched(batch[len(fetched)], Outcome(), b"", stuck))
        return fetched

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
        sources = self._sources if limit is None else self._sources.limited(limit)
        yield from self._patient.blocks(
            lambda: sources.read(artifact, outcome), place=sources.place(artifact)
        )

    def _batch(self, start: int, most: int) -> list[Artifact]:
        """Return the small artifacts from a place on, as far as they lie on the same file system."""
        batch: list[Artifact] = []
        size = 0
        place: Optional[str] = None
        for artifact in self._artifacts[start : start + MOST_IN_BATCH]:
            size += artifact.size_hint or 0
            if not _is_small(artifact) or size > most:
                break
            own = self._sources.place(artifact)
            if batch and own != place:
                break
            batch.append(artifact)
            place = own
        return batch

    def _fetch(self, artifact: Artifact, near: Neighbours) -> Optional[Fetched]:
        """Read a small file whole; None where it is not small any more."""
        outcome = Outcome()
        blocks: list[bytes] = []
        size = 0
        try:
            content = self._sources.small(artifact, outcome, near)
            if content is not None:
                return Fetched(artifact, outcome, content)
            for block in self._sources.read(artifact, outcome, near):
                blocks.append(block)
                size += len(block)
                if size > GROWN:
                    return None
        except Exception as error:  # noqa: BLE001 - handed over to who asks for it
            return Fetched(artifact, outcome, b"".join(blocks), error)
        return Fetched(artifact, outcome, b"".join(blocks))


def _is_small(artifact: Artifact) -> bool:
    """Tell whether a plain file was small when it was measured."""
    source, size = artifact.source, artifact.size_hint
    if size is None or size > SMALL:
        return False
    return isinstance(source, FileSource) or (
        isinstance(source, LogSource) and compression_of(source.path) is None
    )
