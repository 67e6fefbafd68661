"""One file-to-be of the bundle: its name there and where its bytes come from; nothing is read yet.

Everything here is a plain value: making one opens, lists and looks at nothing.
"""

from __future__ import annotations

import enum
import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Callable, Optional, Union

from osvc_diag.form import Form
from osvc_diag.plugin.profile import Profile  # noqa: TC001 - annotations are read where values cross
from osvc_diag.plugin.sources import (
    Command,
    DocumentSource,
    FamilySource,
    FileSource,
    GlobSource,
    OutputSource,
    RecordsSource,
    Source,
    Sources,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    StrPath = Union[str, os.PathLike[str]]


class Priority(enum.IntEnum):
    """What stays longest when a limit is hit: the lowest number is collected first."""

    STATE = 10
    CONF = 20
    SELECTED_LOG = 30
    NODE_LOG = 40
    OTHER = 50


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
