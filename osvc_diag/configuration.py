"""Reads all configuration of a node, whatever was selected, so that its secrets are learned first."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from osvc_diag.bundle.manifest import Gap, State
from osvc_diag.reading.trees import NotTakenError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osvc_diag.node import Node

CONF_LIMIT = 16 * 1024 * 1024  # bytes; the largest of a real node has 23 KB
SITE_FILE = "diag.ini"


def read_configuration(node: Node) -> tuple[list[tuple[str, bytes]], list[Gap]]:
    """Return the text of every conf, with its name in a bundle, and a gap for each that cannot be read."""
    confs: list[tuple[str, bytes]] = []
    gaps: list[Gap] = []
    for path in _conf_files(node):
        name = node.member(path)
        try:
            confs.append((name, node.trees.read(path, CONF_LIMIT)))
        except FileNotFoundError:
            continue  # removed since it was listed
        except PermissionError:
            gaps.append(_gap(State.DENIED, name, "permission denied"))
        except (OSError, NotTakenError) as error:
            gaps.append(_gap(State.FAILED, name, getattr(error, "strerror", None) or str(error)))
    return confs, gaps


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
        base = os.path.basename(path)
        # What may not be listed is yielded as a folder, without a suffix.
        if base.endswith(".conf") or base == SITE_FILE or "." not in base:
            yield path


def _gap(state: State, name: str, reason: str) -> Gap:
    return Gap(
        state=state,
        reason=f"{reason}; secrets in it could not be learned, so they may stand in logs",
        collector="redaction",
        artifact=name,
        hint="run it again as root" if state is State.DENIED else "mend this file, then run it again",
    )
