from __future__ import annotations

import os
import socket
from datetime import timedelta, timezone
from typing import Optional

import pytest

from osvc_diag.errors import NodeNotFoundError, NoSuchObjectError, SelectorError, UsageError
from osvc_diag.node.identity import Cluster
from osvc_diag.node.node import Node
from osvc_diag.objects.naming import ObjectPath

RECORD = "2026-11-22 19:51:30,841 INFO n:{} c:main | daemon started\n"


def _write(folder: object, files: dict[str, Optional[str]]) -> str:
    """Make files below a folder; None makes a folder."""
    for name, content in files.items():
        path = os.path.join(str(folder), name)
        os.makedirs(path if content is None else os.path.dirname(path), exist_ok=True)
        if content is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(content)
    return str(folder)


def _names(node: Node) -> list[str]:
    return [str(known.path) for known in node.objects]


def _root_path_install(tmp_path: object) -> str:
    return _write(
        tmp_path,
        {
            "etc/cluster.conf": "[cluster]\nname = lab\nnodes = node1 node2\n",
            "etc/node.conf": "[node]\nenv = TST\n",
            "etc/svc1.conf": "",
            "etc/namespaces/prod/svc/web.conf": "",
            "etc/namespaces/prod/namespace.conf": "",
            "log/node.log": RECORD.format("node1"),
            "log/svc1.log": "",
            "var/svc/svc1": None,
            "var/namespaces/prod/svc/old": None,
        },
    )


class TestDiscover:
    def test_a_root_path_install_below_a_folder(self, tmp_path):
        root = _root_path_install(tmp_path)
        node = Node.discover(root)
        assert (node.layout.etc, node.root, node.live) == (f"{root}/etc", root, False)
        assert (node.name, node.cluster) == ("node1", Cluster("lab", ("node1", "node2")))
        assert _names(node) == ["prod/", "prod/svc/old", "prod/svc/web", "cluster", "svc1"]

    def test_a_whole_file_system_below_a_folder(self, tmp_path):
        root = _write(
            tmp_path,
            {
                "etc/opensvc/cluster.conf": "[cluster]\nname = lab\n",
                "etc/hostname": "# set by hand\n\nNode7.example.com\n",
                "var/log/opensvc/node.log": RECORD.format("other"),
                "var/lib/opensvc/node": None,
            },
        )
        node = Node.discover(f"{root}/")
        assert (node.layout.log, node.name) == (f"{root}/var/log/opensvc", "node7.example.com")

    def test_the_environment_names_the_root_of_this_machines_agent(self, tmp_path):
        root = _root_path_install(tmp_path)
        node = Node.discover(environ={"OSVC_ROOT_PATH": f"{root}/"})
        assert (node.layout.var, node.root, node.live) == (f"{root}/var", None, True)
        assert node.name == socket.gethostname().lower()

    def test_the_environment_is_read_when_it_is_called(self, tmp_path, monkeypatch):
        monkeypatch.setenv("OSVC_ROOT_PATH", _root_path_install(tmp_path))
        assert Node.discover().layout.etc == f"{tmp_path}/etc"

    def test_the_environment_says_nothing_about_a_copy(self, tmp_path):
        root = _root_path_install(tmp_path)
        assert Node.discover(root, environ={"OSVC_ROOT_PATH": "/elsewhere"}).layout.etc == f"{root}/etc"

    def test_what_is_given_is_not_looked_up(self, tmp_path):
        zone = timezone(timedelta(hours=2))
        node = Node.discover(_root_path_install(tmp_path), name="n9", zone=zone)
        assert (node.name, node.zone) == ("n9", zone)

    def test_a_zone_that_does_not_exist_is_refused(self, tmp_path):
        with pytest.raises(UsageError, match="Nowhere"):
            Node.discover(_root_path_install(tmp_path), zone="Europe/Nowhere")

    def test_without_an_agent_it_says_where_it_looked(self, tmp_path):
        with pytest.raises(NodeNotFoundError) as caught:
            Node.discover(str(tmp_path))
        for folder in ("etc/opensvc", "var/log/opensvc", "var/lib/opensvc", "etc", "log", "var"):
            assert f"{tmp_path}/{folder}" in str(caught.value)
        assert "--root" in (caught.value.hint or "")

    @pytest.mark.parametrize(
        "left", ["log/svc1.log", "log/node.log.1.gz", "var/svc/svc1/status.json", "var/osvcd.pid"]
    )
    def test_a_tree_of_which_only_logs_or_state_are_left_is_a_node(self, tmp_path, left):
        assert Node.discover(_write(tmp_path, {left: ""})).layout.etc == f"{tmp_path}/etc"

    @pytest.mark.parametrize(
        "left", ["etc/opensvc/svc1.conf", "var/log/opensvc/svc1.log", "var/lib/opensvc/svc/svc1/frozen"]
    )
    def test_one_folder_of_a_package_layout_is_enough(self, tmp_path, left):
        node = Node.discover(_write(tmp_path, {left: ""}))
        assert node.layout.etc == f"{tmp_path}/etc/opensvc"
        assert _names(node) == ["svc1"]


