"""What somebody asks for: which objects, which part of their logs, within which limits, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional

from osvc_diag.bundle.compression import Compression
from osvc_diag.errors import UsageError
from osvc_diag.plugin.profile import Profile

DEFAULT_LOG_SIZE = 32 * 1024 * 1024  # bytes kept of a log and its rotated ones


@dataclass(frozen=True)
class Issue:
    """What the support page asks for; each may be empty."""

    purpose: str = ""
    """Unexpected behaviour, an error message, a technical question."""
    context: str = ""
    """A known cause, or an event."""
    started: str = ""
    """When the problem started."""
    impact: str = ""
    """On the service."""
    ticket: str = ""
    """Its id, where there is one already."""


@dataclass(frozen=True)
class Request:
    """One run's wishes."""

    selectors: tuple[str, ...]
    since: Optional[str] = None
    """As `osvc_diag.window.parse_time` reads it; so is `until`, which is exclusive."""
    until: Optional[str] = None
    log_size: int = DEFAULT_LOG_SIZE
    """Bytes kept of a log and its rotated ones, the newest."""
    max_size: Optional[int] = None
    """Bytes of the archive."""
    timeout: Optional[float] = None
    """Seconds for collecting."""
    cpu_time: Optional[float] = None
    """Seconds of all processors for collecting."""
    jobs: int = 1
    """Processes that may look for secrets at once; 1 is this one alone."""
    compression: Compression = Compression.FAST
    profile: Profile = Profile.STANDARD
    only: tuple[str, ...] = ()
    """Collectors, and artifacts by name or glob: `osvc_diag.run.choice`; empty takes all of the profile."""
    skip: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    """Of collectors: `COLLECTOR.KEY=VALUE`, as `osvc_diag.plugin.options` reads them."""
    with_related: bool = False
    """Whether what the selected objects refer to, and what refers to them, is taken too."""
    label: Optional[str] = None
    issue: Issue = field(default_factory=Issue)
    mask_network: bool = False
    """Whether addresses and host names are masked too."""

    def __post_init__(self) -> None:
        """Refuse a limit that leaves nothing.

        Raises:
            UsageError: one is not above 0.
        """
        for name in ("log_size", "max_size", "timeout", "cpu_time", "jobs"):
            limit = getattr(self, name)
            if limit is not None and not limit > 0:
                raise UsageError(f"{name} is {limit}: a limit has to be above 0")
