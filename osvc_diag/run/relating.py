"""Finds the objects that are one step away from the selected ones, for --with-related."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Optional

from osvc_diag.errors import RedactionError
from osvc_diag.gap import Gap, State
from osvc_diag.objects.conf import CONF_LIMIT, check_conf
from osvc_diag.objects.relations import related
from osvc_diag.reading.patience import StalledError
from osvc_diag.reading.trees import NotTakenError
from osvc_diag.run.rights import as_root
from osvc_diag.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osvc_diag.node.node import Node
    from osvc_diag.objects.naming import ObjectPath
    from osvc_diag.reading.patience import PatientReader

RELATING_TIMEOUT = 20.0  # seconds for the configurations of all objects


def related_objects(
    node: Node, selected: Sequence[ObjectPath], patient: PatientReader
) -> tuple[tuple[ObjectPath, ...], list[Gap]]:
    """Return what the selected objects refer to and what refers to them, sorted, and what is not known of it.

    Only configurations are read; all of them, for any may refer to a selected object.
    """
    known = [other.path for other in node.objects]
    if not selected or len(selected) == len(known):
        return (), []
    reader = _Reader(node)
    try:
        found = patient.call(lambda: related(selected, known, reader.confs()), timeout=RELATING_TIMEOUT)
    except StalledError as error:
        reason = f"reading which objects are related: {error}; none was added"
        return (), [Gap(State.TIMEOUT, reason, hint="name them, beside the selected ones")]
    return tuple(found), reader.gaps()


class _Reader:
    """Reads the configuration of every object, and counts those that it cannot read."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._first: Optional[Gap] = None
        self._unread = 0

    def confs(self) -> Iterator[tuple[ObjectPath, bytes]]:
        for known in self._node.objects:
            path = self._node.layout.conf_path(known.path)
            if not known.has_conf:
                continue
            try:
                text = self._node.trees.read(path, CONF_LIMIT)
                check_conf(text)
            except FileNotFoundError:
                continue  # removed since it was listed
            except (OSError, NotTakenError, RedactionError) as error:
                self._note(path, error)
            else:
                yield known.path, text

    def gaps(self) -> list[Gap]:
        """Return one gap for all of them: a user who may read none has hundreds."""
        if self._first is None:
            return []
        unread = counted(self._unread, "configuration")
        reason = f"{unread} cannot be read, so related objects may be missing: {self._first.reason}"
        hint = as_root() if self._first.state is State.DENIED else None
        return [replace(self._first, reason=reason, hint=hint)]

    def _note(self, path: str, error: Exception) -> None:
        self._unread += 1
        if self._first is None:
            state = State.DENIED if isinstance(error, PermissionError) else State.FAILED
            reason = getattr(error, "strerror", None) or str(error)
            self._first = Gap(state, reason, artifact=self._node.member(path))
