"""What the secrets are learned from, and what is told where that cannot be read."""

from __future__ import annotations

import os

import pytest

from osvc_diag.gap import State
from osvc_diag.node.node import Node
from osvc_diag.objects.conf import CONF_LIMIT, MAX_LINES
from osvc_diag.run import configuration as configuration_module
from osvc_diag.run.configuration import Learning, read_configuration


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


def test_a_conf_with_nul_bytes_is_a_gap_and_learned_from_as_far_as_it_goes(put, live_node):
    put("a.conf", b"[env]\npassword = Left-Secret1\n" + b"\0" * 200)
    names, (gap,) = read(live_node())
    assert (names, gap.state) == (["a.conf"], State.FAILED)
    assert "damaged" in gap.reason
    assert "mend" in gap.hint


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


class TestLearningAgain:
    """Before a bundle is searched: what was configured meanwhile is learned, and nothing twice."""

    @pytest.fixture
    def settled(self, put, live_node, monkeypatch):
        """What was learned of two confs that nobody has written for a while."""
        put("web.conf", b"[env]\npassword = First-Secret1\n")
        put("namespaces/n/svc/a.conf", b"[env]\npassword = Other-Secret2\n")
        monkeypatch.setattr(configuration_module, "SETTLED", -10_000_000_000)
        return Learning(live_node())

    @pytest.fixture
    def learned(self, monkeypatch):
        """How many confs were learned, call by call."""
        counts = []
        real = configuration_module.learn

        def learning(confs, names):
            confs = list(confs)
            counts.append(len(confs))
            return real(confs, names)

        monkeypatch.setattr(configuration_module, "learn", learning)
        return counts

    def values(self, secrets):
        return {literal.value for literal in secrets.literals}

    def test_what_did_not_change_is_not_learned_again(self, settled, learned):
        assert settled.again() is settled.secrets
        assert learned == []

    def test_what_was_written_just_before_it_was_read_is_read_again(self, put, live_node, learned):
        put("web.conf", b"[env]\npassword = First-Secret1\n")
        Learning(live_node()).again()
        assert learned == [1, 1]

    @pytest.mark.parametrize(
        "name", ["web.conf", "new.conf", "namespaces/n/svc/a.conf", "namespaces/new/svc/b.conf"]
    )
    def test_what_was_written_meanwhile_is_learned_too(self, put, settled, learned, name):
        put(name, b"[env]\npassword = Third-Secret3\n")
        values = self.values(settled.again())
        assert {b"First-Secret1", b"Other-Secret2", b"Third-Secret3"} <= values
        assert len(learned) == 1

    def test_a_conf_of_the_same_size_and_time_that_took_its_place_is_learned(self, put, settled, learned):
        path = put("beside", b"[env]\npassword = Third-Secret3\n")
        conf = path.replace("beside", "web.conf")
        os.utime(path, ns=(os.stat(conf).st_atime_ns, os.stat(conf).st_mtime_ns))
        os.replace(path, conf)
        assert b"Third-Secret3" in self.values(settled.again())

    def test_that_one_is_removed_teaches_nothing(self, put, settled, learned):
        os.unlink(put("gone.conf"))
        os.unlink(settled._node.layout.etc + "/web.conf")
        assert settled.again() is settled.secrets

    def test_one_that_could_not_be_read_is_tried_again(self, put, live_node, monkeypatch):
        monkeypatch.setattr(configuration_module, "SETTLED", -10_000_000_000)
        path = put("web.conf", b"\n" * (MAX_LINES + 1))
        learning = Learning(live_node())
        assert len(learning.gaps) == 1
        os.utime(path, ns=(1, 1))
        assert learning.again() is not learning.secrets

    def test_a_conf_that_is_a_link_now_is_read_through_it(self, put, settled):
        target = put("elsewhere", b"[env]\npassword = Third-Secret3\n")
        conf = target.replace("elsewhere", "web.conf")
        os.unlink(conf)
        os.symlink("elsewhere", conf)
        assert b"Third-Secret3" in self.values(settled.again())
