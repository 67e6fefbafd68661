"""Finds a node's journal, and says what is to be known before it is read: absent, volatile, damaged."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from osvc_diag.gap import Gap, State
from osvc_diag.journal.files import HEAD, PERSISTENT, VOLATILE, damage
from osvc_diag.reading.trees import NotTakenError, Trees

if TYPE_CHECKING:
    from osvc_diag.node.node import Node

MACHINE_ID = "etc/machine-id"
MOST_FILES = 400  # of one journal; journald keeps 100 archived ones (journald.conf(5), SystemMaxFiles=)

MAKE_PERSISTENT = (
    "to have a journal that a reboot leaves: mkdir -p /var/log/journal, Storage=persistent in "
    "/etc/systemd/journald.conf, systemctl restart systemd-journald"
)
AS_ROOT_OR_MEMBER = "run it as root, or as a member of the group systemd-journal"
VERIFY = "journalctl --verify (with --file=FILE) tells which files are damaged, and where"

_MACHINE = re.compile(r"[0-9a-f]{32}")
_ID_LIMIT = 256  # bytes of a machine-id file
_JOURNAL = (".journal", ".journal~")


@dataclass(frozen=True)
class JournalPlace:
    """Where a node's journal is."""

    base: str
    """The folder that stands for `/`."""
    files: tuple[str, ...] = ()
    """Absolute paths of those that can be read, the newest of a folder last."""
    gaps: tuple[Gap, ...] = ()
    """What cannot be had of it."""

    @property
    def live(self) -> bool:
        """Whether it is this machine's own, of which journalctl knows where it is."""
        return self.base == "/"


def find_journal(node: Node) -> JournalPlace:
    """Look for the files of a node's journal.

    Those of the machine's own id; below a root that has none of it, of all ids. Of what users wrote into
    journals of their own nothing is taken: no part of the agent runs as one of them.
    """
    base = node.root or "/"
    search = _Search(node, base)
    persistent = search.files_below(os.path.join(base, PERSISTENT))
    files = [*persistent, *search.files_below(os.path.join(base, VOLATILE))]
    gaps = search.gaps
    below = "" if base == "/" else f" below {node.root}"
    if not files and not gaps:
        gaps = [Gap(State.MISSING, f"there is no journal{below}", hint=MAKE_PERSISTENT)]
    elif files and not persistent:
        reason = f"the journal{below} is volatile: what was before the last boot is lost"
        gaps = [*gaps, Gap(State.MISSING, reason, hint=MAKE_PERSISTENT)]
    return JournalPlace(base, tuple(files), tuple(gaps))


class _Search:
    """One look through the folders of journals."""

    def __init__(self, node: Node, base: str) -> None:
        self.gaps: list[Gap] = []
        self._node = node
        self._trees = Trees([os.path.join(base, name) for name in (PERSISTENT, VOLATILE)], base=base)
        self._machine = _machine_id(base)

    def files_below(self, folder: str) -> list[str]:
        """Return the files of the system's journal below one of its folders, the last written last."""
        machines = [name for name in self._names(folder) if _MACHINE.fullmatch(name)]
        if self._machine in machines:
            machines = [self._machine]
        files: list[tuple[float, str]] = []
        for path in (os.path.join(folder, machine) for machine in machines):
            for name in self._names(path):
                if name.startswith("system") and name.endswith(_JOURNAL):
                    self._look(os.path.join(path, name), files)
        files.sort()
        if files[:-MOST_FILES]:
            reason = f"of {len(files)} files of the journal only the newest {MOST_FILES} are read"
            self.gaps.append(Gap(State.SKIPPED, reason, artifact=self._node.member(folder)))
        return [path for _, path in files[-MOST_FILES:]]

    def _names(self, folder: str) -> list[str]:
        try:
            return self._trees.listdir(folder)
        except (OSError, NotTakenError) as error:
            self.gaps.append(self._gap(folder, error))
            return []

    def _look(self, path: str, files: list[tuple[float, str]]) -> None:
        try:
            opened = self._trees.open(path)
        except FileNotFoundError:
            return  # rotated away since the folder was listed
        except (OSError, NotTakenError) as error:
            self.gaps.append(self._gap(path, error))
            return
        try:
            problem = damage(os.pread(opened.fd, HEAD, 0), opened.status.st_size)
        except OSError as error:
            self.gaps.append(self._gap(path, error))
            return
        finally:
            os.close(opened.fd)
        if problem:
            gap = Gap(State.FAILED, problem, artifact=self._node.member(path), hint=VERIFY)
            self.gaps.append(gap)
        else:
            files.append((opened.status.st_mtime, path))

    def _gap(self, path: str, error: Exception) -> Gap:
        gap = Gap(State.SKIPPED, str(error), artifact=self._node.member(path))
        if isinstance(error, PermissionError):
            return replace(gap, state=State.DENIED, reason="may not be read", hint=AS_ROOT_OR_MEMBER)
        if isinstance(error, OSError):
            return replace(gap, state=State.FAILED, reason=error.strerror or str(error))
        return gap


def _machine_id(base: str) -> str:
    path = os.path.join(base, MACHINE_ID)
    try:
        content = Trees([os.path.dirname(path)], base=base).read(path, _ID_LIMIT)
    except (OSError, NotTakenError):
        return ""
    return content.decode("ascii", "replace").strip()