class TestName:
    def test_the_last_record_of_the_log_names_a_copy(self, tmp_path):
        log = (
            RECORD.format("old")
            + RECORD.format("node1")
            + "Traceback (most recent call last):\n  n:trace | x\n"
        )
        log += "2026-11-22 19:51:31,000 INFO sid:1 o:web | moved n:message\n2026 n:;rm | \n"
        node = Node.discover(_write(tmp_path, {"log/node.log": log}))
        assert node.name == "node1"

    def test_a_log_that_names_nobody_leaves_it_unknown(self, tmp_path):
        assert Node.discover(_write(tmp_path, {"log/node.log": "\0" * 100_000})).name == "unknown"
        assert Node.discover(_write(tmp_path, {"log/node.log": "n:a " * 100_000})).name == "unknown"

    def test_the_log_tells_the_name_as_the_host_would(self, tmp_path):
        assert (
            Node.discover(_write(tmp_path, {"log/node.log": RECORD.format("Node1.Lab")})).name == "node1.lab"
        )

    @pytest.mark.parametrize("hostname", ["", "a b\n", "../x\n", "\x1b[31m\n", "#node1\n"])
    def test_a_host_name_that_is_none_is_not_taken(self, tmp_path, hostname):
        root = _write(tmp_path, {"etc/hostname": hostname, "etc/opensvc/node.conf": ""})
        assert Node.discover(root).name == "unknown"

    def test_no_link_of_a_copy_leads_to_this_machines_name(self, tmp_path):
        _write(tmp_path, {"outside": "leaked\n", "copy/etc/opensvc/node.conf": ""})
        os.symlink("../../outside", tmp_path / "copy/etc/hostname")
        assert Node.discover(f"{tmp_path}/copy").name == "unknown"
        os.remove(tmp_path / "copy/etc/hostname")
        os.symlink(f"{tmp_path}/outside", tmp_path / "copy/etc/hostname")
        assert Node.discover(f"{tmp_path}/copy").name == "unknown"

    def test_a_link_within_the_copy_is_followed(self, tmp_path):
        _write(tmp_path, {"etc/opensvc/node.conf": "", "data/name": "node5\n"})
        os.symlink("/data/name", tmp_path / "etc/hostname")
        assert Node.discover(str(tmp_path)).name == "node5"

    def test_a_fifo_does_not_stop_it(self, tmp_path):
        _write(tmp_path, {"etc/opensvc/node.conf": "", "var/log/opensvc": None})
        os.mkfifo(tmp_path / "etc/hostname")
        os.mkfifo(tmp_path / "var/log/opensvc/node.log")
        assert Node.discover(str(tmp_path)).name == "unknown"


class TestCluster:
    def test_node_conf_has_the_last_word(self, tmp_path):
        conf = "[cluster]\nname = second\n[other]\nnodes = x\n"
        root = _write(
            tmp_path,
            {"etc/cluster.conf": "[cluster]\nname = first\nnodes = a\tb\n\tb c\n", "etc/node.conf": conf},
        )
        assert Node.discover(root).cluster == Cluster("second", ("a", "b", "c"))

    def test_a_value_scoped_to_the_node_counts_and_to_another_does_not(self, tmp_path):
        root = _write(
            tmp_path, {"etc/cluster.conf": "[cluster]\nnodes@n1 = n1 n3\nnodes@n2 = n2\nnodes = n1 n2\n"}
        )
        assert Node.discover(root, name="n1").cluster.nodes == ("n1", "n3")

    def test_what_is_no_host_name_is_left_out(self, tmp_path):
        root = _write(tmp_path, {"etc/cluster.conf": "[cluster]\nname = ../../x\nnodes = a {b} ../c\n"})
        assert Node.discover(root).cluster == Cluster(None, ("a",))

    def test_no_conf_is_no_cluster(self, tmp_path):
        assert Node.discover(_write(tmp_path, {"log/node.log": ""})).cluster == Cluster()


