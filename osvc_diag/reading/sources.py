"""Opens an artifact's source and yields its bytes, keeping an honest account of what became of it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, replace
from datetime import timezone
from typing import TYPE_CHECKING, Callable, Optional

from osvc_diag.form import Form
from osvc_diag.plugin.sources import CommandSource, DocumentSource, FileSource, JournalSource, LogSource
from osvc_diag.reading.blocks import BrokenOffError, read_range, rest_of_line, whole_lines
from osvc_diag.reading.compressed import is_plain
from osvc_diag.reading.held import open_held
from osvc_diag.reading.logs import BY_LOG_SIZE, Family, read_log
from osvc_diag.reading.metered import Metered
from osvc_diag.reading.mounts import Mounts
from osvc_diag.reading.outcome import Outcome
from osvc_diag.reading.selecting import chosen_lines
from osvc_diag.reading.trees import NotTakenError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    from osvc_diag.plugin.artifact import Artifact
    from osvc_diag.reading.bounds import Bounds
    from osvc_diag.reading.neighbours import Neighbours
    from osvc_diag.reading.trees import Trees

__all__ = ["BY_LOG_SIZE", "FILE_LIMIT", "Outcome", "SourceReader"]

SMALL = 64 * 1024  # bytes of a file that is read in one step
FILE_LIMIT = 64 * 1024 * 1024  # bytes taken of a file that is no log


@dataclass
class SourceReader:
    """Opens the sources of one run; its answers end up in an Outcome and a stream of blocks."""

    trees: Trees
    bounds: Bounds
    log_budget: int
    """Bytes kept of each family of logs."""
    zone: tzinfo = timezone.utc
    """Of the times in logs that tell no year."""
    _families: dict[str, Family] = field(default_factory=dict)
    _mounts: Mounts = field(default_factory=Mounts)
    _places: dict[str, Optional[str]] = field(default_factory=dict)

    def read(
        self, artifact: Artifact, outcome: Outcome, near: Optional[Neighbours] = None
    ) -> Iterator[bytes]:
        """Yield an artifact's bytes, and fill in what became of it.

        The text of a compressed log is yielded, not its compressed bytes. An empty block says only that work
        goes on.

        Args:
            artifact: the artifact.
            outcome: is filled in.
            near: opens the file, where others beside it are read, too.

        Raises:
            OSError: as the system says.
            NotTakenError: the source is never opened, by policy.
        """
        source = artifact.source
        if isinstance(source, DocumentSource):
            yield from _document(source.compute, artifact.form, outcome)
            return
        assert not isinstance(source, (CommandSource, JournalSource)), "these have readers of their own"
        holder = source.held_by if isinstance(source, LogSource) else None
        if holder:
            opened = open_held(self.trees, source.path, holder)
        else:
            opened = (near or self.trees).open(source.path)
        fd = Metered(opened.fd)
        try:
            outcome.status = opened.status
            outcome.source_bytes = opened.status.st_size
            if isinstance(source, LogSource):
                family = self._families.setdefault(source.family, Family(self.log_budget))
                blocks = read_log(fd, source, outcome, family, self.bounds)
                if source.lines is None:
                    yield from blocks
                else:
                    yield from chosen_lines(blocks, source.lines, self.bounds, self.zone, outcome)
            else:
                yield from _file(fd, outcome)
        finally:
            outcome.read_bytes = fd.read_bytes
            os.close(opened.fd)

    def small(self, artifact: Artifact, outcome: Outcome, near: Neighbours) -> Optional[bytes]:
        """Return a small file that is taken as it is, whole, in one step; `read` would yield the same.

        None where `read` has to look closer: at a window, a limit, a file that is being written.

        Raises:
            OSError, NotTakenError: as for `read`.
        """
        source, family = artifact.source, None
        if isinstance(source, LogSource):
            if not (self.bounds.is_open and is_plain(source.path)) or source.held_by or source.lines:
                return None
            family = self._families.setdefault(source.family, Family(self.log_budget))
        elif not isinstance(source, FileSource):
            return None
        opened = near.open(source.path)
        try:
            size = opened.status.st_size
            if size > SMALL or (family is not None and size > family.room):
                return None
            content = os.pread(opened.fd, size + 1, 0)
        finally:
            os.close(opened.fd)
        if len(content) != size:
            return None
        if family is not None:
            family.take(size, is_short=False)
        outcome.status, outcome.source_bytes, outcome.read_bytes = opened.status, size, size
        return content

    def limited(self, budget: int) -> SourceReader:
        """Return one that keeps still less of a log, for another attempt at it."""
        return replace(self, log_budget=min(budget, self.log_budget), _families={})

    def place(self, artifact: Artifact) -> Optional[str]:
        """Return the file system that an artifact is read from, without asking it anything.

        None is the system's own, or no file system at all.
        """
        if isinstance(artifact.source, (DocumentSource, CommandSource, JournalSource)):
            return None
        folder = os.path.dirname(artifact.source.path)
        if folder not in self._places:
            try:
                self._places[folder] = self._mounts.point_of(self.trees.rooted(folder))
            except NotTakenError:
                self._places[folder] = None
        return self._places[folder]


def _document(compute: Callable[[], object], form: Form, outcome: Outcome) -> Iterator[bytes]:
    content = compute()
    if form is Form.JSON:
        text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, default=str) + "\n"
    elif isinstance(content, str):
        text = content
    else:
        raise TypeError(f"gave a {type(content).__name__}, not a text")
    encoded = text.encode("utf-8", "backslashreplace")
    outcome.source_bytes = len(encoded)
    yield encoded


def _file(fd: int, outcome: Outcome) -> Iterator[bytes]:
    """Yield a file; of one that is too large, whole lines of its beginning."""
    size = outcome.source_bytes
    is_cut = size > FILE_LIMIT
    kept = 0
    block = b"\n"
    try:
        for block in whole_lines(read_range(fd, 0, min(size, FILE_LIMIT)), drop_rest=is_cut):
            kept += len(block)
            yield block
        if is_cut:
            outcome.settle("truncated", f"larger than {FILE_LIMIT} bytes: its beginning is kept", is_gap=True)
        elif not block.endswith(b"\n"):
            rest = rest_of_line(fd, size)
            kept += len(rest)
            outcome.source_bytes += len(rest)
            yield rest
    except BrokenOffError as error:
        outcome.settle("truncated", str(error), is_gap=True)
    outcome.left_out_bytes = outcome.source_bytes - kept
