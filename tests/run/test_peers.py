"""The other nodes of a cluster, and the command to run there."""

from __future__ import annotations

import shlex
from datetime import datetime, timezone

import pytest

from osvc_diag import diagnose
from osvc_diag.cli.collect import add_arguments
from osvc_diag.cli.main import _Parser
from osvc_diag.node.node import Node
from osvc_diag.plugin.profile import Profile
from osvc_diag.run.peers import peer_command, peers_of
from osvc_diag.run.request import Issue, Request
from osvc_diag.window import Window

SINCE = datetime(2026, 11, 22, 20, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("name", "nodes", "peers"),
    [
        ("node1", ("node1", "node2", "node3"), ("node2", "node3")),
        ("node1", ("Node1", "node2"), ("node2",)),
        ("node1.example.com", ("node1", "node2"), ("node2",)),
        ("node1", ("node1.a.com", "node1.b.com"), ("node1.a.com", "node1.b.com")),
        ("unknown", ("node1", "node2"), ("node1", "node2")),
        ("node1", (), ()),
        ("node1", ("node1",), ()),
    ],
)
def test_the_peers_are_the_others(name, nodes, peers):
    assert peers_of(name, nodes) == peers


def test_the_command_takes_the_same_window_at_any_later_time():
    request = Request(selectors=("prod/svc/web",), since="2h")
    assert peer_command(request, Window(SINCE, None)) == (
        "osvc-diag prod/svc/web --since 2026-11-22T20:00:00+00:00"
    )


def test_the_command_says_all_that_was_asked_for_and_is_understood():
    request = Request(
        selectors=("**", "my svc"),
        until="10:00",
        log_size=5,
        max_size=7,
        profile=Profile.FULL,
        only=("node-log", "file/*"),
        skip=("system",),
        options=("a.b=c d",),
        with_related=True,
        mask_network=True,
        label="it's",
        issue=Issue(ticket="T 1"),
    )
    words = shlex.split(peer_command(request, Window(None, SINCE)))
    assert words.pop(0) == "osvc-diag"
    parser = _Parser()
    add_arguments(parser)
    args = parser.parse_intermixed_args(words)
    assert (args.selectors, args.until) == (["**", "my svc"], "2026-11-22T20:00:00+00:00")
    assert (args.log_size, args.max_size, args.profile) == (5, 7, "full")
    assert (args.only, args.skip) == (("node-log", "file/*"), ("system",))
    assert (args.with_related, args.mask_network) == (True, True)
    assert (args.label, args.ticket) == ("it's", "T 1")
    # Nothing that takes part in the run may be forgotten here.
    assert set(vars(request)) == {
        "compression",  # each node's own
        "cpu_time",  # each node's own
        "issue",
        "jobs",  # each node's own
        "label",
        "log_size",
        "mask_network",
        "max_size",
        "only",
        "options",
        "profile",
        "selectors",
        "since",
        "skip",
        "timeout",  # each node's own
        "until",
        "with_related",
    }


def test_the_peers_of_a_copy_are_named_and_no_command_is_told(sample_tree, tmp_path):
    result = diagnose("node", node=Node.discover(sample_tree()), output=str(tmp_path), only=["cluster-conf"])
    assert (result.manifest.cluster.peers, result.manifest.cluster.peer_command) == (("node2",), None)


def test_a_live_node_tells_what_to_run_on_its_peers(live_node, tmp_path):
    with open(f"{live_node().layout.etc}/cluster.conf", "w", encoding="utf-8") as file:
        file.write("[cluster]\nname = lab\nnodes = node1 node2\n")
    result = diagnose("node", node=live_node(), output=str(tmp_path), only=["cluster-conf"])
    assert result.manifest.cluster.peers == ("node2",)
    assert result.manifest.cluster.peer_command == "osvc-diag node --only cluster-conf"
