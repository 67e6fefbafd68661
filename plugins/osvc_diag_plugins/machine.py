"""Looks at the machine and at the agent's daemon, section by section, for the collector `system`."""

from __future__ import annotations

import contextlib
import os
import time
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, Optional

import psutil

from osvc_diag.node.daemon import daemon_pid, held_logs, is_started_as_daemon
from osvc_diag.reading.patience import PatientReader

if TYPE_CHECKING:
    from osvc_diag.node.node import Node

Section = dict[str, Any]
PATIENCE = 3.0  # seconds for one section, or one folder: one on a dead NFS server hangs
MAX_THREADS = 4096  # that are listed
PROCESS_FACTS = [
    "cmdline",
    "cpu_times",
    "create_time",
    "memory_info",
    "name",
    "num_fds",
    "num_threads",
    "ppid",
    "status",
    "username",
]


def describe(node: Node) -> dict[str, object]:
    """Look at everything; a section or folder that fails or hangs says so, and costs only itself."""
    sections: dict[str, Callable[[], object]] = {
        "clock": clock,
        "cpu": cpu,
        "daemon": partial(daemon, node),
        "memory": memory,
        "mounts": mounts,
        "network": network,
        "os": operating_system,
    }
    layout = node.layout
    patient = PatientReader()

    def looked_at(section: Callable[[], object]) -> object:
        return isolated(partial(patient.call, section, timeout=PATIENCE))

    try:
        found = {name: looked_at(section) for name, section in sections.items()}
        folders = (layout.etc, layout.log, layout.var)
        found["folders"] = {folder: looked_at(partial(file_system, folder)) for folder in folders}
        return found
    finally:
        patient.close()


def isolated(section: Callable[[], object]) -> object:
    """Return a section, or what went wrong with it."""
    try:
        return section()
    except Exception as error:  # noqa: BLE001 - every kernel and every psutil fails in its own way
        return {"error": f"{type(error).__name__}: {error}"}


def operating_system() -> Section:
    """Kernel and distribution."""
    uname = os.uname()
    return {
        "kernel": f"{uname.sysname} {uname.release}",
        "kernel_build": uname.version,
        "machine": uname.machine,
        "host_name": uname.nodename,
        "distribution": distribution("/etc/os-release"),
    }


def distribution(path: str) -> str:
    """Return the distribution's name for humans; empty where it has none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read(64 * 1024).splitlines()
    except OSError:
        return ""
    names = [line.partition("=")[2].strip("\"'") for line in lines if line.startswith("PRETTY_NAME=")]
    return names[0] if names else ""


def clock() -> Section:
    """Time, zone and uptime: the agent's logs tell local time, and no zone."""
    now = datetime.now(timezone.utc)
    boot = psutil.boot_time()
    zone_file = "/etc/localtime"
    return {
        "utc": now.isoformat(timespec="seconds"),
        "local": now.astimezone().isoformat(timespec="seconds"),
        "zone_names": list(time.tzname),
        "zone_file": os.path.realpath(zone_file) if os.path.islink(zone_file) else None,
        "booted": moment(boot),
        "uptime_seconds": int(now.timestamp() - boot),
    }


def cpu() -> Section:
    """Load averages, and seconds spent by all processors since the boot."""
    return {
        "load_1_5_15_minutes": [round(load, 2) for load in os.getloadavg()],
        "processors": psutil.cpu_count(),
        "seconds_since_boot": psutil.cpu_times()._asdict(),
    }


def memory() -> Section:
    """Memory and swap, in bytes."""
    return {"memory": psutil.virtual_memory()._asdict(), "swap": psutil.swap_memory()._asdict()}


def file_system(folder: str) -> Section:
    """Bytes and inodes of the file system that a folder is on."""
    found = os.statvfs(folder)
    return {
        "bytes": found.f_blocks * found.f_frsize,
        "bytes_free": found.f_bfree * found.f_frsize,
        "bytes_free_to_users": found.f_bavail * found.f_frsize,
        "inodes": found.f_files,
        "inodes_free": found.f_ffree,
        "read_only": bool(found.f_flag & os.ST_RDONLY),
        "link_to": os.path.realpath(folder) if os.path.islink(folder) else None,
    }


def mounts() -> list[Section]:
    """What is mounted where, in the kernel's order: its own table, for touching a dead mount would hang."""
    with open("/proc/self/mounts", encoding="utf-8", errors="backslashreplace") as file:
        rows = [line.split(" ")[:4] for line in file]
    return [dict(zip(("device", "mount_point", "type", "options"), row)) for row in rows]


def network() -> Section:
    """Interfaces with their state and addresses."""
    states = psutil.net_if_stats()
    return {
        name: {
            "up": states[name].isup if name in states else None,
            "mtu_bytes": states[name].mtu if name in states else None,
            "addresses": [
                {
                    "family": getattr(address.family, "name", str(address.family)),
                    "address": address.address,
                    "netmask": address.netmask,
                }
                for address in addresses
            ],
        }
        for name, addresses in psutil.net_if_addrs().items()
    }


def daemon(node: Node) -> Section:
    """The process that the pid file names, if it lives.

    What only its owner or root may know is null.
    """
    pid = daemon_pid(node)
    if pid is None or not psutil.pid_exists(pid):
        return {"pid": pid, "alive": False}
    try:
        facts = psutil.Process(pid).as_dict(PROCESS_FACTS, ad_value=None)
    except psutil.NoSuchProcess:  # it ended meanwhile
        return {"pid": pid, "alive": False}
    return {
        "pid": pid,
        "alive": facts["status"] != psutil.STATUS_ZOMBIE,
        "is_the_agents": is_started_as_daemon(node, pid),
        # One text, not a list: `--password` and its value have to stand beside each other to be redacted.
        "command_line": " ".join(facts["cmdline"] or []),
        "started": moment(facts["create_time"]),
        "cpu_seconds": as_dict(facts["cpu_times"]),
        "memory_bytes": as_dict(facts["memory_info"]),
        **{name: facts[name] for name in ("name", "num_fds", "num_threads", "ppid", "status", "username")},
        "threads": isolated(partial(threads, pid)),
        "deleted_logs": isolated(partial(deleted_logs, node, pid)),
    }


def threads(pid: int) -> Section:
    """Threads by id, with their name: the agent names them, and a hung one tells where."""
    folder = f"/proc/{pid}/task"
    names: Section = {}
    for task in sorted(os.listdir(folder), key=int)[:MAX_THREADS]:
        with contextlib.suppress(OSError), open(f"{folder}/{task}/comm", "rb") as file:
            names[task] = file.read().decode("utf-8", "backslashreplace").rstrip("\n")
    return names


def deleted_logs(node: Node, pid: int) -> Section:
    """Logs that were deleted while the process had them open, by descriptor."""
    return {str(log.holder.fd): {"path": log.path, "bytes": log.size} for log in held_logs(node, pid)}


def as_dict(fact: Any) -> Any:
    """Return psutil's tuple with its names; None stays."""
    return None if fact is None else fact._asdict()


def moment(seconds: Optional[float]) -> Optional[str]:
    """Return an ISO time in UTC; None stays."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds")
