from __future__ import annotations

import os
import shutil

import pytest

from osvc_diag.form import Form
from osvc_diag.node.node import Node
from osvc_diag.plugin.artifact import Priority
from osvc_diag.reading.bounds import Bounds
from osvc_diag.reading.sources import Outcome, SourceReader

LOGS = "file/var/log/opensvc"


def names(artifacts):
    return [artifact.name for artifact in artifacts]


def touch(node, *paths):
    for path in paths:
        full = f"{node.layout.log}/{path}"
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="ascii") as file:
            file.write("2026-11-22 19:51:30,841 INFO n:node1 | x\n")


def read_whole(node, artifact):
    reader = SourceReader(node.trees, Bounds(), 1 << 20)
    return b"".join(reader.read(artifact, Outcome()))


class TestNodeLog:
    def test_live_and_rotated_logs_share_a_family(self, take, sample):
        node = sample()
        taken = take("node-log", node)
        assert names(taken) == [
            f"{LOGS}/node.log",
            f"{LOGS}/node.log.1.gz",
            f"{LOGS}/node.scheduler.log",
            f"{LOGS}/xmlrpc.log",
        ]
        node_log = f"{node.layout.log}/node.log"
        assert [(artifact.source.family, artifact.source.age) for artifact in taken[:2]] == [
            (node_log, 0),
            (node_log, 1),
        ]
        assert {(artifact.form, artifact.priority) for artifact in taken} == {(Form.LOG, Priority.NODE_LOG)}

    def test_xmlrpc_log_has_five_rotated_ones(self, take, own):
        touch(own, *(f"xmlrpc.log.{number}" for number in (5, 1, 3, 2, 4)))
        taken = [artifact for artifact in take("node-log", own) if "xmlrpc" in artifact.name]
        assert [(artifact.name[-2:], artifact.source.age) for artifact in taken] == [
            ("og", 0),
            (".1", 1),
            (".2", 2),
            (".3", 3),
            (".4", 4),
            (".5", 5),
        ]

    def test_a_deleted_node_log_is_named_so_that_the_manifest_tells(self, take, own):
        os.unlink(f"{own.layout.log}/node.log")
        assert names(take("node-log", own))[:2] == [f"{LOGS}/node.log", f"{LOGS}/node.log.1.gz"]

    def test_om3_logs_to_the_journal_and_its_missing_logs_are_no_gap(self, take, tmp_path):
        for folder in ("etc/opensvc", "var/log/opensvc", "var/lib/opensvc"):
            (tmp_path / folder).mkdir(parents=True)
        (tmp_path / "var/lib/opensvc/capabilities-v3.json").write_text("[]")
        node = Node.discover(str(tmp_path))
        assert node.agent.kind == "om3"
        assert take("node-log", node) == []

    def test_the_log_of_a_service_called_node_something_is_not_the_nodes(self, take, own):
        touch(own, "node2.log", "nodes.log", "node.log2", "node.logs.log")
        assert len(take("node-log", own)) == 4

    def test_a_log_that_the_daemon_still_writes_after_it_was_deleted_is_taken(
        self, take, live_node, holding_process
    ):
        node = live_node()
        path = f"{node.layout.log}/node.log"
        pid, fd = holding_process(path, b"2026-11-22 19:51:30,841 INFO n:node1 | lost\n")
        touch(node, "node.log")
        with open(f"{node.layout.var}/osvcd.pid", "w", encoding="ascii") as file:
            file.write(f"{pid}\n")
        taken = take("node-log", node)
        assert names(taken) == [f"file{path}", f"file{path}.deleted-fd{fd}"]
        assert read_whole(node, taken[1]) == b"2026-11-22 19:51:30,841 INFO n:node1 | lost\n"
        assert taken[1].source.family != taken[0].source.family
        assert taken[1].size_hint == 44

    @pytest.mark.parametrize("pid_file", ["stale", "none"])
    def test_a_log_that_a_process_without_a_pid_file_still_writes_is_taken(
        self, take, live_node, holding_process, ended_pid, pid_file
    ):
        node = live_node()
        path = f"{node.layout.log}/namespaces/prod/svc/web.log"
        os.makedirs(os.path.dirname(path))
        pid, fd = holding_process(
            f"{path}.1", b"2026-11-22 19:51:30,841 INFO o:prod/svc/web | rotated away\n"
        )
        if pid_file == "stale":
            with open(f"{node.layout.var}/osvcd.pid", "w", encoding="ascii") as file:
                file.write(str(ended_pid))
        (held,) = [artifact for artifact in take("node-log", node) if "deleted" in artifact.name]
        assert held.name == f"file{path}.1.deleted-pid{pid}-fd{fd}"
        assert read_whole(node, held).endswith(b"rotated away\n")

    def test_a_daemon_that_is_gone_holds_nothing(self, take, live_node, ended_pid):
        node = live_node()
        with open(f"{node.layout.var}/osvcd.pid", "w", encoding="ascii") as file:
            file.write(str(ended_pid))
        assert names(take("node-log", node)) == [f"file{node.layout.log}/node.log"]

    def test_the_process_of_a_foreign_disk_is_not_looked_for_here(self, take, own, holding_process):
        pid, _ = holding_process(f"{own.layout.log}/node.log", b"x\n")
        with open(f"{own.layout.var}/osvcd.pid", "w", encoding="ascii") as file:
            file.write(str(pid))
        assert not [name for name in names(take("node-log", own)) if "deleted" in name]


