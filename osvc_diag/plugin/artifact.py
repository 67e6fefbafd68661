"""One file-to-be of the bundle: its name there and where its bytes come from; nothing is read yet.

Everything here is a plain value: making one opens, lists and looks at nothing.
"""

from __future__ import annotations

import dataclasses
import enum
import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Callable, Optional, Union

from osvc_diag.plugin.profile import Profile  # noqa: TC001 - annotations are read where values cross

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    StrPath = Union[str, os.PathLike[str]]


class Form(str, enum.Enum):
    """How the redactor has to understand an artifact's bytes."""

    CONF = "conf"
    """The agent's INI dialect."""
    JSON = "json"
    JSON_LINES = "json-lines"
    """One flat object a line; each of its values is redacted as the text that it stands for."""
    LOG = "log"
    TEXT = "text"

    @classmethod
    def of(cls, path: str) -> Form:
        """Return the form that a file's name tells; what it does not tell is text."""
        return _FORMS.get(os.path.splitext(path)[1], cls.TEXT)


_FORMS = {".conf": Form.CONF, ".ini": Form.CONF, ".json": Form.JSON, ".log": Form.LOG}


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


@dataclass(frozen=True)
class Artifacts:
    """What a collector declares as one, and the host resolves to an artifact for each file or stream."""

    source: Sources
    name: str = ""
    """What the artifacts' names have in common, where it is not their files'."""
    form: Optional[Form] = None
    """None: each file's name tells."""
    priority: Priority = Priority.OTHER
    profile: Optional[Profile] = None
    """The least profile in which they are taken; None is their collector's."""


