"""Asks collectors for artifacts and puts those in order; nothing big is read."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING, Optional

from osvc_diag.artifact import Artifact, DocumentSource, LogSource
from osvc_diag.bundle.headers import check_member_name
from osvc_diag.bundle.manifest import Gap, State
from osvc_diag.errors import BundleError
from osvc_diag.reading.patience import PatientReader, StalledError
from osvc_diag.reading.trees import NotTakenError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from osvc_diag.collector import Collector
    from osvc_diag.naming import ObjectPath
    from osvc_diag.node import Node

EXPECTED_RATIO = 5  # of text to archive; agent logs reach 7 to 9
OVERHEAD = 256 * 1024  # bytes for the manifest and the front page


@dataclasses.dataclass(frozen=True)
class Plan:
    """The artifacts of a run, in the order of reading."""

    artifacts: tuple[Artifact, ...]
    gaps: tuple[Gap, ...]
    log_size: int
    """Bytes kept of a log and its rotated ones."""

    @property
    def source_bytes(self) -> int:
        """What will be read at most, in bytes: the budget of each family of logs counts."""
        families: dict[str, int] = {}
        total = 0
        for artifact in self.artifacts:
            size = artifact.size_hint or 0
            if isinstance(artifact.source, LogSource):
                family = artifact.source.family
                families[family] = min(self.log_size, families.get(family, 0) + size)
            else:
                total += size
        return total + sum(families.values())

    @property
    def expected_bytes(self) -> int:
        """About how large the archive will be."""
        return self.source_bytes // EXPECTED_RATIO + OVERHEAD


def make_plan(
    node: Node,
    objects: Sequence[ObjectPath],
    collectors: Iterable[Collector],
    patient: PatientReader,
    *,
    log_size: int,
) -> Plan:
    """Call each collector alone, and merge what they name.

    Args:
        node: the node.
        objects: the selected ones.
        collectors: sorted by name.
        patient: gives up a collector that does not return.
        log_size: bytes kept of each family of logs.
    """
    merged = _Merged()
    gaps: list[Gap] = []
    for collector in collectors:
        named: list[Artifact] = []
        problem = _ask(collector, node, objects, patient, named)
        if problem is not None:
            gaps.append(problem)
        for artifact in named:
            merged.add(collector.name, artifact)
    artifacts = [_measured(artifact, node) for artifact in merged.artifacts.values()]
    return Plan(tuple(sorted(artifacts, key=_turn)), (*gaps, *merged.gaps), log_size)


def _ask(
    collector: Collector,
    node: Node,
    objects: Sequence[ObjectPath],
    patient: PatientReader,
    named: list[Artifact],
) -> Optional[Gap]:
    try:
        patient.call(lambda: named.extend(collector.collect(node, objects)), timeout=collector.timeout)
    except StalledError as error:
        return Gap(State.TIMEOUT, f"naming its artifacts: {error}", collector.name)
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything
        return Gap(State.FAILED, f"naming its artifacts: {type(error).__name__}: {error}", collector.name)
    return None


class _Merged:
    """Artifacts by member name; one source is taken once, whoever asks for it."""

    def __init__(self) -> None:
        self.artifacts: dict[str, Artifact] = {}
        self.gaps: list[Gap] = []

    def add(self, collector: str, artifact: Artifact) -> None:
        try:
            check_member_name(artifact.name)
        except BundleError as error:
            self.gaps.append(Gap(State.FAILED, str(error), collector))
            return
        known = self.artifacts.get(artifact.name)
        if known is None:
            self.artifacts[artifact.name] = dataclasses.replace(artifact, collectors=(collector,))
        elif _path(known) is not None and _path(known) == _path(artifact):
            self.artifacts[artifact.name] = dataclasses.replace(
                known,
                collectors=tuple(dict.fromkeys((*known.collectors, collector))),
                priority=min(known.priority, artifact.priority),
            )
        else:
            reason = f"the name is taken by another source, of {known.collectors[0]}"
            self.gaps.append(Gap(State.FAILED, reason, collector, artifact.name))


def _path(artifact: Artifact) -> Optional[str]:
    return None if isinstance(artifact.source, DocumentSource) else artifact.source.path


def _measured(artifact: Artifact, node: Node) -> Artifact:
    path = _path(artifact)
    if path is None or artifact.size_hint is not None:
        return artifact
    try:
        opened = node.trees.open(path)
    except (OSError, NotTakenError):
        return artifact  # reading it will say why
    os.close(opened.fd)
    return dataclasses.replace(artifact, size_hint=opened.status.st_size)


def _turn(artifact: Artifact) -> tuple[int, str, int, str]:
    """Order by priority; a family of logs stays together, the newest first."""
    source = artifact.source
    if isinstance(source, LogSource):
        return (artifact.priority, source.family, source.age, artifact.name)
    return (artifact.priority, artifact.name, 0, artifact.name)
