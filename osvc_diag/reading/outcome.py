"""What became of a source: the account that a stream of blocks keeps while it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    import os

    from osvc_diag.commands.ending import Ending


@dataclass
class Outcome:
    """What became of a source; final once its blocks are through.

    What was yielded and `left_out_bytes` together are `source_bytes`, with one exception: a compressed log
    that was read is told by its text in `left_out_bytes`, and by its size on disk in `source_bytes`.
    """

    state: str = "ok"
    """One of the manifest's states."""
    reason: str = ""
    hint: str = ""
    """What to do about it."""
    is_gap: bool = False
    """Whether something is missing that was asked for."""
    status: Optional[os.stat_result] = None
    """Of the file, when it was opened."""
    source_bytes: int = 0
    """What there was to read: the size when it was opened, and what was read of a line that grew."""
    read_bytes: int = 0
    """What was read of the file, to find the part that was wanted too."""
    left_out_bytes: int = 0
    """What there was and was not taken, by a limit, by the window, or because it was gone."""
    ending: Optional[Ending] = None
    """Of the command whose output it is."""
    is_kept: bool = True
    """Whether what was yielded is worth a member of the bundle."""
    is_told: bool = True
    """Whether it is worth an entry of the manifest: an empty second output of a command is not."""

    def settle(self, state: str, reason: str, *, is_gap: bool) -> None:
        """Say what became of it."""
        self.state, self.reason, self.is_gap = state, reason, is_gap

    def skip(self, reason: str) -> None:
        """Say that all of it was left out, as asked."""
        self.left_out_bytes = self.source_bytes
        self.settle("skipped", reason, is_gap=False)
