"""The artifacts of a run in the order of reading, and about how large the bundle will be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osvc_diag.plugin.sources import LogSource
from osvc_diag.reading.compressed import compression_of

if TYPE_CHECKING:
    from osvc_diag.gap import Gap
    from osvc_diag.plugin.artifact import Artifact

EXPECTED_RATIO = 5  # of text to archive; agent logs reach 7 to 9
COMPRESSED_AGAIN = 1.3  # of a rotated log in the archive to itself: the fastest level is used
PAGES = 4 * 1024  # bytes of the manifest's head and the front page, compressed
ENTRY = 80  # bytes of an artifact in the manifest and SHA256SUMS, compressed, beside its name


@dataclass(frozen=True)
class Plan:
    """The artifacts of a run, in the order of reading."""

    artifacts: tuple[Artifact, ...]
    gaps: tuple[Gap, ...]
    log_size: int
    """Bytes kept of a log and its rotated ones."""
    granted: frozenset[str] = frozenset()
    """The files outside of the agent's folders that collectors may have, as the node calls them."""

    @property
    def source_bytes(self) -> int:
        """What will be read at most, in bytes: the budget of each family of logs counts."""
        families: dict[str, int] = {}
        total = 0
        for artifact in self.artifacts:
            size = artifact.size_hint or 0
            if isinstance(artifact.source, LogSource):
                family = artifact.source.family
                families[family] = min(self.log_size, families.get(family, 0) + size)
            else:
                total += size
        return total + sum(families.values())

    @property
    def pages_bytes(self) -> int:
        """What manifest and other pages will take in the archive: rather too much than too little."""
        return PAGES + sum(ENTRY + len(artifact.name) // 2 for artifact in self.artifacts)

    @property
    def expected_bytes(self) -> int:
        """About how large the archive will be."""
        compressed = sum(
            artifact.size_hint or 0
            for artifact in self.artifacts
            if isinstance(artifact.source, LogSource) and compression_of(artifact.source.path)
        )
        text = max(0, self.source_bytes - compressed)
        return text // EXPECTED_RATIO + int(compressed * COMPRESSED_AGAIN) + self.pages_bytes
