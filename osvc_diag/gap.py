"""What became of an artifact, and what could not be had: the words of every room."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Optional

from osvc_diag.bundle.codec import FILE_NAME


class State(str, enum.Enum):
    """What became of an artifact."""

    OK = "ok"
    """Stored as it was found, but for what was masked."""
    SLICED = "sliced"
    """Stored in part: the window that was asked for."""
    TRUNCATED = "truncated"
    """Stored in part: a limit cut it."""
    MISSING = "missing"
    """Not there, or gone when its turn came."""
    DENIED = "denied"
    """The user may not read it."""
    TIMEOUT = "timeout"
    """Took too long. What came in time is dropped, for it could end in half a secret; of a command, its whole
    lines are kept."""
    FAILED = "failed"
    """Could not be read or computed."""
    WITHHELD = "withheld"
    """Could not be redacted, so it was left out."""
    SKIPPED = "skipped"
    """Left out on purpose: not a regular file, or a limit of the bundle."""


@dataclass(frozen=True)
class Gap:
    """What could not be had."""

    state: State
    reason: str
    """A sentence without a secret."""
    collector: Optional[str] = None
    """Or the plugin."""
    artifact: Optional[str] = field(default=None, metadata=FILE_NAME)
    hint: Optional[str] = None
    """What to do about it."""
