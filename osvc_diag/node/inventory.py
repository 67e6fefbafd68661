"""The objects of a node: those with a conf, and what is left of deleted ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Optional

from osvc_diag.errors import NamingError
from osvc_diag.objects.layout import NAMESPACES, Layout, live_log
from osvc_diag.objects.naming import KINDS, ObjectPath
from osvc_diag.reading.trees import NotTakenError, Trees

if TYPE_CHECKING:
    from collections.abc import Iterator

# `web.console.log` is lxc's, `web.debug.log` an old agent's: logs of `web`, not of an object of that name.
_SIDE_LOGS = (".console", ".debug")


@dataclass(frozen=True, order=True)
class KnownObject:
    """An object that has something on the node."""

    path: ObjectPath
    has_conf: bool
    """It exists; else it was deleted here, and this is what is left."""
    has_log: bool
    """Live or rotated."""
    has_var: bool


@dataclass(frozen=True, order=True)
class UnlistedFolder:
    """A folder of the agent's that could not be listed: objects may be missing."""

    path: str
    reason: str


def take_inventory(
    trees: Trees, layout: Layout
) -> tuple[tuple[KnownObject, ...], tuple[UnlistedFolder, ...]]:
    """List the objects of a node, sorted, and the folders that could not be listed.

    Each folder is listed once and no file is looked at: thousands of objects cost a few dozen system calls.
    """
    lister = _Lister(trees)
    confs = lister.owners(layout.etc, layout.object_of_conf)
    logs = lister.owners(layout.log, lambda path: _owner_of_log(layout, path))
    vars_ = lister.owners(layout.var, layout.object_of_var)
    named_so = confs | vars_
    logs = {_owner_of_side_log(obj, named_so, logs) for obj in logs}
    objects = (KnownObject(path, path in confs, path in logs, path in vars_) for path in confs | logs | vars_)
    return tuple(sorted(objects, key=_order)), tuple(sorted(lister.unlisted))


def _order(known: KnownObject) -> tuple[str, str, str]:
    """Order as object paths do: comparing plain tuples is what makes it fast."""
    return known.path.namespace, known.path.kind, known.path.name


class _Lister:
    """Lists the folders in which a tree keeps objects."""

    def __init__(self, trees: Trees) -> None:
        self.unlisted: list[UnlistedFolder] = []
        self._trees = trees

    def owners(self, tree: str, owner: Callable[[str], Optional[ObjectPath]]) -> set[ObjectPath]:
        """Return the objects that own something in a tree."""
        found = (owner(path) for path in self._paths(tree))
        return {obj for obj in found if obj is not None}

    def _paths(self, tree: str) -> Iterator[str]:
        names = self._names(tree)
        yield from self._in_kinds(tree, names)
        for namespace in self._names(f"{tree}/{NAMESPACES}") if NAMESPACES in names else ():
            folder = f"{tree}/{NAMESPACES}/{namespace}"
            yield from self._in_kinds(folder, self._names(folder))

    def _in_kinds(self, folder: str, names: list[str]) -> Iterator[str]:
        for name in names:
            yield f"{folder}/{name}"
        for kind in set(KINDS).intersection(names):
            for name in self._names(f"{folder}/{kind}"):
                yield f"{folder}/{kind}/{name}"

    def _names(self, folder: str) -> list[str]:
        try:
            return self._trees.listdir(folder)
        except (OSError, NotTakenError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            self.unlisted.append(UnlistedFolder(folder, reason))
            return []


def _owner_of_log(layout: Layout, path: str) -> Optional[ObjectPath]:
    live = live_log(path)
    return layout.object_of_log(live) if live is not None else None


def _owner_of_side_log(obj: ObjectPath, named_so: set[ObjectPath], logs: set[ObjectPath]) -> ObjectPath:
    """Give a side log to the object it lies beside, unless an object has its name."""
    if obj in named_so or not obj.name.endswith(_SIDE_LOGS):
        return obj
    try:
        owner = ObjectPath(obj.namespace, obj.kind, obj.name.rpartition(".")[0])
    except NamingError:
        return obj
    return owner if owner in named_so or owner in logs else obj
