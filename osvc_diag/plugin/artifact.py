"""One file-to-be of the bundle: its name there and where its bytes come from; nothing is read yet."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Optional, Union

if TYPE_CHECKING:
    from collections.abc import Iterator


class Form(str, enum.Enum):
    """How the redactor has to understand an artifact's bytes."""

    CONF = "conf"
    """The agent's INI dialect."""
    JSON = "json"
    LOG = "log"
    TEXT = "text"


class Priority(enum.IntEnum):
    """What stays longest when a limit is hit: the lowest number is collected first."""

    STATE = 10
    CONF = 20
    SELECTED_LOG = 30
    NODE_LOG = 40
    OTHER = 50


@dataclass(frozen=True)
class FileSource:
    """A file, taken whole."""

    path: str
    """Absolute, on the machine that runs osvc_diag."""


@dataclass(frozen=True)
class Holder:
    """A process and its descriptor of a log that was deleted while it was open."""

    pid: int
    fd: int


@dataclass(frozen=True)
class LogSource:
    """A log, of which a window and a budget decide what is taken."""

    path: str
    """Absolute, on the machine that runs osvc_diag; a `.gz`, `.bz2` or `.xz` is read inside."""
    family: str
    """The live log's path: a log and its rotated ones share one budget."""
    age: int = 0
    """0 for the live log, 1 for the newest rotated one, and so on."""
    held_by: Optional[Holder] = None
    """Who still holds it, where it was deleted; `path` is then the name that it had."""


@dataclass(frozen=True)
class DocumentSource:
    """What a collector computes when its turn comes: anything that json.dumps takes."""

    compute: Callable[[], object]


@dataclass(frozen=True)
class Command:
    """A command that the core runs, once, however many artifacts are made of its output."""

    argv: tuple[str, ...]
    """The program and its arguments; no shell ever sees them."""
    timeout: float = 10.0
    """Seconds, after which its whole process group is ended."""
    limit: int = 8 * 1024 * 1024
    """Bytes kept of each stream."""


class Stream(str, enum.Enum):
    """Which output of a command."""

    OUT = "out"
    ERR = "err"


@dataclass(frozen=True)
class CommandSource:
    """One stream of a command's output."""

    command: Command
    stream: Stream = Stream.OUT
    transform: Optional[Callable[[Iterator[bytes]], Iterator[bytes]]] = None
    """Decodes the stream before it is redacted; it holds a bounded part of it in memory."""


Source = Union[FileSource, LogSource, DocumentSource, CommandSource]


@dataclass(frozen=True)
class Artifact:
    """What a collector declares; the core opens, limits, slices, redacts, hashes and packs it."""

    name: str
    """Its member name in the bundle: `file/...`, `info/...` or `cmd/...`; never absolute, no `..`."""
    source: Source
    form: Form = Form.TEXT
    priority: Priority = Priority.OTHER
    collectors: tuple[str, ...] = ()
    """Who asked for it; filled in by the host."""
    size_hint: Optional[int] = None
    """Bytes at the source when it was planned."""
