"""What the secrets are learned from, and what is told where that cannot be read."""

from __future__ import annotations

import os

import pytest

from osvc_diag.bundle.manifest import State
from osvc_diag.node.node import Node
from osvc_diag.objects.conf import CONF_LIMIT, MAX_LINES
from osvc_diag.run.configuration import read_configuration


@pytest.fixture
def put(live_node):
    node = live_node()

    def write(name, content=b""):
        path = f"{node.layout.etc}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        return path

    return write


def read(node):
    confs, gaps = read_configuration(node)
    return [os.path.basename(name) for name, _ in confs], gaps


def test_every_conf_and_the_site_file_are_read_and_nothing_else(put, live_node):
    for name in ("web.conf", "diag.ini", "namespaces/n.dot/svc/a.conf", "README", "x.conf.bak", "dump"):
        put(name, b"[s]\n")
    os.truncate(put("huge-without-a-dot"), CONF_LIMIT + 1)
    assert read(live_node()) == (["diag.ini", "web.conf", "a.conf"], [])


@pytest.mark.parametrize("size", [CONF_LIMIT + 1, 15 * 2**20])
def test_a_conf_that_cannot_be_parsed_in_little_memory_is_a_gap(put, live_node, size):
    put("a.conf", b"[cluster]\nname=c\n")
    put("cluster.conf", b"\n" * size)
    names, (gap,) = read(live_node())
    assert names == ["a.conf"]
    assert (gap.state, gap.artifact) == (
        State.FAILED,
        live_node().member(f"{live_node().layout.etc}/cluster.conf"),
    )
    assert "could not be learned" in gap.reason
    assert str(MAX_LINES if size < CONF_LIMIT else CONF_LIMIT) in gap.reason


@pytest.mark.parametrize("name", ["prod", "pro.d"])
def test_a_folder_that_may_not_be_listed_is_a_gap_whatever_it_is_called(open_tree, ordinary_user, name):
    folder = f"{open_tree}/etc/opensvc/namespaces/{name}"
    os.makedirs(folder, exist_ok=True)
    os.chmod(folder, 0)
    node = Node.discover(open_tree)
    with ordinary_user():
        _, gaps = read_configuration(node)
    assert f"file/etc/opensvc/namespaces/{name}" in [
        gap.artifact for gap in gaps if gap.state is State.DENIED
    ]
