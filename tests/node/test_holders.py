"""Deleted logs are found in whatever process of the agent holds them, each once."""

from __future__ import annotations

from osvc_diag.node.holders import log_holders


def write_pid(node, pid: int) -> None:
    with open(f"{node.layout.var}/osvcd.pid", "w", encoding="ascii") as file:
        file.write(str(pid))


def test_the_daemons_logs_come_first_and_those_of_others_after(live_node, holding_process):
    node = live_node()
    first, _ = holding_process(f"{node.layout.log}/svc1.log", b"1")
    daemon, _ = holding_process(f"{node.layout.log}/node.log", b"2")
    write_pid(node, daemon)
    found = list(log_holders(node))
    assert [(held.log.holder.pid, held.is_daemon) for held in found] == [(daemon, True), (first, False)]


def test_two_logs_of_one_name_are_two(live_node, holding_process):
    node = live_node()
    for content in (b"1", b"22"):
        holding_process(f"{node.layout.log}/node.log", content)
    assert sorted(held.log.size for held in log_holders(node)) == [1, 2]


def test_nothing_is_held_where_nothing_was_deleted(live_node):
    assert list(log_holders(live_node())) == []