class TestObjectLog:
    def test_live_and_rotated_logs_are_kept_longer_than_the_nodes(self, take, sample):
        taken = take("object-log", sample(), "svc1")
        assert names(taken) == [f"{LOGS}/svc1.log", f"{LOGS}/svc1.log.1.gz"]
        assert {artifact.priority for artifact in taken} == {Priority.SELECTED_LOG}

    @pytest.mark.parametrize(
        ("selector", "path"),
        [
            ("prod/vol/data", "namespaces/prod/vol/data.log"),
            ("sec/rootsec", "sec/rootsec.log"),
            ("test/", "namespaces/test/nscfg/namespace.log"),
            ("cluster", "cluster.log"),
            ("0.scal1", "0.scal1.log"),
        ],
    )
    def test_the_log_of_every_kind_is_found(self, take, sample, selector, path):
        assert names(take("object-log", sample(), selector)) == [f"{LOGS}/{path}"]

    def test_web_takes_its_spellings_and_neither_webapp_nor_an_editors_leavings(self, take, own_tree):
        root = own_tree()
        shutil.copy(f"{root}/etc/opensvc/svc1.conf", f"{root}/etc/opensvc/web.conf")
        shutil.copy(f"{root}/etc/opensvc/svc1.conf", f"{root}/etc/opensvc/webapp.conf")
        node = Node.discover(root)
        mine = [
            "web.log",
            "web.log.1",
            "web.log.2.gz",
            "web.log-20260101",
            "web.log-20260102.gz",
            "web.console.log",
            "web.console.log.1.gz",
            "web.debug.log",
            ".web.log",
            ".web.log.1",
            "web.log.old",
        ]
        others = [
            "webapp.log",
            "webapp.log.1.gz",
            "web2.log",
            "web.log2",
            "web.log~",
            ".web.log.swp",
            "web.log.lock",
            "web-console.log",
            "a.web.log",
            "namespaces/prod/svc/web.log.1",
        ]
        touch(node, *mine, *others)
        assert sorted(names(take("object-log", node, "web"))) == sorted(f"{LOGS}/{path}" for path in mine)

    def test_a_service_called_web_debug_keeps_its_log(self, take, own_tree):
        root = own_tree()
        for name in ("web", "web.debug"):
            shutil.copy(f"{root}/etc/opensvc/svc1.conf", f"{root}/etc/opensvc/{name}.conf")
        node = Node.discover(root)
        touch(node, "web.log", "web.debug.log")
        assert names(take("object-log", node, "web")) == [f"{LOGS}/web.log"]
        assert names(take("object-log", node, "web.debug")) == [f"{LOGS}/web.debug.log"]

    def test_the_logs_of_an_object_called_web_log_are_not_webs(self, take, own_tree):
        root = own_tree()
        for name in ("web", "web.log"):
            shutil.copy(f"{root}/etc/opensvc/svc1.conf", f"{root}/etc/opensvc/{name}.conf")
        node = Node.discover(root)
        touch(node, "web.log", "web.log.log", "web.log.log.1.gz")
        assert names(take("object-log", node, "web")) == [f"{LOGS}/web.log"]

    def test_each_spelling_has_a_budget_of_its_own(self, take, own):
        touch(own, "svc1.console.log", ".svc1.log", "svc1.debug.log", "svc1.log.old")
        taken = take("object-log", own, "svc1")
        assert len({artifact.source.family for artifact in taken}) == 5
        assert [artifact.source.age for artifact in taken if artifact.source.age] == [1]

    def test_an_object_that_never_acted_has_no_log_and_no_gap(self, take, own):
        os.unlink(f"{own.layout.log}/scal1.log")
        assert take("object-log", own, "scal1") == []

    def test_the_logs_of_a_deleted_object_are_still_taken(self, take, own_tree):
        root = own_tree()
        os.unlink(f"{root}/etc/opensvc/svc1.conf")
        assert len(take("object-log", Node.discover(root), "svc1")) == 2

    def test_in_a_folder_that_may_not_be_listed_the_live_log_is_named_for_the_gap(
        self, take, open_tree, ordinary_user
    ):
        node = Node.discover(open_tree)
        os.chmod(f"{node.layout.log}/namespaces/prod/svc", 0)
        with ordinary_user():
            taken = names(take("object-log", node, "prod/svc/web"))
        assert taken == [f"{LOGS}/namespaces/prod/svc/web.log"]

    def test_a_log_folder_that_leads_out_of_the_trees_is_a_gap_of_its_log(self, take, own, tmp_path):
        folder = f"{own.layout.log}/namespaces/prod/svc"
        shutil.rmtree(folder)
        (tmp_path / "outside").mkdir()
        (tmp_path / "outside/web.log").write_text("x\n")
        os.symlink(tmp_path / "outside", folder)
        assert names(take("object-log", own, "prod/svc/web")) == [f"{LOGS}/namespaces/prod/svc/web.log"]

    def test_every_log_of_the_sample_is_taken_by_the_two_stars_or_the_node(self, take, sample):
        for which in ("node1", "node2"):
            node = sample(which)
            taken = {*names(take("object-log", node, "**")), *names(take("node-log", node))}
            on_disk = {
                node.member(os.path.join(folder, name))
                for folder, _, files in os.walk(node.layout.log)
                for name in files
            }
            assert taken == on_disk


def test_many_objects_cost_one_listing_of_each_log_folder(take, tmp_path):
    root = tmp_path / "many"
    for folder in ("etc", "log", "var"):
        (root / folder).mkdir(parents=True)
    for number in range(300):
        (root / f"etc/s{number}x.conf").touch()
        (root / f"log/s{number}x.log").touch()
    node = Node.discover(str(root))
    calls = []
    listdir = node.trees.listdir
    node.trees.listdir = lambda folder: calls.append(folder) or listdir(folder)
    assert len(take("object-log", node, "**")) == 300
    assert calls == [node.layout.log]
