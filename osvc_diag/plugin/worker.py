"""The process of one plugin: loads it, and does for the host what only the plugin's own code can do.

Whatever that code does to its process ends with it. The line to the host is on descriptors that it does not
know of; what it prints goes elsewhere.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import signal
import sys
from typing import TYPE_CHECKING, Any, Callable

import pluggy

from osvc_diag.errors import DiagError
from osvc_diag.gap import Gap
from osvc_diag.node.facts import node_of, objects_of
from osvc_diag.plugin import hookspecs
from osvc_diag.plugin.artifact import Artifact, Artifacts
from osvc_diag.plugin.asking import ask_plugin
from osvc_diag.plugin.collector import listed
from osvc_diag.plugin.crossing import CrossingError, no_function, sent
from osvc_diag.plugin.foreign import is_own, place_of, told_by
from osvc_diag.plugin.importing import import_plugin
from osvc_diag.plugin.wire import Inbox, WireError, packed

if TYPE_CHECKING:
    from osvc_diag.node.node import Node

MEMORY = 512 * 1024 * 1024  # bytes that the plugin may allocate
ADDRESSES = 4 * 1024**3  # bytes of address space: libraries map far more than they use
SECONDS = 300  # of processor time: the host is far less patient
FILE_SIZE = 64 * 1024 * 1024  # bytes: a plugin has no reason to fill a disk
TOO_MUCH_MEMORY = f"it needs more than {MEMORY >> 20} MiB of memory"
_PIECE = 64 * 1024  # bytes read at a time


def main(lifeline: int) -> None:
    """Serve the host until it closes the line; never returns.

    Args:
        lifeline: descriptor of a pipe that ends when the host does.
    """
    line = _Line()
    _end_with(lifeline)
    _limit()
    served = _Served()
    try:
        for message in iter(line.receive, None):
            line.send(served.answer(message, line.send))
        # Regularly, so that what the plugin wanted done at the end is done; the host waits a moment.
        sys.exit(0)
    except OSError:
        # The host has gone, or this is a child that the plugin forked, which must not go on as its parent.
        os._exit(1)


class _Line:
    """The child's end: descriptors of its own, closed in whatever the plugin starts."""

    def __init__(self) -> None:
        self._fds = [os.dup(0), os.dup(1)]
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        self._inbox = Inbox()
        os.register_at_fork(after_in_child=self._close)

    def receive(self) -> Any:
        """Return the next message; None once the host has closed the line."""
        while True:
            message = self._inbox.next()
            if message is not None:
                return message
            piece = os.read(self._fds[0], _PIECE)
            if not piece:
                return None
            self._inbox.add(piece)

    def send(self, message: object) -> None:
        """Send a message; one that is none, or is too long, becomes an error."""
        try:
            text = packed(message)
        except (TypeError, ValueError, RecursionError, WireError) as error:
            text = packed({"error": f"what it gave cannot be sent: {error}"[:1000], "own": True})
        except MemoryError:
            text = packed({"error": TOO_MUCH_MEMORY, "own": True})
        rest = memoryview(text)
        while rest:
            rest = rest[os.write(self._fds[1], rest) :]

    def _close(self) -> None:
        for fd in self._fds:
            with contextlib.suppress(OSError):
                os.close(fd)
        self._fds = [-1, -1]


class _Served:
    """The plugin, and those of its functions that the host may have called."""

    def __init__(self) -> None:
        self._functions: list[Callable[..., Any]] = []
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._node: Node

    def answer(self, message: dict[str, Any], send: Callable[[object], None]) -> dict[str, Any]:
        """Do one thing; what it raises is part of the answer."""
        try:
            if message["do"] == "load":
                return {"done": self._load(message)}
            if message["do"] == "collect":
                self._collect(message, send)
                return {"done": None}
            if message["do"] == "compute":
                return {"done": self._functions[message["function"]]()}
            return {"done": self._owns(message["url"])}
        except BaseException as error:  # noqa: BLE001 - foreign code raises anything, SystemExit too
            is_load = message.get("do") == "load"
            is_known = isinstance(error, MemoryError) or (is_load and is_own(error))
            return {"error": _told(error), "own": is_known}

    def _owns(self, url: str) -> bool:
        try:
            return self._manager.hook.osvc_diag_exchange(url=url) is not None
        except DiagError:
            return (
                True  # it is, and something is wrong with it: asked again in the program, it tells the user
            )

    def _load(self, message: dict[str, Any]) -> dict[str, Any]:
        plugin = import_plugin(message["name"], message["what"])
        added = ask_plugin(self._manager, plugin, message["name"])
        return {
            "hooks": added.hooks,
            "collectors": [sent(collector, self._keep) for collector in added.collectors],
            "rules": [sent(rule, no_function) for rule in added.rules],
        }

    def _collect(self, message: dict[str, Any], send: Callable[[object], None]) -> None:
        if message["node"] is not None:
            self._node = node_of(message["node"])
        arguments = [self._node, objects_of(message["objects"])]
        if message["values"] is not None:
            arguments.append(message["values"])
        collect = self._functions[message["function"]]
        for declared in listed(collect(*arguments), collect):
            send(self._crossing(declared))

    def _crossing(self, declared: object) -> dict[str, Any]:
        """Return what a collector gave as a message; what cannot cross costs that artifact only."""
        if not isinstance(declared, (Artifact, Artifacts, Gap)):
            return {"bad": f"{type(declared).__name__} is no Artifact"}
        try:
            return {"item": sent(declared, self._keep)}
        except CrossingError as error:
            return {"bad": str(error)}

    def _keep(self, function: Callable[..., Any]) -> int:
        self._functions.append(function)
        return len(self._functions) - 1


def _told(error: BaseException) -> str:
    """Return what an exception says, and where in the plugin it came from."""
    place = place_of(error)
    told = TOO_MUCH_MEMORY if isinstance(error, MemoryError) else told_by(error)
    return told + (f" ({place})" if place else "")


def _end_with(lifeline: int) -> None:
    """Have the kernel end this process, and all of its group, when the host is gone.

    Not even a plugin that hangs in C code and holds the interpreter's lock survives that.
    """
    os.set_inheritable(lifeline, False)
    if hasattr(fcntl, "F_SETSIG"):
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpid())
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
        flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC | os.O_NONBLOCK)
        with contextlib.suppress(BlockingIOError):
            if not os.read(lifeline, 1):
                os._exit(1)  # it went before the kernel was told


def _limit() -> None:
    limits = {"CORE": 0, "DATA": MEMORY, "AS": ADDRESSES, "CPU": SECONDS, "FSIZE": FILE_SIZE}
    for name, limit in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}", None)
        if kind is not None:
            with contextlib.suppress(OSError, ValueError):
                hard = resource.getrlimit(kind)[1]
                least = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
                resource.setrlimit(kind, (least, least))
