from __future__ import annotations

import os
import subprocess
import sys

import pytest

from osvc_diag.node.daemon import daemon_pid, daemon_sentence, held_logs, is_started_as_daemon
from osvc_diag.node.node import Node
from osvc_diag.objects.layout import Layout


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
    with open("/proc/self/comm", encoding="utf-8") as file:
        name = file.read().rstrip("\n")
    assert daemon_sentence(node) == f"process {os.getpid()} ({name}) is alive"
    put_pid(node, str(ended_pid))
    assert daemon_sentence(node) == f"down: process {ended_pid} of var/osvcd.pid is gone"


def test_a_process_called_like_an_escape_sequence_cannot_reach_a_terminal(live_node):
    code = "open('/proc/self/comm', 'w').write('\x1b[31mx'); print(flush=True); input()"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        process.stdout.readline()
        put_pid(live_node(), str(process.pid))
        assert daemon_sentence(live_node()) == f"process {process.pid} (\\x1b[31mx) is alive"
    finally:
        process.communicate(b"\n")


@pytest.mark.parametrize(
    ("arguments", "known"), [("{own}", True), ("/usr/bin/python3 -m opensvc.daemon", False), (None, None)]
)
def test_the_command_line_tells_whether_a_pid_went_to_another_program(live_node, arguments, known):
    with open("/proc/self/cmdline", "rb") as file:
        own = os.fsdecode(file.read().replace(b"\0", b" ").strip())
    if arguments is not None:
        with open(f"{live_node().layout.var}/osvcd.pid.args", "w", encoding="utf-8") as file:
            file.write(arguments.format(own=own))
    assert is_started_as_daemon(live_node(), os.getpid()) is known


def test_of_a_process_that_is_gone_nothing_is_known(live_node, ended_pid):
    with open(f"{live_node().layout.var}/osvcd.pid.args", "w", encoding="utf-8") as file:
        file.write("x")
    assert is_started_as_daemon(live_node(), ended_pid) is None


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


def test_a_log_that_is_held_twice_is_told_once(live_node):
    node = live_node()
    with open(f"{node.layout.log}/node.log", "w", encoding="ascii") as file:
        twin = os.dup(file.fileno())
        os.unlink(file.name)
        assert [log.holder.fd for log in held_logs(node, os.getpid())] == [min(twin, file.fileno())]
        os.close(twin)


def test_a_pid_file_that_may_not_be_read_is_not_told_as_a_daemon_down(open_tree, ordinary_user):
    layout = Layout.package(open_tree)
    node = Node.from_paths(etc=layout.etc, log=layout.log, var=layout.var, name="node1")
    os.chmod(f"{layout.var}/osvcd.pid", 0)
    with ordinary_user():
        assert daemon_sentence(node) == "unknown: var/osvcd.pid cannot be read: Permission denied"
