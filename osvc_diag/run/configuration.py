"""Reads all configuration of a node, whatever was selected, so that its secrets are learned first."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from osvc_diag.bundle.manifest import Gap, State
from osvc_diag.errors import RedactionError
from osvc_diag.objects.conf import CONF_LIMIT, check_conf
from osvc_diag.reading.trees import NotTakenError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osvc_diag.node.node import Node

SITE_FILE = "diag.ini"


def read_configuration(node: Node) -> tuple[list[tuple[str, bytes]], list[Gap]]:
    """Return the text of every conf, with its name in a bundle, and a gap for each that cannot be read."""
    confs: list[tuple[str, bytes]] = []
    gaps: list[Gap] = []
    for path in _conf_files(node):
        name = node.member(path)
        try:
            text = node.trees.read(path, CONF_LIMIT)
            check_conf(text)
        except FileNotFoundError:
            continue  # removed since it was listed
        except PermissionError:
            gaps.append(_gap(State.DENIED, name, "permission denied"))
        except (OSError, NotTakenError, RedactionError) as error:
            gaps.append(_gap(State.FAILED, name, getattr(error, "strerror", None) or str(error)))
        else:
            confs.append((name, text))
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
        is_conf = path.endswith(".conf") or os.path.basename(path) == SITE_FILE
        # A folder that may not be listed is yielded itself: reading it tells why.
        if is_conf or not (os.path.islink(path) or os.path.isfile(path)):
            yield path


def _gap(state: State, name: str, reason: str) -> Gap:
    return Gap(
        state=state,
        reason=f"{reason}; secrets in it could not be learned, so they may stand in logs",
        collector="redaction",
        artifact=name,
        hint="run it again as root"
        if state is State.DENIED
        else "mend or remove the configuration that cannot be read, then run it again",
    )
