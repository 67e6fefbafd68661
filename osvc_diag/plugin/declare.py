"""Constructors for plugin authors: an artifact in one line, named as the node names its source."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING, Callable, Optional

from osvc_diag.plugin.artifact import (
    Artifact,
    Command,
    CommandSource,
    DocumentSource,
    FileSource,
    Form,
    LogSource,
    Priority,
    Stream,
)
from osvc_diag.reading.trees import NotTakenError

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Mapping, Sequence

    from osvc_diag.node.daemon import HeldLog
    from osvc_diag.node.node import Node
    from osvc_diag.reading.families import LogFamilies

MOST_FILES = 10_000
"""That one call names: below the agent's folders a service's user may make as many as there are inodes."""


def file_artifact(
    node: Node, path: str, *, form: Form = Form.TEXT, priority: Priority = Priority.OTHER
) -> Artifact:
    """Name a file that is taken whole.

    Args:
        node: the node.
        path: absolute, on the machine that runs osvc_diag: a path from `node.layout` is. A file that is not
            there is a gap of the bundle: name it only where its absence tells something.
        form: how the redactor has to understand it.
        priority: what goes last when a limit is hit.
    """
    return Artifact(node.member(path), FileSource(path), form=form, priority=priority)


def file_artifacts(
    node: Node,
    folder: str,
    forms: Mapping[Form, re.Pattern[str]],
    *,
    enter: Optional[re.Pattern[str]] = None,
    priority: Priority = Priority.OTHER,
) -> Iterator[Artifact]:
    """Name the files in a folder that a pattern matches; sockets, FIFOs and devices never.

    There are at most MOST_FILES; that there are more becomes a gap.

    Args:
        node: the node.
        folder: absolute, on the machine that runs osvc_diag; one that does not exist has no files.
        forms: which files are taken, as what: patterns that match the whole path below the folder.
        enter: which subfolders are looked into: it matches their whole path below the folder; None is none.
            One that may not be listed is named itself, so that the refusal becomes a gap.
        priority: what goes last when a limit is hit.
    """
    named = _named_files(node, folder, forms, enter, priority)
    yield from _at_most(named, f"{node.member(folder)}/*", priority)


def _named_files(
    node: Node,
    folder: str,
    forms: Mapping[Form, re.Pattern[str]],
    enter: Optional[re.Pattern[str]],
    priority: Priority,
) -> Iterator[Artifact]:
    start = len(folder) + 1
    member = node.member(folder)  # once: there may be thousands of files

    def is_entered(below: str) -> bool:
        return enter is not None and enter.fullmatch(below, start) is not None

    for path in node.trees.walk(folder, is_entered):
        form = next((form for form, wanted in forms.items() if wanted.fullmatch(path, start)), None)
        if form is None and (path == folder or is_entered(path)) and _is_folder(path):
            form = Form.TEXT
        if form is not None:
            yield Artifact(member + path[len(folder) :], FileSource(path), form=form, priority=priority)


def log_artifacts(
    node: Node, live: str, families: LogFamilies, *, priority: Priority = Priority.OTHER
) -> Iterator[Artifact]:
    """Name a log and its rotated ones, as far as they are there: they share one `--log-size`.

    Copies whose names do not tell their age (`web.log.old`) share another one, the last written first. There
    are at most MOST_FILES of all; that there are more becomes a gap.

    Args:
        node: the node.
        live: the absolute path of the live log.
        families: one for all logs of a collector's run, so that no folder is listed twice.
        priority: what goes last when a limit is hit.
    """
    members = families.members(live)
    aged = [(path, live, age) for age, path in enumerate(members, start=0 if members[:1] == [live] else 1)]
    copies = [(path, f"{live}.*", age) for age, path in enumerate(families.copies(live))]
    named = (
        log_artifact(node, path, family=family, age=age, priority=priority)
        for path, family, age in itertools.chain(aged, copies)
    )
    yield from _at_most(named, f"{node.member(live)}.*", priority)


def log_artifact(
    node: Node, path: str, *, family: str = "", age: int = 0, priority: Priority = Priority.OTHER
) -> Artifact:
    """Name one log, of which a window and a budget decide what is taken.

    Args:
        node: the node.
        path: absolute, on the machine that runs osvc_diag.
        family: the path of its live log, where it is not the live log itself.
        age: 0 for the live log, 1 for the newest rotated one, and so on.
        priority: what goes last when a limit is hit.
    """
    source = LogSource(path, family or path, age)
    return Artifact(node.member(path), source, form=Form.LOG, priority=priority)


def held_log_artifact(node: Node, log: HeldLog, *, priority: Priority = Priority.OTHER) -> Artifact:
    """Name a deleted log that a process still holds open, as `file/PATH.deleted-fdN`."""
    suffix = f".deleted-fd{log.holder.fd}"
    source = LogSource(log.path, family=log.path + suffix, held_by=log.holder)
    return Artifact(
        node.member(log.path) + suffix, source, form=Form.LOG, priority=priority, size_hint=log.size
    )


def document_artifact(
    name: str, compute: Callable[[], object], *, priority: Priority = Priority.OTHER
) -> Artifact:
    """Name what is computed when its turn comes, as `info/NAME.json`.

    Args:
        name: unique in the bundle: begin it with your collector's name.
        compute: returns anything that json.dumps takes. It runs in a thread that is given up when it hangs.
        priority: what goes last when a limit is hit.
    """
    return Artifact(f"info/{name}.json", DocumentSource(compute), form=Form.JSON, priority=priority)


def command_artifacts(
    name: str,
    argv: Sequence[str],
    *,
    form: Form = Form.TEXT,
    timeout: float = Command.timeout,
    limit: int = Command.limit,
    priority: Priority = Priority.OTHER,
    transform: Optional[Callable[[Iterator[bytes]], Iterator[bytes]]] = None,
) -> Iterator[Artifact]:
    """Name both outputs of a command, as `cmd/NAME.out` and `cmd/NAME.err`.

    Args:
        name: `COLLECTOR/WHAT`, unique in the bundle.
        argv: the program and its arguments; no shell sees them. A program without a slash is looked for in
            the system's own folders.
        form: how the redactor has to understand its standard output.
        timeout: seconds that it may take.
        limit: bytes kept of each output.
        priority: what goes last when a limit is hit.
        transform: decodes its standard output, block by block, before it is redacted.
    """
    command = Command(tuple(argv), timeout, limit)
    out = CommandSource(command, Stream.OUT, transform)
    yield Artifact(f"cmd/{name}.out", out, form=form, priority=priority)
    yield Artifact(f"cmd/{name}.err", CommandSource(command, Stream.ERR), priority=priority)


def _at_most(artifacts: Iterator[Artifact], rest: str, priority: Priority) -> Iterator[Artifact]:
    """Yield MOST_FILES artifacts, and where there are more, one in the name of the rest that is refused."""
    yield from itertools.islice(artifacts, MOST_FILES)
    if next(artifacts, None) is not None:
        yield Artifact(rest, DocumentSource(_refuse), priority=priority)


def _refuse() -> object:
    raise NotTakenError(f"there are more than {MOST_FILES} files: the others were left out")


def _is_folder(path: str) -> bool:
    """Tell whether a path that a walk gave is a folder that it could not list."""
    return not (os.path.islink(path) or os.path.isfile(path))
