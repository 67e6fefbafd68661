"""What journalctl is asked: which records, which of their fields, and between which times."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Optional

from osvc_diag.objects.naming import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osvc_diag.objects.naming import ObjectPath
    from osvc_diag.window import Window

    Matches = tuple[tuple[str, ...], ...]
    """Alternatives, each of `FIELD=value` that hold together; of one field, any of its values."""

DAEMON_UNIT = "opensvc-server.service"  # om3 daemon/daemonsys/linux.go
AS_ROOT = "_UID=0"
"""Every user may send any field but those that journald adds itself, which begin with an underscore."""

# What tells something, in the order in which it is read best. Left out on purpose: JSON, the record once
# more; ARGV and _CMDLINE, which MESSAGE and CMD hold, and which are full of secrets.
FIELDS = (
    "PRIORITY", "MESSAGE", "OBJ_PATH", "RID", "SUBSET", "PKG", "NODE", "_HOSTNAME",
    "ACTION", "ORIGIN", "DURATION", "CMD", "CMD_PID", "PID", "EXIT_CODE", "EXITCODE", "OUT", "ERR",
    "CONTAINER_NAME", "TIMEOUT",
    "IMON_STATE", "IMON_GLOBAL_EXPECT", "IMON_LOCAL_EXPECT",
    "HB_ID", "HB_NAME", "HB_FUNC", "HB_PEER_WATCH",
    "REQUEST_ID", "REQUEST_UUID", "REQUEST_METHOD", "REQUEST_PATH", "METHOD", "PATH",
    "LSNR_TYPE", "LSNR_ADDR", "AUTH_USER", "AUTH_GRANT", "AUTH_STRATEGY",
    "SID", "EID", "ORCHESTRATION_ID", "VERSION",
    "_PID", "_UID", "_COMM", "_EXE", "SYSLOG_IDENTIFIER", "UNIT", "_SYSTEMD_UNIT", "_TRANSPORT",
)  # fmt: skip
"""Of om3 @c979e4c0 `git grep 'Attr("'`, and of journald (systemd.journal-fields(7))."""

_MATCH = re.compile(r"[A-Z0-9_]{1,64}=[^\n\0]{0,4096}")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Times:
    """From `since` to `until`, both included, in microseconds since the epoch; None is open."""

    since: Optional[int] = None
    until: Optional[int] = None

    @classmethod
    def of(cls, window: Window) -> Times:
        """Express a window, whose end is not in it."""
        return cls(
            None if window.since is None else _microseconds(window.since),
            None if window.until is None else _microseconds(window.until) - 1,
        )

    @property
    def is_open(self) -> bool:
        """Whether it is no limit at all."""
        return self.since is None and self.until is None

    def options(self) -> tuple[str, ...]:
        """Return what tells journalctl, in no zone but UTC."""
        named = (("--since", self.since), ("--until", self.until))
        return tuple(
            f"{name}=@{time // 10**6}.{time % 10**6:06d}" for name, time in named if time is not None
        )


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def of_object(obj: ObjectPath) -> Matches:
    """Return what matches the records of an object, as om3 spells its path and as we do.

    Only those that root sent: `om` acts as root, and OBJ_PATH is a field that anybody may send.
    """
    full = obj.full
    below_root = full[len(ROOT) + 1 :] if full.startswith(f"{ROOT}/") else full
    return ((AS_ROOT, *(f"OBJ_PATH={name}" for name in dict.fromkeys((str(obj), below_root, full)))),)


def of_agent() -> Matches:
    """Return what matches all that the agent says, its daemon's children, and systemd about the daemon.

    Heartbeats, the API and what the Go runtime says when it panics have no OBJ_PATH; `_COMM` may be missing
    where a command was over before journald looked.
    """
    return ((AS_ROOT, "_COMM=om"), (f"_SYSTEMD_UNIT={DAEMON_UNIT}",), (AS_ROOT, f"UNIT={DAEMON_UNIT}"))


def arguments(matches: Matches) -> list[str]:
    """Return journalctl's arguments for some matches.

    Raises:
        ValueError: there is none, or one is no match.
    """
    if not matches or not all(matches):
        raise ValueError("a journal is asked for some of its records, by FIELD=value")
    for match in (match for term in matches for match in term):
        if not _MATCH.fullmatch(match):
            raise ValueError(f"{match!a} is not FIELD=value")
    first, *others = matches
    return [*first, *(word for term in others for word in ("+", *term))]


def command_line(place: Sequence[str], matches: Matches, *options: str) -> tuple[str, ...]:
    """Return the command line that asks for records as JSON.

    Without `-a`, fields of 4 KiB or more are null.

    Args:
        place: options that say which journal.
        matches: which records.
        options: which order, how many, which fields, between which times.
    """
    return ("journalctl", "-q", "--no-pager", "-a", "-o", "json", *place, *options, *arguments(matches))


def fields_option(names: Sequence[str] = FIELDS) -> str:
    """Return the option for some fields; journalctl adds the times and the boot."""
    return f"--output-fields={','.join(names)}"
