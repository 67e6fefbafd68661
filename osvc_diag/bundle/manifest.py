"""The manifest: what is in a bundle, what is missing, and why; it can be shared alone."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import json
from collections.abc import Mapping  # noqa: TC003 - the codec reads the annotations
from dataclasses import dataclass, field
from typing import Optional

from osvc_diag.bundle.codec import FILE_NAME, decode, encode

MANIFEST_NAME = "manifest.json"
FORMAT = "1"
"""Raised when an older reader would misunderstand a manifest; a new field alone does not."""

_ROUNDING = 1024  # bytes
_MOST_VALUES = 6_000_000  # in a manifest that is read, for each takes memory; an artifact has about 20
_AS_JSON = json.JSONEncoder(check_circular=False).encode  # `encode` returns trees
_FIRST = ("format", "tool_version", "python_version", "started")


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


@dataclass(frozen=True)
class Manifest:
    """The whole of it. Equal runs give equal bytes."""

    tool_version: str
    started: str
    """In UTC: see `utc`."""
    node: NodeFacts
    cluster: ClusterFacts
    selection: SelectionFacts
    redaction: RedactionFacts
    format: str = FORMAT
    python_version: Optional[str] = None
    window: WindowFacts = field(default_factory=WindowFacts)
    limits: LimitFacts = field(default_factory=LimitFacts)
    label: Optional[str] = None
    support: SupportFacts = field(default_factory=SupportFacts)
    plugins: tuple[PluginFacts, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    """How long each phase took."""
    gaps: tuple[Gap, ...] = ()
    artifacts: tuple[ArtifactEntry, ...] = ()

    @property
    def made(self) -> str:
        """When, and by what, for people: to the second."""
        return f"{to_the_second(self.started)} by osvc_diag {self.tool_version}"

    @property
    def masked(self) -> dict[str, int]:
        """How often each rule masked something, in all artifacts."""
        total: dict[str, int] = {}
        for entry in self.artifacts:
            for rule, count in entry.masked.items():
                total[rule] = total.get(rule, 0) + count
        return dict(sorted(total.items()))

    @property
    def failed_commands(self) -> tuple[ArtifactEntry, ...]:
        """One output of each command that ran to its end and said that something is wrong: the one why."""
        failed: dict[str, ArtifactEntry] = {}
        for entry in self.artifacts:
            if entry.state is State.OK and entry.command is not None and entry.reason:
                name, _, suffix = entry.name.rpartition(".")
                if suffix == "err" or name not in failed:
                    failed[name] = entry
        return tuple(failed.values())

    def to_json(self) -> bytes:
        """Return the text of manifest.json: ASCII, an artifact or gap a line, so that grep and diff serve."""
        fields = [field.name for field in dataclasses.fields(self)]
        names = [*_FIRST, *(name for name in fields if name not in _FIRST)]
        values = ((name, getattr(self, name)) for name in names)
        lines = (f"{json.dumps(name)}: {_laid_out(value)}" for name, value in values if value is not None)
        return ("{\n" + ",\n".join(lines) + "\n}\n").encode("ascii")

    @classmethod
    def from_json(cls, text: bytes) -> Manifest:
        """Read a manifest that may come from anywhere.

        Raises:
            ValueError: It is no manifest, or one of another format.
        """
        if sum(map(text.count, b",[{")) > _MOST_VALUES:
            raise ValueError("it holds more than any run could tell")
        try:
            content = json.loads(text, parse_constant=_refused)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        if isinstance(content, dict) and content.get("format") != FORMAT:
            raise ValueError(f"its format is not {FORMAT}: a newer osvc_diag may read it")
        return decode(cls, content)


def _laid_out(value: object) -> str:
    if isinstance(value, tuple) and value:
        return "[\n " + ",\n ".join([_AS_JSON(encode(item)) for item in value]) + "\n]"
    return _AS_JSON(encode(value))


def _refused(constant: str) -> float:
    raise ValueError(f"it holds {constant}, which is no JSON")


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