class TestFromPaths:
    def test_the_agent_tells_its_own_folders(self, tmp_path):
        root = _root_path_install(tmp_path)
        node = Node.from_paths(
            etc=f"{root}/etc", log=f"{root}/log/", var=f"{root}/var", name="node1", zone="UTC"
        )
        assert (node.live, node.name, node.zone) == (True, "node1", timezone.utc)
        assert "svc1" in _names(node)

    def test_folders_that_do_not_exist_are_empty(self, tmp_path):
        node = Node.from_paths(etc=f"{tmp_path}/a", log=f"{tmp_path}/b", var=f"{tmp_path}/c", name="n")
        assert (node.objects, node.agent.kind, node.unlisted) == ((), "unknown", ())

    def test_a_relative_folder_is_refused(self):
        with pytest.raises(ValueError, match="absolute"):
            Node.from_paths(etc="etc", log="/log", var="/var", name="n")

    def test_a_log_folder_may_be_a_link_to_a_data_disk(self, tmp_path):
        _write(tmp_path, {"etc/node.conf": "", "disk/svc1.log": ""})
        os.symlink(tmp_path / "disk", tmp_path / "log")
        node = Node.from_paths(etc=f"{tmp_path}/etc", log=f"{tmp_path}/log", var=f"{tmp_path}/var", name="n")
        assert _names(node) == ["svc1"]
        assert node.trees.read(f"{tmp_path}/log/svc1.log", 10) == b""


class TestSelect:
    @pytest.fixture
    def node(self, tmp_path):
        return Node.discover(_root_path_install(tmp_path))

    @pytest.mark.parametrize(
        ("selectors", "chosen"),
        [
            (["svc1"], "svc1"),
            ("svc1", "svc1"),
            (["svc1", "cluster", "svc1"], "cluster svc1"),
            (["**"], "prod/ prod/svc/web cluster svc1"),
            (["prod/svc/old"], "prod/svc/old"),
            (["prod/svc/o*"], "prod/svc/old"),
            (["prod/**"], "prod/ prod/svc/web"),
            (["prod/**", "prod/svc/old"], "prod/ prod/svc/old prod/svc/web"),
            (["node"], ""),
            (["node", "svc1"], "svc1"),
            (["node,svc1"], "svc1"),
            ([], ""),
        ],
    )
    def test_objects_and_leftovers_are_selected(self, node, selectors, chosen):
        assert " ".join(map(str, node.select(selectors))) == chosen

    def test_a_selector_that_matches_nothing_brings_the_nearest_names(self, node):
        with pytest.raises(NoSuchObjectError, match="'wbe'") as caught:
            node.select(["svc1", "wbe"])
        assert "prod/svc/web" in (caught.value.hint or "")
        assert caught.value.exit_code == 2

    def test_one_bad_part_of_a_union_is_not_passed_over(self, node):
        with pytest.raises(NoSuchObjectError, match="'svc2'"):
            node.select("svc1,svc2")

    def test_a_name_like_no_other_brings_all_names(self, node):
        with pytest.raises(NoSuchObjectError) as caught:
            node.select("zzz")
        assert "cluster, svc1, or node" in (caught.value.hint or "")

    def test_a_node_without_objects_says_so(self, tmp_path):
        node = Node.discover(_write(tmp_path / "bare", {"etc/node.conf": ""}))
        with pytest.raises(NoSuchObjectError) as caught:
            node.select("**")
        assert "no object" in (caught.value.hint or "")

    def test_where_folders_may_not_be_listed_that_is_the_first_hint(self, open_tree, ordinary_user):
        os.chmod(f"{open_tree}/etc/opensvc/namespaces", 0)
        with ordinary_user():
            node = Node.discover(open_tree)
            with pytest.raises(NoSuchObjectError) as caught:
                node.select("prod/svc/wbe")
        assert caught.value.hint.startswith("run it as root: objects in")
        assert "namespaces cannot be seen (Permission denied); " in caught.value.hint

    def test_what_is_no_selector_is_refused(self, node):
        with pytest.raises(SelectorError):
            node.select(["svc1", "app=web"])

    def test_a_hostile_selector_is_quoted(self, node):
        with pytest.raises(NoSuchObjectError) as caught:
            node.select("\x1b[2J\n")
        assert str(caught.value).isprintable()


class TestMember:
    def test_a_live_file_has_its_own_path(self):
        node = Node.from_paths(etc="/x/etc", log="/x/log", var="/x/var", name="n")
        assert node.member("/x/etc/node.conf") == "file/x/etc/node.conf"
        assert node.member("/x/etc/../etc//node.conf") == "file/x/etc/node.conf"

    def test_a_file_of_a_copy_has_its_path_below_it(self, tmp_path):
        node = Node.discover(_root_path_install(tmp_path))
        assert node.member(node.layout.conf_path(ObjectPath.parse("svc1"))) == "file/etc/svc1.conf"

    @pytest.mark.parametrize("path", ["/etc/passwd", "{}/../x", "etc/node.conf", "{}x/y", "{}"])
    def test_a_file_outside_of_a_copy_has_no_name(self, tmp_path, path):
        node = Node.discover(_root_path_install(tmp_path))
        with pytest.raises(ValueError, match="does not lie below"):
            node.member(path.format(tmp_path))

    def test_a_relative_path_has_no_name(self):
        node = Node.from_paths(etc="/x/etc", log="/x/log", var="/x/var", name="n")
        with pytest.raises(ValueError, match="does not lie below"):
            node.member("etc/node.conf")
