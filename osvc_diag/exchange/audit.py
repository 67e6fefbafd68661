"""One line in syslog for each delivery: who sent what, where to, and what came of it."""

from __future__ import annotations

import contextlib
import os
import socket
from typing import TYPE_CHECKING, Optional

from osvc_diag.printable import printable

if TYPE_CHECKING:
    from osvc_diag.exchange.opened import OpenedBundle

ADDRESS = "/dev/log"
_AUTH_NOTICE = 4 * 8 + 5  # facility and severity: what the machine's administrators keep
_NOBODY = 0xFFFFFFFF  # the login uid of a service


def audit_line(
    bundle: OpenedBundle, *, exchange: str, outcome: str, item: Optional[str] = None, verified: bool = True
) -> str:
    """Return the line: `key=value`, what may hold spaces in quotes.

    Args:
        bundle: what was sent.
        exchange: URL without a login.
        outcome: `delivered`, or the class of an error: texts stay out.
        item: the exchange's name for it.
        verified: whether TLS was verified.
    """
    pairs = {
        "action": "deliver",
        "outcome": outcome,
        "uid": str(os.getuid()),
        "login_uid": _login_uid(),
        "bundle": bundle.path,
        "size": str(bundle.size),
        "sha256": bundle.sha256,
        "exchange": exchange,
        "item": item,
        "tls": None if verified else "unverified",
    }
    return " ".join(f"{name}={_quoted(value)}" for name, value in pairs.items() if value is not None)


def write_audit(line: str, *, address: str = ADDRESS) -> bool:
    """Send a line to the system's log; False where there is none."""
    message = f"<{_AUTH_NOTICE}>osvc_diag[{os.getpid()}]: {line}".encode("utf-8", "backslashreplace")
    # Not the syslog module: its identity is one for the whole process, which is not ours.
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, kind) as log:
            log.settimeout(2)
            log.connect(address)
            log.sendall(message if kind == socket.SOCK_DGRAM else message + b"\n")
            return True
    return False


def _login_uid() -> Optional[str]:
    """Return who logged in before sudo, where the kernel knows."""
    try:
        with open("/proc/self/loginuid", encoding="ascii") as file:
            uid = int(file.read())
    except (OSError, ValueError):
        return None
    return None if uid == _NOBODY else str(uid)


def _quoted(value: str) -> str:
    value = printable(value)
    if value and not any(char in value for char in ' "='):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