@dataclass(frozen=True)
class Artifact:
    """What a collector declares; the core opens, limits, slices, redacts, hashes and packs it.

    The class methods make one in a line, and are all that a collector needs. Of a file, its name in the
    bundle is its path on the node. A wrong path costs that artifact only: it becomes a gap.
    """

    name: str
    """Its member name in the bundle: `file/...`, `info/...` or `cmd/...`; never absolute, no `..`.

    Empty as long as the host has not named it after its file.
    """
    source: Source
    form: Form = Form.TEXT
    priority: Priority = Priority.OTHER
    collectors: tuple[str, ...] = ()
    """Who asked for it; filled in by the host."""
    size_hint: Optional[int] = None
    """Bytes at the source when it was planned."""
    profile: Optional[Profile] = None
    """The least profile in which it is taken; None is its collector's."""

    @classmethod
    def from_file(
        cls,
        path: StrPath,
        *,
        form: Optional[Form] = None,
        priority: Priority = Priority.OTHER,
        expected: bool = True,
    ) -> Artifact:
        """Declare a file that is taken whole.

        Args:
            path: absolute: from `node.layout`, or as the node calls it.
            form: how the redactor has to understand it; None: its name tells.
            priority: what goes last when a limit is hit.
            expected: whether it is a gap where it is not there: that somebody deleted it can be the answer.
        """
        path = os.fspath(path)
        return cls("", FileSource(path, expected), form=form or Form.of(path), priority=priority)

    @classmethod
    def from_glob(
        cls,
        folder: StrPath,
        *patterns: str,
        without: Sequence[str] = (),
        form: Optional[Form] = None,
        priority: Priority = Priority.OTHER,
    ) -> Artifacts:
        """Declare the files of a folder that patterns choose; sockets, FIFOs and devices never.

        No match is no gap. A folder that may not be listed is one, and so is what is over 10,000 files.

        Args:
            folder: absolute, as in `from_file`; taken literally, whatever characters are in it.
            patterns: of the paths below it, as in a shell: `*.log`, `*/status.json`, `**/*.trc`. Only what
                starts with a dot in the pattern starts with one in the path.
            without: patterns of what is left out.
            form: of all of them; None: the name of each tells. As `Form.LOG` they are taken as `from_log`
                does: with their rotated ones, by time, within a `--log-size` each.
            priority: what goes last when a limit is hit.
        """
        return Artifacts(
            GlobSource(os.fspath(folder), _texts("patterns", patterns), _texts("without", without)),
            form=form,
            priority=priority,
        )

    @classmethod
    def from_log(
        cls,
        path: StrPath,
        *,
        also: Sequence[str] = (),
        priority: Priority = Priority.OTHER,
        expected: bool = False,
    ) -> Artifacts:
        """Declare a log and its rotated ones, as far as they are there: they share one `--log-size`.

        `--since` and `--until` choose the part whose lines begin with a time.

        Args:
            path: of the live log, absolute, as in `from_file`.
            also: other names that it may have; each of them, with its rotated ones, has a `--log-size`.
            priority: what goes last when a limit is hit.
            expected: whether it is a gap where the live log is not there.
        """
        source = FamilySource(os.fspath(path), _texts("also", also), expected)
        return Artifacts(source, form=Form.LOG, priority=priority)

    @classmethod
    def from_command(
        cls,
        name: str,
        argv: Sequence[str],
        *,
        form: Form = Form.TEXT,
        timeout: float = Command.timeout,
        limit: int = Command.limit,
        priority: Priority = Priority.OTHER,
        transform: Optional[Callable[[Iterator[bytes]], Iterator[bytes]]] = None,
    ) -> Artifacts:
        """Declare both outputs of a command, as `cmd/NAME.out` and `cmd/NAME.err`.

        Args:
            name: `COLLECTOR/WHAT`, unique in the bundle.
            argv: the program and its arguments; no shell sees them. A program without a slash is looked for
                in the system's own folders.
            form: how the redactor has to understand its standard output.
            timeout: seconds that it may take.
            limit: bytes kept of each output.
            priority: what goes last when a limit is hit.
            transform: decodes its standard output, block by block, before it is redacted.
        """
        source = OutputSource(Command(_texts("argv", argv), timeout, limit), transform)
        return Artifacts(source, f"cmd/{name}", form=form, priority=priority)

    @classmethod
    def from_journal(
        cls,
        name: str,
        *matches: Sequence[str],
        priority: Priority = Priority.OTHER,
        expected: bool = False,
    ) -> Artifacts:
        """Declare records of systemd's journal: as a log, and as lines of JSON with their fields.

        `--since`, `--until` and `--log-size` choose the part. They are `cmd/NAME.log` and `cmd/NAME.jsonl`.

        Args:
            name: `COLLECTOR/WHAT`, unique in the bundle.
            matches: alternatives, each of `FIELD=value` that hold together; of one field, any of its values.
                Any user may send any field but those that begin with an underscore: have `_UID=0` among them.
            priority: what goes last when a limit is hit.
            expected: whether it is a gap where the whole journal has none.
        """
        source = RecordsSource(tuple(_texts("a match", match) for match in matches), expected)
        return Artifacts(source, f"cmd/{name}", priority=priority)

    @classmethod
    def from_json(
        cls,
        name: str,
        content: Union[object, Callable[[], object]],
        *,
        priority: Priority = Priority.OTHER,
    ) -> Artifact:
        """Declare what is computed, as `info/NAME.json`.

        Args:
            name: unique in the bundle: begin it with your collector's name.
            content: anything that json.dumps takes; or what returns it, called when its turn comes and given
                up when it hangs.
            priority: what goes last when a limit is hit.
        """
        compute = content if callable(content) else partial(_same, content)
        return cls(f"info/{name}.json", DocumentSource(compute), form=Form.JSON, priority=priority)

    @classmethod
    def from_text(
        cls,
        name: str,
        text: Union[str, Callable[[], str]],
        *,
        form: Form = Form.TEXT,
        priority: Priority = Priority.OTHER,
    ) -> Artifact:
        """Declare a text, as `info/NAME`.

        Args:
            name: unique in the bundle: begin it with your collector's name, end it as a file: `haproxy.txt`.
            text: the text; or what returns it, called when its turn comes and given up when it hangs.
            form: how the redactor has to understand it.
            priority: what goes last when a limit is hit.
        """
        compute = text if callable(text) else partial(_same, text)
        return cls(f"info/{name}", DocumentSource(compute), form=form, priority=priority)


def _texts(name: str, items: Sequence[str]) -> tuple[str, ...]:
    """Return several texts; one alone would be taken for its letters.

    Raises:
        TypeError: they are no list of texts; the text says what to write.
    """
    if isinstance(items, (str, bytes)):
        raise TypeError(f"{name} is a list of texts: write {str(items).split() or ['']!a}")
    for item in items:
        if not isinstance(item, str):
            instead = "" if isinstance(item, (tuple, list)) else f": write {str(item)!a}"
            raise TypeError(f"{name} holds {item!a}, no text{instead}")
    return tuple(items)


def _same(content: object) -> object:
    return content
