from __future__ import annotations

import dataclasses
import os

import pytest
from making_journals import exported, journal_path, write_journal

from osvc_diag.form import Form
from osvc_diag.gap import Gap, State
from osvc_diag.node.agent import Agent
from osvc_diag.plugin.artifact import Artifact, Priority
from osvc_diag.plugin.plugin_manager import load_plugins
from osvc_diag.plugin.sources import JournalSource
from osvc_diag.run.resolving import Resolver


@pytest.fixture(scope="module")
def collectors():
    with load_plugins() as plugins:
        return {collector.name: collector for collector in plugins.collectors}


@pytest.fixture
def declared(collectors, om3):
    """Return what a collector names on the node, resolved."""

    def run(name, *selectors, node=om3):
        resolver = Resolver(node)
        found = []
        for one in collectors[name].collect(node, node.select(selectors)):
            found += [one] if isinstance(one, Gap) else resolver.artifacts(one)
        return found

    return run


def test_an_objects_records_are_named_as_its_log_would_be(declared, give_journal):
    give_journal()
    found = declared("object-journal", "svc1", "prod/svc/web")
    assert [artifact.name for artifact in found] == [
        "cmd/object-journal/namespaces/prod/svc/web.log",
        "cmd/object-journal/namespaces/prod/svc/web.jsonl",
        "cmd/object-journal/svc1.log",
        "cmd/object-journal/svc1.jsonl",
    ]
    assert [artifact.form for artifact in found[:2]] == [Form.LOG, Form.JSON_LINES]
    assert {artifact.priority for artifact in found} == {Priority.SELECTED_LOG}
    assert found[0].source == JournalSource((("_UID=0", "OBJ_PATH=prod/svc/web"),))


def test_both_collectors_are_om3s(collectors):
    assert collectors["object-journal"].agents == collectors["node-journal"].agents == ("om3",)


def test_what_is_wrong_with_the_journal_is_told_once(declared):
    assert declared("object-journal", "svc1") == []
    assert [gap.state for gap in declared("node-journal")] == [State.MISSING]


def test_a_node_of_which_nobody_knows_the_agent_has_no_gap_without_a_journal(declared, om3):
    unknown = dataclasses.replace(om3, agent=Agent())
    assert declared("node-journal", node=unknown) == []


def test_a_damaged_file_is_told_and_the_others_are_read(declared, give_journal):
    give_journal()
    os.truncate(give_journal(name="system@1.journal"), 4096)
    gap, *artifacts = declared("node-journal")
    assert gap.state is State.FAILED
    assert [artifact.name for artifact in artifacts if isinstance(artifact, Artifact)][:2] == [
        "cmd/node-journal/om.log",
        "cmd/node-journal/om.jsonl",
    ]


def test_a_verification_names_the_files_of_a_copy(declared, om3):
    path = write_journal(journal_path(om3.root), exported([{"MESSAGE": "x"}]))
    command = declared("node-journal")[-1].source.command
    assert command.argv == ("journalctl", "--verify", f"--file={path}")
    assert command.below_root
