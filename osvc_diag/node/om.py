"""The agent's own command on a live node: which program it is, and whether this user may run it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from osvc_diag.commands.programs import SYSTEM_FOLDERS, find_program
from osvc_diag.gap import State
from osvc_diag.node.finding import PACKAGE_ROOT, VARIABLE
from osvc_diag.objects.layout import Layout
from osvc_diag.objects.naming import GO_AGENT, PYTHON_AGENT
from osvc_diag.ownership import UntrustedError
from osvc_diag.plugin.sources import Command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osvc_diag.node.node import Node
    from osvc_diag.objects.naming import ObjectPath

PACKAGE_PROGRAMS = ("/usr/bin/om", f"{PACKAGE_ROOT}/bin/om")
INSTALL_HINT = "see whether the agent's package is whole: its command om belongs to it"


class NoOmError(Exception):
    """The agent's command cannot be run here; the text says why."""

    def __init__(self, state: State, reason: str, hint: Optional[str] = None) -> None:
        super().__init__(reason)
        self.state = state
        self.hint = hint


@dataclass(frozen=True)
class Om:
    """The agent's command."""

    program: str
    """Absolute; it and its folders belong to root or to the running user."""
    environ: tuple[tuple[str, str], ...] = ()
    """What tells it where its folders are."""

    def command(self, *arguments: str, timeout: float = Command.timeout) -> Command:
        """Return a command line of it."""
        return Command((self.program, *arguments), timeout, environ=self.environ)


def find_om(node: Node) -> Om:
    """Find the command of the agent that this node runs; never through the caller's PATH.

    Raises:
        NoOmError: there is none, it may not be run, or it would not be about this node.
    """
    if not node.live:
        raise NoOmError(State.SKIPPED, "no command is run where a copy of a node's files is read")
    if node.agent.kind not in {PYTHON_AGENT, GO_AGENT}:
        raise NoOmError(State.SKIPPED, "it is not known which agent the node runs")
    root = _root_path(node.layout)
    candidates = list(_candidates(node, root))
    for candidate in candidates:
        try:
            program = find_program(candidate)
            owner = os.stat(program).st_uid
        except FileNotFoundError:
            continue
        except OSError as error:
            raise NoOmError(State.DENIED, f"{candidate}: {error.strerror}") from error
        except UntrustedError as error:
            raise NoOmError(State.SKIPPED, f"not run: {error}", INSTALL_HINT) from error
        if os.geteuid() not in {0, owner}:
            # It would call sudo, which asks for a password, or reports the user to its admin.
            raise NoOmError(State.DENIED, f"{program} is for root")
        return Om(program, _environ(program, root) if root else ())
    raise NoOmError(State.MISSING, f"there is no {' and no '.join(candidates) or 'om'}", INSTALL_HINT)


def selector(obj: ObjectPath) -> str:
    """Return how an object is named to either agent, so that it is not taken for one of their subsystems."""
    return f"{obj.kind}/{obj.name}" if obj.namespace == "root" else obj.full


def _root_path(layout: Layout) -> Optional[str]:
    """Return the folder of a root-path install; None for any other layout."""
    root = os.path.dirname(layout.etc)
    return root if layout == Layout.root_path(root) else None


def _environ(program: str, root: str) -> tuple[tuple[str, str], ...]:
    """Return what tells a root-path install where it is; its own folder comes after the system's."""
    folders = (*SYSTEM_FOLDERS, os.path.dirname(program))
    return (VARIABLE, root), ("PATH", ":".join(dict.fromkeys(folders)))


def _candidates(node: Node, root: Optional[str]) -> Iterator[str]:
    if root:
        yield f"{root}/bin/om"
    if node.layout == Layout.package() or (root and node.agent.kind == GO_AGENT):
        # The Python agent's command knows its own folders alone, om3's takes them from its environment.
        yield from PACKAGE_PROGRAMS
