"""Asks collectors for artifacts and puts those in order; nothing big is read."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
from typing import TYPE_CHECKING, Optional

from osvc_diag.bundle.headers import check_member_name
from osvc_diag.form import Form
from osvc_diag.gap import Gap, State
from osvc_diag.plugin.artifact import Artifact, Artifacts, Priority
from osvc_diag.plugin.foreign import Told, told_by
from osvc_diag.plugin.sources import (
    CommandSource,
    DocumentSource,
    FileSource,
    JournalSource,
    LogSource,
    Source,
    Stream,
)
from osvc_diag.reading.patience import PatientReader, StalledError
from osvc_diag.reading.trees import NotTakenError
from osvc_diag.run.plan import Plan
from osvc_diag.run.resolving import Resolver

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from osvc_diag.node.node import Node
    from osvc_diag.objects.naming import ObjectPath
    from osvc_diag.plugin.collector import Collector
    from osvc_diag.plugin.options import Value
    from osvc_diag.reading.trees import Trees
    from osvc_diag.run.choice import Choice

TOPS = ("file/", "info/", "cmd/")
"""Where artifacts lie in a bundle; beside them are its own pages."""
MOST_ARTIFACTS = 200_000  # of one collector: 5,000 objects have about 100,000; a manifest reads back 300,000
MEASURING_TIMEOUT = 20.0  # seconds for the sizes of all files


def make_plan(
    node: Node,
    objects: Sequence[ObjectPath],
    collectors: Iterable[Collector],
    patient: PatientReader,
    *,
    log_size: int,
    is_limited: bool = False,
    choice: Optional[Choice] = None,
    values: Optional[Mapping[str, Mapping[str, Value]]] = None,
) -> Plan:
    """Call each collector alone, and merge what they name.

    Args:
        node: the node.
        objects: the selected ones.
        collectors: where two give different sources one name, the first of them has it.
        patient: gives up a collector that does not return.
        log_size: bytes kept of each family of logs.
        is_limited: whether the size of the bundle is.
        choice: what of it is wanted; None is all.
        values: of the options of collectors, by their names; None is the defaults.
    """
    merged = _Merged()
    gaps: list[Gap] = []
    resolver = Resolver(node)
    for collector in collectors:
        own = collector.objects_of(node, objects)
        if own is None:
            if choice is not None and choice.names(collector):
                gaps.append(
                    Gap(State.SKIPPED, f"it is for {collector.audience}: here is none", collector.name)
                )
            continue
        told = (values or {}).get(collector.name, {})
        named, problems = _Naming(collector, resolver.of(collector), told).ask(node, own, patient)
        if choice is not None:
            problems = [gap for gap in problems if choice.tells(collector, gap)]
            named = [artifact for artifact in named if choice.takes(collector, artifact)]
        gaps += problems
        gaps += _not_run(collector.name, named, node)
        for artifact in named:
            if node.live or not _tells_of_this_machine(artifact):
                merged.add(collector.name, _as_conf(artifact, node))
    granted = resolver.granted
    trees = node.trees.granting(granted.__contains__)
    artifacts = merged.artifacts(_sizes(merged.named(), trees, patient))
    turn = functools.partial(_turn, is_limited=is_limited)
    return Plan(tuple(sorted(artifacts, key=turn)), (*gaps, *merged.gaps), log_size, granted)


def _tells_of_this_machine(artifact: Artifact) -> bool:
    """Tell whether an artifact would tell of this machine where a copy of another one is read."""
    return isinstance(artifact.source, CommandSource) and not artifact.source.command.below_root


def _not_run(collector: str, named: Iterable[Artifact], node: Node) -> list[Gap]:
    commands = {artifact.source for artifact in named if _tells_of_this_machine(artifact)}
    if node.live or not commands:
        return []
    return [Gap(State.SKIPPED, "no command is run where a copy of a node's files is read", collector)]


class _Naming:
    """One collector naming its artifacts; what it named before something went wrong counts."""

    def __init__(self, collector: Collector, resolver: Resolver, values: Mapping[str, Value]) -> None:
        self._collector = collector
        self._values = values
        self._resolver = resolver
        self._named: list[Artifact] = []
        self._gaps: list[Gap] = []
        self._is_over = False

    def ask(
        self, node: Node, objects: Sequence[ObjectPath], patient: PatientReader
    ) -> tuple[Sequence[Artifact], Sequence[Gap]]:
        """Have it name them all, and return what it named and what went wrong."""
        problem: Optional[Gap] = None
        try:
            patient.call(lambda: self._listen(node, objects), timeout=self._collector.timeout)
        except StalledError as error:
            problem = self._gap(State.TIMEOUT, str(error))
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything
            problem = self._gap(State.FAILED, told_by(error))
        self._is_over = True
        # Copies: a thread that was left behind may still be at it.
        return tuple(self._named), tuple(self._gaps) + ((problem,) if problem else ())

    def _listen(self, node: Node, objects: Sequence[ObjectPath]) -> None:
        for declared in self._collector.declared(node, objects, self._values):
            if self._is_over:
                return
            try:
                if isinstance(declared, (Artifact, Artifacts)):
                    for item in self._resolver.artifacts(declared):
                        self._take(item)
                else:
                    self._take(declared)
            except (AttributeError, TypeError, ValueError) as error:
                self._gaps.append(self._gap(State.FAILED, str(error)))

    def _take(self, item: object) -> None:
        if len(self._named) + len(self._gaps) == MOST_ARTIFACTS:
            raise OverflowError(f"more than {MOST_ARTIFACTS} artifacts")
        if isinstance(item, Gap):
            self._gaps.append(dataclasses.replace(item, collector=self._collector.name))
        else:
            self._named.append(_sound(item))

    def _gap(self, state: State, reason: str) -> Gap:
        return Gap(state, Told.of(reason).behind("naming its artifacts: "), self._collector.name)


def _sound(artifact: object) -> Artifact:
    """Refuse what is no artifact here, where it costs one of them, and not where it is used.

    Raises:
        TypeError: it is something else, or made of something else.
        ValueError: its name, form or priority is none.
    """
    if not isinstance(artifact, Artifact) or not isinstance(artifact.name, str):
        raise TypeError(f"{type(artifact).__name__} is no Artifact")
    if not isinstance(artifact.source, (FileSource, LogSource, DocumentSource, CommandSource, JournalSource)):
        raise TypeError(f"{artifact.name!a} has no source, but {type(artifact.source).__name__}")
    if not isinstance(artifact.size_hint, (int, type(None))):
        raise TypeError(f"{artifact.name!a} has a size that is no number")
    check_member_name(artifact.name)
    if not artifact.name.startswith(TOPS):
        raise ValueError(f"{artifact.name!a} does not lie in {' or '.join(TOPS)}")
    if isinstance(artifact.form, Form) and isinstance(artifact.priority, Priority):
        return artifact
    return dataclasses.replace(artifact, form=Form(artifact.form), priority=Priority(artifact.priority))


def _as_conf(artifact: Artifact, node: Node) -> Artifact:
    """Have a configuration redacted as one, whatever a plugin calls it: only so are short secrets seen."""
    path = _path(artifact) or ""
    is_conf = path.endswith(".conf") and path.startswith(f"{node.layout.etc}/")
    return dataclasses.replace(artifact, form=Form.CONF) if is_conf else artifact


class _Merged:
    """Artifacts by member name; one source is taken once, whoever asks for it."""

    def __init__(self) -> None:
        self._named: dict[str, Artifact] = {}
        self._collectors: dict[str, tuple[str, ...]] = {}
        self.gaps: list[Gap] = []

    def add(self, collector: str, artifact: Artifact) -> None:
        name = artifact.name
        known = self._named.get(name)
        if known is None:
            self._named[name] = artifact
            self._collectors[name] = (collector,)
        elif _is_same(known.source, artifact.source):
            self._collectors[name] = tuple(dict.fromkeys((*self._collectors[name], collector)))
            if artifact.priority < known.priority:
                self._named[name] = dataclasses.replace(known, priority=artifact.priority)
        else:
            reason = f"the name is taken by another source, of {self._collectors[name][0]}"
            self.gaps.append(Gap(State.FAILED, reason, collector, name))

    def named(self) -> list[Artifact]:
        """Return them as they were first named."""
        return list(self._named.values())

    def artifacts(self, sizes: Mapping[str, int]) -> list[Artifact]:
        """Return them with who asked for each, and its size where it is known now."""
        return [
            dataclasses.replace(
                artifact, collectors=self._collectors[name], size_hint=sizes.get(name, artifact.size_hint)
            )
            for name, artifact in self._named.items()
        ]


def _is_same(one: Source, other: Source) -> bool:
    if isinstance(one, (CommandSource, JournalSource)):
        return one == other
    return not isinstance(one, DocumentSource) and one.path == getattr(other, "path", None)


def _path(artifact: Artifact) -> Optional[str]:
    source = artifact.source
    return None if isinstance(source, (DocumentSource, CommandSource, JournalSource)) else source.path


def _sizes(artifacts: Sequence[Artifact], trees: Trees, patient: PatientReader) -> dict[str, int]:
    """Return the sizes that are not known yet, by name; where looking fails, reading will say why."""
    sizes: dict[str, int] = {}

    def measure() -> None:
        with trees.neighbours() as near:
            for artifact in artifacts:
                path = _path(artifact)
                if path is not None and artifact.size_hint is None:
                    with contextlib.suppress(OSError, ValueError, NotTakenError):
                        sizes[artifact.name] = near.look(path).st_size

    with contextlib.suppress(StalledError):
        patient.call(measure, timeout=MEASURING_TIMEOUT)
    return dict(sizes)  # a copy: a thread that was left behind may still be at it


def _turn(artifact: Artifact, *, is_limited: bool) -> tuple[bool, int, str, int, str]:
    """Order by priority; a family of logs stays together, the newest first, and so do a command's outputs.

    Commands come last: they run while files are read, and one that hangs keeps nothing else from the bundle.
    Where its size is limited, they come when their priority has it.
    """
    source, place, rank = artifact.source, artifact.name, 0
    is_command = isinstance(source, CommandSource)
    if isinstance(source, LogSource):
        place, rank = source.family, source.age
    elif isinstance(source, JournalSource):
        place = source.family
    elif isinstance(source, CommandSource):
        place, rank = os.path.splitext(artifact.name)[0], int(source.stream is Stream.ERR)
    return (is_command and not is_limited, artifact.priority, place, rank, artifact.name)
