"""Where an artifact's bytes come from: plain values, nothing is opened, listed or looked at."""

from __future__ import annotations

import dataclasses
import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Optional, Union

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class FileSource:
    """A file, taken whole."""

    path: str
    """Absolute, on the machine that runs osvc_diag."""
    expected: bool = True
    """Whether it is a gap where it is not there."""


@dataclass(frozen=True)
class Holder:
    """A process and its descriptor of a log that was deleted while it was open."""

    pid: int
    fd: int


@dataclass(frozen=True)
class LineChoice:
    """Which lines are taken of a log that holds everybody's."""

    about: str
    """What they are about, for the manifest: `the agent and its storage`."""
    words: tuple[str, ...]
    """A line has to hold one of them; upper and lower case are alike."""


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
    lines: Optional[LineChoice] = None
    """Which lines are taken; None takes all."""


@dataclass(frozen=True)
class DocumentSource:
    """What a collector computes when its turn comes."""

    compute: Callable[[], object]
    """Returns anything that json.dumps takes; for an artifact that is no JSON, a text."""


@dataclass(frozen=True)
class Command:
    """A command that the core runs, once for both of its streams."""

    argv: tuple[str, ...]
    """The program and its arguments; no shell ever sees them.

    A program without a slash is looked for in the system's own folders, never in the caller's PATH; it and
    its folders belong to root or to the running user.
    """
    timeout: float = 10.0
    """Seconds, after which its whole process group is ended."""
    limit: int = 8 * 1024 * 1024
    """Bytes kept of the stream that comes first in the plan; of the other, a few 100 KB at most."""
    ok_codes: tuple[int, ...] = (0,)
    """Exit codes that are worth no word; the output is kept whatever the code is."""
    hint: str = ""
    """What to do where the program is not there."""
    below_root: bool = False
    """Whether it only reads what its arguments name: the one kind that runs on a copy of a node, too."""
    environ: tuple[tuple[str, str], ...] = dataclasses.field(default=(), repr=False)
    """Variables that it needs, beside those that every command gets; no secret."""


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


@dataclass(frozen=True)
class JournalSource:
    """Records of systemd's journal, of which a window and a budget decide what is taken."""

    matches: tuple[tuple[str, ...], ...]
    """Alternatives, each of `FIELD=value` that hold together; see `osvc_diag.journal.queries`."""
    as_text: bool = True
    """Whether they are written as the agent's own logs are; else each as one line of JSON."""
    expected: bool = False
    """Whether it is a gap where the whole journal has none."""

    @property
    def family(self) -> str:
        """What both ways of writing the same records have in common."""
        return " + ".join(map(" ".join, self.matches))


Source = Union[FileSource, LogSource, DocumentSource, CommandSource, JournalSource]


@dataclass(frozen=True)
class GlobSource:
    """Files of a folder that patterns choose."""

    folder: str
    """Absolute, on the machine that runs osvc_diag; taken literally."""
    patterns: tuple[str, ...]
    """Of paths below the folder; `osvc_diag.reading.patterns` tells what they may hold."""
    without: tuple[str, ...] = ()
    """Patterns of what is left out of these."""


@dataclass(frozen=True)
class FamilySource:
    """A log, and what rotations made of it."""

    live: str
    """The live log's path, absolute, on the machine that runs osvc_diag."""
    also: tuple[str, ...] = ()
    """Live logs of other names that belong to it."""
    expected: bool = False
    """Whether it is a gap where the live log is not there."""


@dataclass(frozen=True)
class OutputSource:
    """Both streams of a command's output."""

    command: Command
    transform: Optional[Callable[[Iterator[bytes]], Iterator[bytes]]] = None
    """Of its standard output, as in `CommandSource`."""


@dataclass(frozen=True)
class RecordsSource:
    """Records of systemd's journal, in both ways of writing them."""

    matches: tuple[tuple[str, ...], ...]
    """As in `JournalSource`; so is `expected`."""
    expected: bool = False


Sources = Union[GlobSource, FamilySource, OutputSource, RecordsSource]
