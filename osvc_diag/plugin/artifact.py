"""One file-to-be of the bundle: its name there and where its bytes come from; nothing is read yet."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Callable, Optional, Union


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


Source = Union[FileSource, LogSource, DocumentSource]


@dataclass(frozen=True)
class Artifact:
    """What a collector declares; the core opens, limits, slices, redacts, hashes and packs it."""

    name: str
    """Its member name below the bundle's folder: `file/...` or `info/...`; never absolute, no `..`."""
    source: Source
    form: Form = Form.TEXT
    priority: Priority = Priority.OTHER
    collectors: tuple[str, ...] = ()
    """Who asked for it; filled in by the host."""
    size_hint: Optional[int] = None
    """Bytes at the source when it was planned."""
