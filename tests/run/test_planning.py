"""What is planned: in which order, how large, and once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Callable

import pytest

from osvc_diag.form import Form
from osvc_diag.node.node import Node
from osvc_diag.plugin.artifact import Artifact, Priority
from osvc_diag.plugin.collector import Collector
from osvc_diag.plugin.sources import Command, CommandSource, DocumentSource, FileSource, LogSource, Stream
from osvc_diag.reading.patience import PatientReader
from osvc_diag.run.planning import make_plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osvc_diag.run.plan import Plan


@pytest.fixture
def patient() -> Iterator[PatientReader]:
    reader = PatientReader()
    yield reader
    reader.close()


def planned(node: Node, patient: PatientReader, *artifacts: Artifact, log_size: int = 1_000) -> Plan:
    collectors = [Collector("all", "of the test", lambda node, objects: artifacts)]
    return make_plan(node, [], collectors, patient, log_size=log_size)


def log(
    name: str, family: str = "", age: int = 0, size: int = 0, priority: Priority = Priority.OTHER
) -> Artifact:
    source = LogSource(f"/{name}", family or f"/{name}", age)
    return Artifact(f"file/{name}", source, form=Form.LOG, priority=priority, size_hint=size)


def test_what_matters_most_comes_first_and_a_family_stays_together_newest_first(
    live_node: Callable[[], Node], patient: PatientReader
) -> None:
    plan = planned(
        live_node(),
        patient,
        log("b.log.2", "/b.log", 2),
        log("node.log", priority=Priority.NODE_LOG),
        log("b.log", age=0),
        log("a.log", priority=Priority.SELECTED_LOG),
        Artifact("info/z.json", DocumentSource(dict), priority=Priority.STATE),
        log("b.log.1", "/b.log", 1),
        Artifact("file/c.conf", FileSource("/c.conf"), priority=Priority.CONF, size_hint=1),
    )
    assert [artifact.name for artifact in plan.artifacts] == [
        "info/z.json",
        "file/c.conf",
        "file/a.log",
        "file/node.log",
        "file/b.log",
        "file/b.log.1",
        "file/b.log.2",
    ]


def test_what_will_be_read_counts_the_budget_of_each_family(
    live_node: Callable[[], Node], patient: PatientReader
) -> None:
    plan = planned(
        live_node(),
        patient,
        log("a.log", size=700),
        log("a.log.1", "/a.log", 1, size=700),
        log("b.log", size=300),
        Artifact("file/c.conf", FileSource("/c.conf"), size_hint=50),
        Artifact("info/d.json", DocumentSource(dict)),
    )
    assert plan.source_bytes == 1_000 + 300 + 50
    assert plan.pages_bytes < plan.expected_bytes < plan.pages_bytes + plan.source_bytes


def test_sizes_are_found_out_without_reading(live_node: Callable[[], Node], patient: PatientReader) -> None:
    node = live_node()
    path = os.path.join(node.layout.log, "node.log")
    with open(path, "wb") as file:
        file.truncate(1 << 40)
    here, gone = (Artifact(f"file/{name}", FileSource(at)) for name, at in (("a", path), ("b", path + ".1")))
    plan = planned(node, patient, here, gone)
    assert [artifact.size_hint for artifact in plan.artifacts] == [1 << 40, None]


def test_the_more_important_of_two_wishes_for_one_source_counts(
    live_node: Callable[[], Node], patient: PatientReader
) -> None:
    first, second = (log("a.log", priority=priority) for priority in (Priority.OTHER, Priority.STATE))
    collectors = [
        Collector("one", "", lambda node, objects: [first]),
        Collector("two", "", lambda node, objects: [second]),
    ]
    (artifact,) = make_plan(live_node(), [], collectors, patient, log_size=1).artifacts
    assert artifact.collectors == ("one", "two")
    assert artifact.priority is Priority.STATE


def test_a_form_and_a_priority_that_are_plain_values_are_understood(
    live_node: Callable[[], Node], patient: PatientReader
) -> None:
    plain = Artifact("file/c.conf", FileSource("/c.conf"), form="conf", priority=20)  # type: ignore[arg-type]
    (artifact,) = planned(live_node(), patient, plain).artifacts
    assert artifact.form is Form.CONF
    assert artifact.priority is Priority.CONF


def test_a_collector_gets_the_node_and_the_objects(
    live_node: Callable[[], Node], patient: PatientReader
) -> None:
    node = live_node()
    got = []
    collectors = [Collector("one", "", lambda node, objects: got.append((node, objects)) or [])]
    assert make_plan(node, [], collectors, patient, log_size=1).artifacts == ()
    assert got == [(node, [])]


def outputs(name: str, *argv: str, below_root: bool = False) -> list[Artifact]:
    command = Command(argv, below_root=below_root)
    return [
        Artifact(f"cmd/{name}.{stream.value}", CommandSource(command, stream), priority=Priority.STATE)
        for stream in (Stream.ERR, Stream.OUT)
    ]


@pytest.mark.parametrize("is_limited", [False, True])
def test_commands_come_last_unless_room_is_short_and_their_outputs_stay_together(
    live_node: Callable[[], Node], patient: PatientReader, is_limited: bool
) -> None:
    artifacts = [*outputs("b", "b"), *outputs("a", "a"), log("x.log")]
    collectors = [Collector("all", "of the test", lambda node, objects: artifacts)]
    plan = make_plan(live_node(), [], collectors, patient, log_size=1, is_limited=is_limited)
    commands = ["cmd/a.out", "cmd/a.err", "cmd/b.out", "cmd/b.err"]
    expected = [*commands, "file/x.log"] if is_limited else ["file/x.log", *commands]
    assert [artifact.name for artifact in plan.artifacts] == expected


def test_on_a_copy_only_what_reads_below_it_is_run_and_the_rest_is_one_gap(
    sample_tree: Callable[..., str], patient: PatientReader
) -> None:
    node = Node.discover(sample_tree())
    artifacts = [*outputs("a", "a"), *outputs("b", "b"), *outputs("c", "c", below_root=True)]
    plan = planned(node, patient, *artifacts)
    assert [artifact.name for artifact in plan.artifacts] == ["cmd/c.out", "cmd/c.err"]
    assert [(gap.state.value, gap.collector) for gap in plan.gaps] == [("skipped", "all")]


def test_one_command_of_two_collectors_is_run_once(
    live_node: Callable[[], Node], patient: PatientReader
) -> None:
    collectors = [Collector(name, "", lambda node, objects: outputs("a", "a")) for name in ("one", "two")]
    plan = make_plan(live_node(), [], collectors, patient, log_size=1)
    assert plan.gaps == ()
    assert [artifact.collectors for artifact in plan.artifacts] == [("one", "two")] * 2
