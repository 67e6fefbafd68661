"""Makes of what a collector declares the artifacts of a plan: names them, and finds the files of several."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Callable, Optional, Union

from osvc_diag.form import Form
from osvc_diag.gap import Gap, State
from osvc_diag.objects.globs import is_glob
from osvc_diag.objects.layout import live_log
from osvc_diag.plugin.artifact import Artifact, Artifacts
from osvc_diag.plugin.sources import (
    CommandSource,
    FamilySource,
    FileSource,
    GlobSource,
    JournalSource,
    LogSource,
    OutputSource,
    RecordsSource,
    Stream,
)
from osvc_diag.reading.families import LogFamilies
from osvc_diag.reading.patterns import Patterns
from osvc_diag.reading.trees import NotTakenError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osvc_diag.node.node import Node
    from osvc_diag.plugin.collector import Collector

MOST_FILES = 10_000
"""Of one declaration: below the agent's folders a service's user may make as many as there are inodes."""


class Resolver:
    """Resolves the declarations of one run; each folder of logs is listed once, whoever asks for it."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._trees = node.trees
        self._families = LogFamilies(node.trees)
        self._grants: Optional[Callable[[str], bool]] = None
        self._granted: set[str] = set()

    def of(self, collector: Collector) -> Resolver:
        """Return one that looks into the folders of a collector, too."""
        if not collector.folders:
            return self
        granting = Resolver(self._node)
        granting._granted = self._granted
        granting._grants = collector.grants
        granting._trees = self._trees.granting(collector.grants)
        granting._families = LogFamilies(granting._trees)
        return granting

    @property
    def granted(self) -> frozenset[str]:
        """The files in collectors' own folders that were declared so far, as the node calls them."""
        return frozenset(self._granted)

    def artifacts(self, declared: Union[Artifact, Artifacts]) -> Iterator[Union[Artifact, Gap]]:
        """Yield what a declaration comes to, named; only folders are looked into.

        More than MOST_FILES are cut, and a gap.

        Raises:
            ValueError: a path or a pattern is none.
        """
        for item in self._resolved(declared):
            source = item.source if isinstance(item, Artifact) else None
            if self._grants is not None and isinstance(source, (FileSource, LogSource)):
                path = self._trees.on_node(source.path)
                if self._grants(path):
                    self._granted.add(path)
            if isinstance(item, Artifact) and declared.profile is not None:
                item = replace(item, profile=declared.profile)  # noqa: PLW2901 - the same, told more of
            yield item

    def _resolved(self, declared: Union[Artifact, Artifacts]) -> Iterator[Union[Artifact, Gap]]:
        if isinstance(declared, Artifact):
            artifact = self._named(declared)
            if self._is_there(artifact):
                yield artifact
            return
        source = declared.source
        if isinstance(source, GlobSource):
            self._check_glob(source)
            source = replace(source, folder=self._here(source.folder))
            files = self._files(declared, source)
            found = self._as_logs(files, declared) if declared.form is Form.LOG else files
            yield from _at_most(found, f"{self._node.member(source.folder)}/*")
        elif isinstance(source, FamilySource):
            named = source.live
            source = replace(source, live=self._here(named), also=tuple(map(self._here, source.also)))
            logs = _first_of(self._logs(declared, source))
            if logs is None and is_glob(named):
                folder, name = os.path.split(named)
                instead = f"from_glob({folder!a}, {name!a}, form=Form.LOG)"
                raise ValueError(f"there is no log {named!a}, taken literally: {instead} takes a pattern")
            yield from _at_most(logs or iter(()), f"{self._node.member(source.live)}.*")
        elif isinstance(source, OutputSource):
            out, err = (CommandSource(source.command, stream) for stream in (Stream.OUT, Stream.ERR))
            form = declared.form or Form.TEXT
            out = replace(out, transform=source.transform)
            yield Artifact(f"{declared.name}.out", out, form, declared.priority)
            yield Artifact(f"{declared.name}.err", err, Form.TEXT, declared.priority)
        elif isinstance(source, RecordsSource):
            for suffix, form, as_text in ((".log", Form.LOG, True), (".jsonl", Form.JSON_LINES, False)):
                records = JournalSource(source.matches, as_text, source.expected)
                yield Artifact(f"{declared.name}{suffix}", records, form, declared.priority)
        else:
            raise TypeError(f"{declared.name!a} has no source, but {type(source).__name__}")

    def _named(self, artifact: Artifact) -> Artifact:
        if artifact.name != "" or not isinstance(artifact.source, FileSource):
            return artifact
        source = artifact.source
        here = self._here(source.path)
        source = source if here == source.path else replace(source, path=here)
        return replace(artifact, name=self._node.member(here), source=source)

    def _here(self, path: str) -> str:
        """Return where a path is on this machine, be it from the node's layout, or as the node calls it."""
        if not os.path.isabs(path):
            raise ValueError(f"{path!a} is not absolute: write the path as the node calls it")
        root = self._node.root
        if root is None or path.startswith(f"{root.rstrip(os.sep)}/"):
            return path
        return root.rstrip(os.sep) + path

    def _check_glob(self, source: GlobSource) -> None:
        """Refuse what can find nothing, and would say nothing."""
        if not source.patterns:
            raise ValueError(f"from_glob({source.folder!a}) has no pattern: '*' takes every file in it")
        if is_glob(source.folder):
            try:
                self._trees.look(self._here(source.folder))
            except (FileNotFoundError, NotADirectoryError):
                what = f"there is no folder {source.folder!a}, taken literally"
                raise ValueError(f"{what}: write a pattern behind it, as in '*/x'") from None
            except (OSError, NotTakenError):
                pass

    def _is_there(self, artifact: Artifact) -> bool:
        """Tell whether a file is worth naming; what cannot be told is, so that it becomes a gap."""
        if not isinstance(artifact.source, FileSource) or artifact.source.expected:
            return True
        try:
            self._trees.look(artifact.source.path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except (OSError, NotTakenError):
            pass
        return True

    def _files(self, declared: Artifacts, source: GlobSource) -> Iterator[Artifact]:
        folder = source.folder.rstrip(os.sep) or os.sep
        wanted, unwanted = Patterns.of(source.patterns), Patterns.of(source.without)
        member = self._node.member(folder)  # once: there may be thousands of files
        start = len(folder) + 1

        def is_entered(path: str) -> bool:
            return wanted.folders.fullmatch(path, start) is not None

        for path in self._trees.walk(folder, is_entered):
            is_file = wanted.files.fullmatch(path, start) and not unwanted.files.fullmatch(path, start)
            if is_file or ((path == folder or is_entered(path)) and _is_folder(path)):
                form = declared.form or Form.of(path)
                yield Artifact(member + path[len(folder) :], FileSource(path), form, declared.priority)

    def _as_logs(self, files: Iterator[Artifact], declared: Artifacts) -> Iterator[Artifact]:
        """Yield files as the logs that they are, each family once, whichever of its files was found."""
        lives: dict[str, str] = {}
        for artifact in files:
            assert isinstance(artifact.source, FileSource)
            path = artifact.source.path
            lives.setdefault(live_log(path) or path, path)
        for live, path in lives.items():
            for log in list(self._family(live)) or [LogSource(path, live)]:
                yield Artifact(self._node.member(log.path), log, Form.LOG, declared.priority)

    def _logs(self, declared: Artifacts, source: FamilySource) -> Iterator[Artifact]:
        """Yield a family: the rotated ones by age, with a budget of their own those that do not tell it."""
        logs = [log for live in (source.live, *source.also) for log in self._family(live)]
        # In a folder that may not be listed the live log is named all the same: the refusal is a gap.
        is_named = source.expected or not self._families.is_listed(os.path.dirname(source.live))
        if is_named and (not logs or logs[0].path != source.live):
            logs.insert(0, LogSource(source.live, source.live))
        for log in logs:
            yield Artifact(self._node.member(log.path), log, declared.form or Form.LOG, declared.priority)

    def _family(self, live: str) -> Iterator[LogSource]:
        members = self._families.members(live)
        for age, path in enumerate(members, start=0 if members[:1] == [live] else 1):
            yield LogSource(path, live, age)
        for age, path in enumerate(self._families.copies(live)):
            yield LogSource(path, f"{live}.*", age)


def _first_of(artifacts: Iterator[Artifact]) -> Optional[Iterator[Artifact]]:
    """Return the same again; None where there is none."""
    first = next(artifacts, None)
    return None if first is None else itertools.chain((first,), artifacts)


def _at_most(artifacts: Iterator[Artifact], rest: str) -> Iterator[Union[Artifact, Gap]]:
    """Yield MOST_FILES artifacts, and where there are more, a gap in the name of the rest."""
    yield from itertools.islice(artifacts, MOST_FILES)
    if next(artifacts, None) is not None:
        reason = f"there are more than {MOST_FILES} files: the others were left out"
        yield Gap(State.SKIPPED, reason, artifact=rest)


def _is_folder(path: str) -> bool:
    """Tell whether a path that a walk gave is a folder that it could not list."""
    return not (os.path.islink(path) or os.path.isfile(path))
