"""What the machine itself says of the agent's troubles: kernel, memory, fencing, storage paths, the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osvc_diag import Artifact, Collector, Form, Gap, Priority, State, hookimpl
from osvc_diag.commands.programs import has_program
from osvc_diag.journal.places import find_journal
from osvc_diag.node.system_logs import is_whole_system, system_logs
from osvc_diag.plugin.sources import JournalSource, LineChoice, LogSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osvc_diag import Declared, Node, ObjectPath

NAME = "machine-log"

LINES = LineChoice(
    "the agent, memory, fencing, storage paths, hangs and the clock",
    (
        # the agent itself, and systemd about it
        "opensvc", "osvcd", " om[", " om:",
        # memory
        "out of memory", "oom-kill", "oom_reaper", "oom killer", "killed process", "page allocation failure",
        # fencing, and how a node goes down
        "fence", "stonith", "reservation conflict", "watchdog", "kernel panic", "sysrq:",
        "linux version", "reboot", "power key", "shutting down",
        # storage paths
        "multipath", "rport-", "i/o error", "offline device", "rejecting i/o",
        "remounting filesystem read-only",
        "lost page write", "drbd", "iscsi", "not responding", "nfs: server",
        # hangs
        "blocked for more than", "soft lockup", "hard lockup", "rcu_sched", "hung_task", "call trace",
        # the clock
        "clocksource", "time jump", "system clock", "clock wrong", "time has been changed", "chronyd", "ntpd",
        "systemd-timesyncd",
        # heartbeats' links
        "link is down", "link is up", "nic link", "bonding:", "carrier",
    ),
)  # fmt: skip

# Each line that the kernel marked as a warning or worse; and what systemd and the daemons of these say.
KERNEL = ("_TRANSPORT=kernel", *(f"PRIORITY={level}" for level in range(5)))
UNITS = (
    "opensvc-agent.service", "opensvc-services.service", "opensvc-server.service", "multipathd.service",
    "iscsid.service", "chronyd.service", "chrony.service", "ntpd.service", "ntp.service",
    "systemd-timesyncd.service", "systemd-oomd.service", "watchdog.service", "fenced.service",
)  # fmt: skip
JOURNAL = (
    KERNEL,
    tuple(f"_SYSTEMD_UNIT={unit}" for unit in UNITS if not unit.startswith("opensvc")),
    ("_PID=1", *(f"UNIT={unit}" for unit in UNITS)),
)
DMESG = ("dmesg", "--time-format", "iso")  # all that the kernel still remembers, where there is no journal

CLOCKS = (
    ("chronyc", ("chronyc", "-n", "tracking")),
    ("ntpq", ("ntpq", "-pn")),
    ("timedatectl", ("timedatectl", "--no-pager", "status")),
)
TIMEOUT = 5.0  # seconds; each of them asks a daemon on this machine
LIMIT = 1024 * 1024  # bytes of an answer


def collect(node: Node, _objects: Sequence[ObjectPath]) -> Iterator[Declared]:
    """Name the system's logs, of which only telling lines are taken, and on a live node what it is asked."""
    logs = system_logs(node)
    for log in logs:
        source = LogSource(log.path, log.live, log.age, lines=LINES)
        yield Artifact(node.member(log.path), source, form=Form.LOG)
    journal = find_journal(node)
    denied = [gap for gap in journal.gaps if gap.state is State.DENIED]
    if journal.files:
        yield Artifact(f"cmd/{NAME}/journal.log", JournalSource(JOURNAL), form=Form.LOG)
    elif denied:
        yield from denied
    elif node.live:
        yield Artifact.from_command(f"{NAME}/dmesg", DMESG, timeout=TIMEOUT, limit=LIMIT)
    elif not logs and is_whole_system(node):
        yield Gap(State.MISSING, "there is no log of the system and no journal: what the kernel said is lost")
    if node.live:
        yield from clock()
        yield from storage_paths()


def clock() -> Iterator[Declared]:
    """Ask the first of the clock's daemons that is there: a heartbeat is judged by its time."""
    for program, argv in CLOCKS:
        if has_program(program):
            yield Artifact.from_command(
                f"{NAME}/clock", argv, timeout=TIMEOUT, limit=LIMIT, priority=Priority.STATE
            )
            return
    names = " and no ".join(program for program, _ in CLOCKS)
    yield Gap(State.MISSING, f"there is no {names}: how far the clock is off is not known")


def storage_paths() -> Iterator[Declared]:
    """Ask for the storage paths where there is multipath; a machine without it has none to tell of.

    `-l` reads what the kernel knows. `-ll` also tries each path, which hangs where storage does.
    """
    if has_program("multipath"):
        yield Artifact.from_command(
            f"{NAME}/multipath", ("multipath", "-l"), timeout=TIMEOUT, limit=LIMIT, priority=Priority.STATE
        )


@hookimpl
def osvc_diag_collectors() -> Iterator[Collector]:
    """Add the collector."""
    yield Collector(NAME, "the system's logs on kernel, memory, fencing, storage paths and clock", collect)
