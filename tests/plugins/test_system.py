from __future__ import annotations

import json
import os
import shutil
import threading
import time

import psutil
import pytest

from osvc_diag.node.node import Node
from osvc_diag.objects.layout import Layout
from osvc_diag_plugins import machine  # noqa: TID251 - what is tested


def put_pid(node, pid):
    with open(f"{node.layout.var}/osvcd.pid", "w", encoding="ascii") as file:
        file.write(str(pid))


@pytest.fixture
def document(take):
    def compute(node):
        (artifact,) = take("system", node)
        assert artifact.name == "info/system.json"
        return json.loads(json.dumps(artifact.source.compute()))

    return compute


def test_a_foreign_disk_has_no_live_machine(take, sample):
    assert take("system", sample()) == []


def test_every_section_is_there_and_none_failed(document, live_node):
    found = document(live_node())
    assert sorted(found) == ["clock", "cpu", "daemon", "folders", "memory", "mounts", "network", "os"]
    assert not [name for name, section in found.items() if "error" in section]


def test_the_daemon_is_told_down_without_a_pid_file(document, live_node):
    assert document(live_node())["daemon"] == {"pid": None, "alive": False}


def test_the_daemon_is_told_down_when_its_process_is_gone(document, live_node, ended_pid):
    put_pid(live_node(), ended_pid)
    assert document(live_node())["daemon"] == {"pid": ended_pid, "alive": False}


def test_a_living_daemon_is_told_with_its_threads_by_name(document, live_node):
    put_pid(live_node(), os.getpid())
    done = threading.Event()

    def wait():
        with open("/proc/thread-self/comm", "w", encoding="ascii") as file:
            file.write("scaler:svc1")
        ready.set()
        done.wait(60)

    ready = threading.Event()
    thread = threading.Thread(target=wait)
    thread.start()
    try:
        assert ready.wait(60)
        found = document(live_node())["daemon"]
    finally:
        done.set()
        thread.join()
    assert found["alive"] is True
    assert "scaler:svc1" in found["threads"].values()
    assert found["num_fds"] > 0
    assert found["memory_bytes"]["rss"] > 0
    assert found["started"].startswith("2")
    assert "python" in found["command_line"] or "pytest" in found["command_line"]


def test_a_pid_that_went_to_another_program_is_told(document, live_node):
    put_pid(live_node(), os.getpid())
    assert document(live_node())["daemon"]["is_the_agents"] is None
    with open(f"{live_node().layout.var}/osvcd.pid.args", "w", encoding="ascii") as file:
        file.write("/usr/bin/python3 -m opensvc.daemon")
    assert document(live_node())["daemon"]["is_the_agents"] is False


def test_a_daemon_that_ends_while_it_is_looked_at_is_told_down(document, live_node, monkeypatch, ended_pid):
    put_pid(live_node(), ended_pid)
    monkeypatch.setattr(psutil, "pid_exists", lambda _pid: True)
    assert document(live_node())["daemon"] == {"pid": ended_pid, "alive": False}


def test_deleted_logs_that_the_daemon_holds_are_told(document, live_node, holding_process):
    node = live_node()
    pid, fd = holding_process(f"{node.layout.log}/node.log", b"12345\n")
    put_pid(node, pid)
    assert document(node)["daemon"]["deleted_logs"] == {
        str(fd): {"path": f"{node.layout.log}/node.log", "bytes": 6}
    }


def test_a_folder_that_is_gone_costs_only_itself(document, live_node):
    node = live_node()
    shutil.rmtree(node.layout.log)
    folders = document(node)["folders"]
    assert folders[node.layout.log]["error"].startswith("FileNotFoundError")
    assert folders[node.layout.var]["inodes"] >= 0


def test_a_section_that_fails_says_why():
    assert machine.isolated(lambda: 1 // 0) == {
        "error": "ZeroDivisionError: integer division or modulo by zero"
    }


def test_a_folder_that_hangs_costs_only_itself(live_node, monkeypatch):
    node = live_node()
    released = threading.Event()
    look = machine.file_system
    monkeypatch.setattr(machine, "PATIENCE", 0.5)
    monkeypatch.setattr(
        machine, "file_system", lambda path: released.wait() if path == node.layout.log else look(path)
    )
    try:
        found = machine.describe(node)
    finally:
        released.set()
    assert found["folders"][node.layout.log]["error"].startswith("StalledError")
    assert found["folders"][node.layout.var]["inodes"] >= 0
    assert found["os"]["kernel"].startswith(os.uname().sysname)


def test_a_daemon_whose_pid_may_not_be_read_is_told_as_an_error(take, open_tree, ordinary_user):
    layout = Layout.package(open_tree)
    node = Node.from_paths(etc=layout.etc, log=layout.log, var=layout.var, name="node1")
    (artifact,) = take("system", node)
    os.chmod(f"{layout.var}/osvcd.pid", 0)
    with ordinary_user():
        found = artifact.source.compute()
    assert found["daemon"] == {"error": "PermissionError: [Errno 13] Permission denied: 'osvcd.pid'"}
    assert found["os"]["kernel"].startswith(os.uname().sysname)


def test_a_pid_file_full_of_nonsense_is_no_pid(document, live_node):
    for text in ("", "0", "-1", "1 2", "9" * 40, "9" * 5000, "../1", "\u0663"):
        with open(f"{live_node().layout.var}/osvcd.pid", "w", encoding="utf-8") as file:
            file.write(text)
        assert document(live_node())["daemon"] == {"pid": None, "alive": False}


def test_the_zone_of_the_logs_is_told(document, live_node):
    clock = document(live_node())["clock"]
    assert clock["zone_names"] == list(time.tzname)
    assert clock["utc"].endswith("+00:00")
    assert clock["uptime_seconds"] > 0


def test_the_distribution_is_read_where_it_stands(tmp_path):
    release = tmp_path / "os-release"
    release.write_text('NAME="X"\nPRETTY_NAME="Debian GNU/Linux 12"\n')
    assert machine.distribution(str(release)) == "Debian GNU/Linux 12"
    assert machine.distribution(str(tmp_path / "none")) == ""


def test_nothing_is_looked_at_before_its_turn(take, live_node):
    put_pid(live_node(), os.getpid())
    (artifact,) = take("system", live_node())
    put_pid(live_node(), "none")
    assert artifact.source.compute()["daemon"]["alive"] is False
