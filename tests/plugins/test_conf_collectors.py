from __future__ import annotations

import os

import pytest

from osvc_diag.form import Form
from osvc_diag.node.node import Node
from osvc_diag.plugin.artifact import Priority


def names(artifacts):
    return [artifact.name for artifact in artifacts]


def test_the_confs_of_node_and_cluster_are_named_as_on_the_live_node(take, sample):
    node = sample()
    assert names(take("node-conf", node, "node")) == ["file/etc/opensvc/node.conf"]
    assert names(take("cluster-conf", node, "node")) == ["file/etc/opensvc/cluster.conf"]


def test_confs_are_redacted_as_confs_and_kept_long(take, sample):
    node = sample()
    for name in ("node-conf", "cluster-conf", "object-conf"):
        for artifact in take(name, node, "**"):
            assert (artifact.form, artifact.priority) == (Form.CONF, Priority.CONF)


def test_a_root_path_install_keeps_its_short_paths(take, sample):
    assert names(take("object-conf", sample("node2", "dev"), "prod/svc/web")) == [
        "file/etc/namespaces/prod/svc/web.conf"
    ]


def test_the_site_file_is_taken_where_there_is_one(take, own):
    with open(f"{own.layout.etc}/diag.ini", "w", encoding="ascii") as file:
        file.write("[exchange]\n")
    assert names(take("node-conf", own)) == ["file/etc/opensvc/node.conf", "file/etc/opensvc/diag.ini"]


@pytest.mark.parametrize("name", ["node-conf", "cluster-conf"])
def test_a_conf_that_is_gone_is_named_so_that_the_manifest_tells(take, live_node, name):
    assert len(take(name, live_node(), "node")) == 1


def test_only_selected_objects_are_taken_and_nothing_they_refer_to(take, sample):
    # web refers to prod/vol/data, prod/sec/creds and prod/cfg/env.
    assert names(take("object-conf", sample(), "prod/svc/web")) == [
        "file/etc/opensvc/namespaces/prod/svc/web.conf"
    ]


def test_the_node_alone_has_no_object(take, sample):
    for name in ("object-conf", "object-log", "object-state"):
        assert take(name, sample(), "node") == []


def test_every_conf_of_the_sample_is_taken_by_its_two_stars(take, sample):
    node = sample()
    taken = set(names(take("object-conf", node, "**")))
    on_disk = {
        node.member(os.path.join(folder, name))
        for folder, _, files in os.walk(node.layout.etc)
        for name in files
        if name != "node.conf"
    }
    assert taken == on_disk


def test_a_deleted_object_has_its_missing_conf_named(take, own_tree):
    root = own_tree()
    os.unlink(f"{root}/etc/opensvc/svc1.conf")
    assert names(take("object-conf", Node.discover(root), "svc1")) == ["file/etc/opensvc/svc1.conf"]


def test_in_a_folder_that_may_not_be_listed_the_confs_are_named_for_the_gap(take, open_tree, ordinary_user):
    node = Node.discover(open_tree)
    os.chmod(node.layout.etc, 0o711)
    with ordinary_user():
        assert "file/etc/opensvc/node.conf" in names(take("node-conf", node))
