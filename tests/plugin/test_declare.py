from __future__ import annotations

import os
import re

import pytest

from osvc_diag.node.node import Node
from osvc_diag.plugin import declare
from osvc_diag.plugin.artifact import DocumentSource, FileSource, Form, LogSource, Priority
from osvc_diag.plugin.declare import (
    document_artifact,
    file_artifact,
    file_artifacts,
    log_artifact,
    log_artifacts,
)
from osvc_diag.reading.families import LogFamilies
from osvc_diag.reading.trees import NotTakenError


def test_a_file_is_called_as_on_the_live_node(sample_tree):
    node = _node(sample_tree)
    artifact = file_artifact(node, node.layout.node_conf, form=Form.CONF, priority=Priority.CONF)
    assert artifact.name == "file/etc/opensvc/node.conf"
    assert artifact.source == FileSource(node.layout.node_conf)


def test_a_rotated_log_without_its_live_one_is_not_of_age_0(live_node):
    node = live_node()
    for name in ("a.log.1", "a.log.2"):
        open(f"{node.layout.log}/{name}", "w").close()
    live = f"{node.layout.log}/a.log"
    taken = list(log_artifacts(node, live, LogFamilies(node.trees)))
    assert [artifact.source for artifact in taken] == [
        LogSource(f"{live}.1", live, 1),
        LogSource(f"{live}.2", live, 2),
    ]


def test_one_log_is_a_family_of_its_own(live_node):
    node = live_node()
    path = f"{node.layout.log}/a.log"
    assert log_artifact(node, path).source == LogSource(path, path)


def test_a_document_is_computed_in_its_turn():
    turns = []
    artifact = document_artifact("mine", lambda: turns.append(1))
    assert artifact.name == "info/mine.json"
    assert isinstance(artifact.source, DocumentSource)
    assert artifact.form is Form.JSON
    assert turns == []


def test_files_of_a_folder_are_taken_by_their_whole_path(sample_tree):
    node = _node(sample_tree)
    forms = {Form.JSON: re.compile(r"capabilities\.json"), Form.TEXT: re.compile("node/frozen|list|frozen")}
    taken = list(file_artifacts(node, node.layout.var, forms, enter=re.compile("node")))
    assert [(artifact.name, artifact.form) for artifact in taken] == [
        ("file/var/lib/opensvc/capabilities.json", Form.JSON),
        ("file/var/lib/opensvc/node/frozen", Form.TEXT),
    ]


def test_a_folder_that_does_not_exist_has_no_files(live_node):
    node = live_node()
    everything = re.compile(".*")
    assert not list(file_artifacts(node, f"{node.layout.var}/x", {Form.TEXT: everything}, enter=everything))


def test_copies_of_unknown_age_share_a_budget_of_their_own(live_node):
    node = live_node()
    for second, name in enumerate(("a.log.bak", "a.log", "a.log.old")):
        open(f"{node.layout.log}/{name}", "w").close()
        os.utime(f"{node.layout.log}/{name}", (second, second))
    live = f"{node.layout.log}/a.log"
    assert [artifact.source for artifact in log_artifacts(node, live, LogFamilies(node.trees))] == [
        LogSource(live, live, 0),
        LogSource(f"{live}.old", f"{live}.*", 0),
        LogSource(f"{live}.bak", f"{live}.*", 1),
    ]


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(declare, "MOST_FILES", 3)


def test_a_flood_of_files_is_cut_and_told(live_node, few):
    node = live_node()
    for number in range(5):
        open(f"{node.layout.var}/last_{number}", "w").close()
    *taken, rest = file_artifacts(node, node.layout.var, {Form.TEXT: re.compile("last_.*")})
    assert [artifact.name[-6:] for artifact in taken] == ["last_0", "last_1", "last_2"]
    assert rest.name == node.member(node.layout.var) + "/*"
    with pytest.raises(NotTakenError, match="more than 3 files"):
        rest.source.compute()


def test_as_many_files_as_may_be_are_no_flood(live_node, few):
    node = live_node()
    for number in range(3):
        open(f"{node.layout.var}/last_{number}", "w").close()
    assert len(list(file_artifacts(node, node.layout.var, {Form.TEXT: re.compile("last_.*")}))) == 3


@pytest.mark.parametrize("name", ["a.log.old{}", "a.log.1.z{}"])
def test_a_flood_of_logs_is_cut_and_told(live_node, few, name):
    node = live_node()
    for number in range(5):
        open(f"{node.layout.log}/{name.format(number)}", "w").close()
    live = f"{node.layout.log}/a.log"
    *taken, rest = log_artifacts(node, live, LogFamilies(node.trees))
    assert len(taken) == 3
    assert rest.name == node.member(live) + ".*"
    assert isinstance(rest.source, DocumentSource)


def _node(sample_tree):
    return Node.discover(sample_tree())
