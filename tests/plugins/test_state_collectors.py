from __future__ import annotations

import os
import socket

from osvc_diag.form import Form
from osvc_diag.node.node import Node
from osvc_diag.plugin.artifact import Priority

VAR = "file/var/lib/opensvc"


def names(artifacts):
    return [artifact.name for artifact in artifacts]


def put(path, text=""):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class TestObjectState:
    def test_status_schedules_and_locks_of_an_object_are_taken(self, take, sample):
        taken = take("object-state", sample(), "prod/svc/web")
        assert [name[len(f"{VAR}/namespaces/prod/svc/web/") :] for name in names(taken)] == [
            "lock.generic",
            "lock.status",
            "status.json",
            "app#1/status.history",
            "app#1/status.last",
            "scheduler/last_status",
            "scheduler/last_syncall_sync#i0",
            "scheduler/last_syncall_sync#i0.success",
            "sync#i0/lock.sync",
            "sync#i0/status.history",
            "sync#i0/status.last",
        ]
        assert {artifact.priority for artifact in taken} == {Priority.STATE}

    def test_what_only_some_resources_have_is_taken(self, take, sample):
        taken = names(take("object-state", sample(), "svc1"))
        for name in ("fs#1/provisioned", "task#1/last_run_retcode", "task#1/run.lock", "sync#i0/last_stats"):
            assert f"{VAR}/svc/svc1/{name}" in taken

    def test_frozen_is_an_empty_file_and_its_time_is_the_fact(self, take, sample):
        frozen = [
            artifact for artifact in take("object-state", sample(), "test/") if "frozen" in artifact.name
        ]
        assert names(frozen) == [f"{VAR}/namespaces/test/nscfg/namespace/frozen"]

    def test_json_is_redacted_as_json(self, take, sample):
        forms = {
            os.path.basename(artifact.name): artifact.form
            for artifact in take("object-state", sample(), "**")
        }
        assert {name for name, form in forms.items() if form is Form.JSON} == {
            "status.json",
        }

    def test_every_state_file_of_the_sample_is_taken(self, take, sample):
        for which, layout in (("node1", "fhs"), ("node1", "dev"), ("node2", "fhs"), ("node2", "dev")):
            node = sample(which, layout)
            taken = names(take("object-state", node, *(str(known.path) for known in node.objects)))
            folders = [node.layout.var_path(known.path) for known in node.objects]
            on_disk = {
                node.member(os.path.join(folder, name))
                for top in folders
                for folder, _, files in os.walk(top)
                for name in files
            }
            assert set(taken) == on_disk
            assert len(taken) == len(on_disk)

    def test_data_that_users_keep_below_the_var_folder_stays_there(self, take, own):
        folder = own.layout.var_path(own.select("prod/vol/data")[0])
        before = names(take("object-state", own, "prod/vol/data"))
        for name in (
            "data/status.json",
            "data/fs#1/status.last",
            "fs#1/mnt/status.last",
            "fs#1/customers.sql",
            "fs#1/fs#2/status.last",
            "scheduler/customers.sql",
            "scheduler/deeper/last_x",
            "customers.sql",
            "status.json.bak",
            "dump#1",
            "private_key",
        ):
            put(f"{folder}/{name}", "secret")
        assert names(take("object-state", own, "prod/vol/data")) == before

    def test_sockets_fifos_and_folders_with_such_names_are_left_alone(self, take, own):
        folder = own.layout.var_path(own.select("prod/vol/data")[0])
        before = names(take("object-state", own, "prod/vol/data"))
        os.mkfifo(f"{folder}/lock.fifo")
        os.mkdir(f"{folder}/lock.folder")
        with socket.socket(socket.AF_UNIX) as listener:
            here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                listener.bind(f"/proc/self/fd/{here}/lock.socket")
            finally:
                os.close(here)
        assert names(take("object-state", own, "prod/vol/data")) == before

    def test_a_link_to_a_folder_is_not_entered(self, take, own, tmp_path):
        folder = own.layout.var_path(own.select("prod/vol/data")[0])
        put(str(tmp_path / "outside/status.last"), "secret")
        os.symlink(tmp_path / "outside", f"{folder}/fs#9")
        assert not [name for name in names(take("object-state", own, "prod/vol/data")) if "fs#9" in name]

    def test_names_with_newlines_and_leading_dashes_survive(self, take, own):
        folder = own.layout.var_path(own.select("prod/vol/data")[0])
        put(f"{folder}/scheduler/last_a\nb")
        put(f"{folder}/fs#-x\ny/status.last", "{}")
        taken = names(take("object-state", own, "prod/vol/data"))
        assert f"{own.member(folder)}/scheduler/last_a\nb" in taken
        assert f"{own.member(folder)}/fs#-x\ny/status.last" in taken

    def test_an_object_without_state_has_none(self, take, live_node):
        put(f"{live_node().layout.etc}/svc1.conf")
        assert take("object-state", live_node(), "svc1") == []

    def test_a_folder_that_may_not_be_listed_is_named_for_the_gap(self, take, open_tree, ordinary_user):
        node = Node.discover(open_tree)
        folder = node.layout.var_path(node.select("prod/svc/web")[0])
        os.chmod(f"{folder}/app#1", 0)
        with ordinary_user():
            taken = names(take("object-state", node, "prod/svc/web"))
        assert f"{node.member(folder)}/app#1" in taken
        assert f"{node.member(folder)}/status.json" in taken

    def test_an_object_whose_folder_may_not_be_listed_is_named_itself(self, take, open_tree, ordinary_user):
        node = Node.discover(open_tree)
        folder = node.layout.var_path(node.select("prod/svc/web")[0])
        os.chmod(folder, 0)
        with ordinary_user():
            assert names(take("object-state", node, "prod/svc/web")) == [node.member(folder)]


class TestNodeState:
    def test_the_nodes_files_are_taken(self, take, sample):
        taken = take("node-state", sample())
        assert [name[len(VAR) + 1 :] for name in names(taken)] == [
            "capabilities.json",
            "last_shutdown",
            "list.nodes",
            "list.services",
            "nodes_info.json",
            "osvcd.pid",
            "osvcd.pid.args",
            "certs/ca_certificates",
            "certs/certificate_chain",
            "lock/osvcd.lock",
            "node/frozen",
            "node/last_boot_id",
            "node/scheduler/last_checks_push",
            "node/scheduler/last_checks_push.success",
            "node/scheduler/last_stats_collection_push",
            "node/scheduler/last_stats_collection_push.success",
            "node/scheduler/last_sysreport_push",
            "node/scheduler/last_sysreport_push.success",
        ]
        assert {artifact.priority for artifact in taken} == {Priority.STATE}

    def test_the_private_key_is_taken_by_nobody(self, take, sample):
        node = sample()
        for name in ("node-state", "object-state", "object-conf", "object-log", "node-log", "node-conf"):
            assert not [found for found in names(take(name, node, "**")) if "private_key" in found]

    def test_om3_keeps_its_capabilities_under_another_name(self, take, own):
        put(f"{own.layout.var}/capabilities-v3.json", "[]")
        assert f"{VAR}/capabilities-v3.json" in names(take("node-state", own))

    def test_a_node_without_state_has_none(self, take, live_node):
        assert take("node-state", live_node()) == []
