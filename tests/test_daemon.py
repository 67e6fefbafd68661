from __future__ import annotations

import os

from osvc_diag.daemon import daemon_pid, daemon_sentence, held_logs


def put_pid(node, text):
    with open(f"{node.layout.var}/osvcd.pid", "w", encoding="utf-8") as file:
        file.write(text)


def test_the_pid_is_what_the_file_says(live_node):
    for text, pid in (
        ("9763", 9763),
        ("9763\n", 9763),
        ("", None),
        ("0", None),
        ("-1", None),
        ("9" * 60, None),
    ):
        put_pid(live_node(), text)
        assert daemon_pid(live_node()) == pid


def test_without_a_file_there_is_no_pid(live_node):
    assert daemon_pid(live_node()) is None


def test_a_link_out_of_the_trees_is_not_followed(live_node, tmp_path):
    (tmp_path / "pid").write_text("1")
    os.symlink(tmp_path / "pid", f"{live_node().layout.var}/osvcd.pid")
    assert daemon_pid(live_node()) is None


def test_the_sentence_tells_alive_from_down(live_node, ended_pid):
    node = live_node()
    assert daemon_sentence(node) == "down: there is no var/osvcd.pid"
    put_pid(node, str(os.getpid()))
    assert daemon_sentence(node) == f"process {os.getpid()} is alive"
    put_pid(node, str(ended_pid))
    assert daemon_sentence(node) == f"down: process {ended_pid} of var/osvcd.pid is gone"


def test_only_deleted_logs_below_the_log_folder_are_held(live_node, holding_process, tmp_path):
    node = live_node()
    pid, fd = holding_process(f"{node.layout.log}/node.log", b"1234\n")
    other, _ = holding_process(str(tmp_path / "elsewhere.log"), b"1234\n")
    (log,) = held_logs(node, pid)
    assert (log.path, log.holder.fd, log.size) == (f"{node.layout.log}/node.log", fd, 5)
    assert held_logs(node, other) == []


def test_a_log_that_is_really_called_deleted_is_not_held(live_node):
    node = live_node()
    with open(f"{node.layout.log}/node.log (deleted)", "w", encoding="ascii"):
        assert held_logs(node, os.getpid()) == []


def test_an_unreadable_pid_file_is_not_told_as_down(live_node, tmp_path):
    node = live_node()
    os.mkdir(f"{node.layout.var}/osvcd.pid")
    assert daemon_sentence(node).startswith("down")  # a folder is no pid file
