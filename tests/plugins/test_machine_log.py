"""The machine's own evidence: telling lines of its logs, and what it is asked, as far as it has it."""

from __future__ import annotations

import os
import tarfile

import pytest

from osvc_diag import Node, State, diagnose
from osvc_diag.plugin.sources import CommandSource

SYSLOG = """\
Nov 22 19:00:00 node1 kernel: Out of memory: Killed process 4711 (java)
Nov 22 19:00:01 node1 cron[1]: nothing of interest password=hunter2hunter2
Nov 22 19:00:02 node1 multipathd[9]: sdb: path down, token=hunter3hunter3
"""


def write(root: str, name: str, text: str, mtime: float = 0) -> None:
    path = f"{root}/var/log/{name}"
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    if mtime:
        os.utime(path, (mtime, mtime))


def content(bundle: str, name: str) -> str:
    with tarfile.open(bundle) as tar:
        (member,) = [member for member in tar if member.name.partition("/")[2] == name]
        return tar.extractfile(member).read().decode()


def run(root: str, **wishes: object):
    wishes.setdefault("only", ["machine-log"])
    return diagnose("node", node=Node.discover(root, zone="UTC"), output=root, **wishes)


def test_only_the_telling_lines_of_syslog_are_taken_and_redacted(own_tree):
    root = own_tree()
    write(root, "syslog", SYSLOG)
    result = run(root)
    text = content(result.bundle, "file/var/log/syslog")
    assert "Killed process 4711" in text
    assert "path down" in text
    assert "cron" not in text
    assert "hunter" not in text
    (entry,) = result.manifest.artifacts
    assert (entry.state, entry.collectors) == (State.SLICED, ("machine-log",))
    assert entry.reason.startswith("the lines about the agent, memory")
    assert result.gaps == ()


def test_the_last_rotated_ones_are_taken_too(own_tree, take):
    root = own_tree()
    for name, mtime in (
        ("messages", 9),
        ("messages-20261115", 7),
        ("messages-20261108", 6),
        ("messages-20261101", 5),
        ("messagesx", 8),
        ("kern.log", 9),
    ):
        write(root, name, SYSLOG, mtime=mtime)
    sources = [artifact.source for artifact in take("machine-log", Node.discover(root))]
    assert [(os.path.basename(source.path), source.age) for source in sources] == [
        ("messages", 0),
        ("messages-20261115", 1),
        ("messages-20261108", 2),
        ("kern.log", 0),
    ]


def test_a_log_without_a_telling_line_is_no_gap(own_tree):
    root = own_tree()
    write(root, "syslog", "Nov 22 19:00:01 node1 cron[1]: nothing\n")
    result = run(root)
    assert result.gaps == ()
    assert [entry.state for entry in result.manifest.artifacts] == [State.SKIPPED]


def test_a_whole_system_without_any_log_is_a_gap(own_tree):
    root = own_tree()
    os.symlink("../usr/lib/os-release", f"{root}/etc/os-release")
    (gap,) = run(root).gaps
    assert (gap.state, gap.collector) == (State.MISSING, "machine-log")
    assert gap.reason.startswith("there is no log of the system and no journal")


def test_a_copy_of_the_agents_folders_alone_misses_none(own_tree):
    assert run(own_tree()).gaps == ()


def asked(take, node: Node) -> dict[str, tuple[str, ...]]:
    artifacts = take("machine-log", node)
    return {
        artifact.name: artifact.source.command.argv
        for artifact in artifacts
        if isinstance(getattr(artifact, "source", None), CommandSource) and artifact.name.endswith(".out")
    }


@pytest.fixture
def installed(monkeypatch):
    """Have these programs, and no other: `installed("chronyc")`."""

    def have(*names: str) -> None:
        monkeypatch.setattr("osvc_diag_plugins.machine_log.has_program", lambda name: name in names)

    return have


@pytest.mark.parametrize(
    ("programs", "argv"),
    [
        (("chronyc", "ntpq", "timedatectl"), ("chronyc", "-n", "tracking")),
        (("ntpq", "timedatectl"), ("ntpq", "-pn")),
        (("timedatectl",), ("timedatectl", "--no-pager", "status")),
    ],
)
def test_the_first_daemon_of_the_clock_that_is_there_is_asked(live_node, take, installed, programs, argv):
    installed(*programs)
    assert asked(take, live_node())["cmd/machine-log/clock.out"] == argv


def test_a_machine_without_any_is_a_gap(live_node, installed, tmp_path):
    installed()
    result = diagnose("node", node=live_node(), output=str(tmp_path), only=["machine-log"])
    assert "there is no chronyc and no ntpq and no timedatectl" in [gap.reason for gap in result.gaps][-1]


@pytest.mark.parametrize("programs", [(), ("multipath",)])
def test_storage_paths_are_asked_for_where_there_are_any(live_node, take, installed, programs):
    installed(*programs)
    assert ("cmd/machine-log/multipath.out" in asked(take, live_node())) is bool(programs)


def test_of_a_copy_nothing_is_asked(sample, take):
    assert asked(take, sample()) == {}
