"""Reads all configuration of a node, whatever was selected, so that its secrets are learned first."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, NamedTuple, Optional

from osvc_diag.errors import RedactionError
from osvc_diag.gap import Gap, State
from osvc_diag.node.answering import all_answered, answered
from osvc_diag.objects.conf import CONF_LIMIT, check_conf
from osvc_diag.reading.trees import NotTakenError
from osvc_diag.redaction import learn
from osvc_diag.run.rights import as_root

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osvc_diag.node.node import Node
    from osvc_diag.redaction import Secrets

SITE_FILE = "diag.ini"
UNLEARNED = "secrets in it could not be learned, so they may stand in logs"
PARTLY_LEARNED = "some secrets in it may not have been learned, so they may stand in logs"
SETTLED = 2_000_000_000  # nanoseconds after which a file that changes again shows it by another time


class Identity(NamedTuple):
    """What tells a file from another one of its name, and from itself after a change."""

    device: int
    inode: int
    size: int
    written: int
    """Nanoseconds since the epoch, as the next one."""
    changed: int

    @classmethod
    def of(cls, status: os.stat_result) -> Identity:
        """Return that of a file."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


class Learning:
    """What was learned of a node's configuration, and whether that is all there is to learn of it still."""

    def __init__(self, node: Node) -> None:
        """Read it, and learn."""
        self._node = node
        self._seen: dict[str, Optional[Identity]] = {}
        confs, self.gaps = read_configuration(node, self._seen)
        self.secrets: Secrets = learn(confs, known_names(node))

    def again(self) -> Secrets:
        """Return what was learned, and what was configured since then."""
        if answered(self._is_current):
            return self.secrets
        confs, _ = read_configuration(self._node)
        return self.secrets.merge(learn(confs, known_names(self._node)))

    def _is_current(self) -> bool:
        """Look at all files; where one of them cannot be told to be the one that was read, it is not."""
        unseen = dict(self._seen)
        with self._node.trees.neighbours() as near:
            try:
                return all(
                    Identity.of(near.look(path)) == unseen.pop(path) for path in _conf_files(self._node)
                )
            except (OSError, KeyError, NotTakenError):
                return False


def read_configuration(
    node: Node, seen: Optional[dict[str, Optional[Identity]]] = None
) -> tuple[list[tuple[str, bytes]], list[Gap]]:
    """Return the text of every conf, with its name in a bundle, and a gap for each that cannot be read.

    Args:
        node: the node.
        seen: is filled in: what was read, by path; None of what could be written again unnoticed.

    Raises:
        NodeSilentError: one of them hangs, and nobody knows its secrets.
    """
    confs: list[tuple[str, bytes]] = []
    gaps: list[Gap] = []
    all_answered(lambda: _reading(node, confs, gaps, seen))
    return confs, gaps


def _reading(
    node: Node,
    confs: list[tuple[str, bytes]],
    gaps: list[Gap],
    seen: Optional[dict[str, Optional[Identity]]],
) -> Iterator[None]:
    """Read one conf after the other; see `read_configuration`."""
    with node.trees.neighbours() as near:
        for path in _conf_files(node):
            yield
            name = node.member(path)
            try:
                text, status = near.read(path, CONF_LIMIT)
                check_conf(text)
            except FileNotFoundError:
                continue  # removed since it was listed
            except PermissionError:
                gaps.append(_gap(State.DENIED, name, f"permission denied; {UNLEARNED}"))
            except (OSError, NotTakenError, RedactionError) as error:
                reason = getattr(error, "strerror", None) or str(error)
                gaps.append(_gap(State.FAILED, name, f"{reason}; {UNLEARNED}"))
            else:
                confs.append((name, text))
                if b"\0" in text:
                    gaps.append(_gap(State.FAILED, name, f"is damaged, or no text; {PARTLY_LEARNED}"))
                if seen is not None:
                    is_settled = status.st_ctime_ns < time.time_ns() - SETTLED
                    seen[path] = Identity.of(status) if is_settled else None


def known_names(node: Node) -> set[str]:
    """Return what things are called on this node: a secret that equals one is masked only where it stands."""
    names = {node.name, *node.cluster.nodes}
    if node.cluster.name:
        names.add(node.cluster.name)
    for known in node.objects:
        names.update((str(known.path), known.path.full, known.path.namespace, known.path.name))
    return names - {""}


def _conf_files(node: Node) -> Iterator[str]:
    for path in node.trees.walk(node.layout.etc):
        is_conf = path.endswith(".conf") or os.path.basename(path) == SITE_FILE
        # A folder that may not be listed is yielded itself: reading it tells why.
        if is_conf or not (os.path.islink(path) or os.path.isfile(path)):
            yield path


def _gap(state: State, name: str, reason: str) -> Gap:
    return Gap(
        state=state,
        reason=reason,
        artifact=name,
        hint=as_root() if state is State.DENIED else "mend or remove that configuration, then run it again",
    )
