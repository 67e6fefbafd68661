"""What a manifest tells: of each artifact, of the node, of what was asked for and what limited it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping  # noqa: TC003 - the codec reads the annotations
from dataclasses import dataclass, field
from typing import Optional

from osvc_diag.bundle.codec import FILE_NAME
from osvc_diag.gap import State  # noqa: TC001 - the codec reads the annotations

_ROUNDING = 1024  # bytes


@dataclass(frozen=True)
class Owner:
    """Who owned a file on the node."""

    uid: int
    gid: int


@dataclass(frozen=True)
class LogFacts:
    """What is in a log, and what was left out."""

    lines_kept: int
    left_out_bytes: int
    """At the source, before and after what was kept."""
    first: Optional[str] = None
    """The first timestamp that was kept, as it stands in the log."""
    last: Optional[str] = None
    read_bytes: Optional[int] = None
    """Of the file, to find that part too; None where it was not read as a file."""


@dataclass(frozen=True)
class CommandFacts:
    """How the command ran whose output it is."""

    seconds: float
    """That it ran, without the time that it had to wait for us."""
    rc: Optional[int] = None
    """Its exit code; None where it never ran, a signal ended it, or it does not end."""
    signal: Optional[str] = None
    """That ended it: `SIGTERM` or `SIGKILL` where a limit was reached."""
    left_out_bytes: int = 0
    """Of what it wrote to this stream, as far as that was seen."""


@dataclass(frozen=True)
class ArtifactEntry:
    """One artifact that was planned: what became of it."""

    name: str = field(metadata=FILE_NAME)
    """Its member name below the bundle's folder; bytes that are not UTF-8 as surrogate escapes."""
    collectors: tuple[str, ...]
    source: str = field(metadata=FILE_NAME)
    """The path on the live node, the command line, or what computed it."""
    state: State
    reason: Optional[str] = None
    source_bytes: Optional[int] = None
    """At the source; rounded by `shareable_size` where something was masked."""
    stored_bytes: Optional[int] = None
    """In the archive; None when nothing was stored."""
    sha256: Optional[str] = None
    """Of what is stored."""
    mode: Optional[str] = None
    """At the source, in octal: `0600`."""
    owner: Optional[Owner] = None
    mtime: Optional[str] = None
    """At the source, in UTC: see `utc`."""
    log: Optional[LogFacts] = None
    command: Optional[CommandFacts] = None
    masked: Mapping[str, int] = field(default_factory=dict)
    """How often each rule masked something."""
    seconds: float = 0.0

    @property
    def is_stored(self) -> bool:
        """Whether the archive has it."""
        return self.sha256 is not None


@dataclass(frozen=True)
class PluginFacts:
    """A plugin that the run found."""

    name: str
    version: Optional[str] = None
    collectors: tuple[str, ...] = ()
    failure: Optional[str] = None
    """Why it did not serve; None when it did."""


@dataclass(frozen=True)
class NodeFacts:
    """The node that was read."""

    name: str
    agent: str = "unknown"
    """`b2.1`, `om3` or `unknown`."""
    agent_version: Optional[str] = None
    zone: Optional[str] = None
    """Of the times in its logs."""
    live: bool = True
    """Whether the program ran on it, or on a copy of its files."""


@dataclass(frozen=True)
class ClusterFacts:
    """The cluster, as far as the node knows."""

    name: Optional[str] = None
    nodes: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()
    """Its other nodes: support wants a bundle of each."""
    peer_command: Optional[str] = None
    """What takes the same there; None where a copy of a node's files was read."""


@dataclass(frozen=True)
class SupportFacts:
    """The contract with support, as far as the agent's collector knows."""

    premium: Optional[bool] = None
    """Whether the node has the tag PREMIUM_SUPPORT; None is unknown."""
    reason: Optional[str] = None
    """Why it is unknown."""

    @property
    def words(self) -> str:
        """The same in a few words."""
        if self.premium is None:
            return "premium or not is not known" + (f": {self.reason}" if self.reason else "")
        return "premium" if self.premium else "standard: the node has no tag PREMIUM_SUPPORT"


@dataclass(frozen=True)
class SelectionFacts:
    """What was asked for."""

    selectors: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    """What they selected, as printed, sorted."""
    related: tuple[str, ...] = ()
    """What was taken beside them: they refer to it, or it refers to them."""
    profile: Optional[str] = None
    """`quick`, `standard` or `full`."""
    only: tuple[str, ...] = ()
    """Collectors, and artifacts by name or glob."""
    skip: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    """What collectors were told: `COLLECTOR.KEY=VALUE`."""


@dataclass(frozen=True)
class WindowFacts:
    """Which part of the logs was asked for; None is unlimited."""

    since: Optional[str] = None
    """ISO 8601 with an offset."""
    until: Optional[str] = None
    """Exclusive."""

    @property
    def words(self) -> str:
        """Which part, for people; empty where all of it was."""
        is_part = self.since is not None or self.until is not None
        return f"{self.since or 'the beginning'} to {self.until or 'the end'}" if is_part else ""


@dataclass(frozen=True)
class LimitFacts:
    """What limited the run; None is unlimited."""

    log_bytes: Optional[int] = None
    """Of the source, per log and its rotated ones."""
    bundle_bytes: Optional[int] = None
    """Of the archive."""
    timeout_seconds: Optional[float] = None
    """For collecting."""
    cpu_seconds: Optional[float] = None
    """Of all processors, for collecting."""


@dataclass(frozen=True)
class RedactionFacts:
    """How secrets were taken out."""

    rule_set: str
    """Its version."""
    limits: tuple[str, ...] = ()
    """What could not be learned, in sentences."""


def utc(seconds: float) -> Optional[str]:
    """Return a time in ISO 8601, UTC, to the microsecond.

    Args:
        seconds: Since the epoch. None is returned for a time outside the years 1 to 9999.
    """
    try:
        moment = dt.datetime.fromtimestamp(seconds, dt.timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def to_the_second(time: str) -> str:
    """Return a time that `utc` gave without its fraction."""
    whole, point, _ = time.partition(".")
    return whole + "Z" if point else time


def shareable_size(size: int, masked: Mapping[str, int]) -> int:
    """Return a source size in bytes, rounded up where something was masked.

    Beside the stored size, an exact one would tell how long the secrets were.
    """
    return -(-size // _ROUNDING) * _ROUNDING if any(masked.values()) else size
