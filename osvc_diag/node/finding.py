"""Finds the agent's folders by looking: on this machine, or below the folder of a copy."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Optional

from osvc_diag.errors import NodeNotFoundError
from osvc_diag.objects.layout import Layout, live_log
from osvc_diag.printable import quoted
from osvc_diag.reading.trees import NotTakenError, Trees

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VARIABLE = "OSVC_ROOT_PATH"
PACKAGE_ROOT = "/usr/share/opensvc"
"""Where a package puts the agent's code: with this root the folders are those of the package layout."""

_DEFAULTS_FOLDERS = ("defaults", "default", "sysconfig", "conf.d", "rc.config.d")
_DEFAULTS_LIMIT = 65536  # bytes
_LINE_LIMIT = 8192  # characters

_ETC_MARKS = frozenset({"cluster.conf", "node.conf", "namespaces"})
_LOG_MARKS = frozenset({"namespaces"})
_VAR_MARKS = frozenset(
    {"osvcd.pid", "osvcd.pid.args", "capabilities.json", "capabilities-v3.json", "nodes_info.json"}
    | {"list.services", "namespaces", "node", "svc", "ccfg"}
)


def find_layout(root: Optional[str], environ: Mapping[str, str]) -> Layout:
    """Return where the agent's folders are; one of the three is enough.

    Args:
        root: a root-path install or a whole file system, absolute; None is this machine.
        environ: where `OSVC_ROOT_PATH` may stand; asked for this machine only.

    Raises:
        NodeNotFoundError: none of the places holds anything of an agent.
    """
    base = root or "/"
    if not os.path.isdir(base):
        raise NodeNotFoundError(
            f"{quoted(base)} is no folder", hint="--root takes the folder of a copy of a node"
        )
    if not os.access(base, os.X_OK):
        raise NodeNotFoundError(f"{quoted(base)} may not be entered", hint="run it as root")
    system = Trees([base], base=base)
    looked = []
    for layout in _places(base, system, environ if root is None else {}, is_copy=root is not None):
        if _holds_an_agent(system, layout, is_package=layout == Layout.package(base)):
            return layout
        looked += [layout.etc, layout.log, layout.var]
    raise NodeNotFoundError(
        f"no OpenSVC agent is here: nothing of one in {', '.join(dict.fromkeys(looked))}",
        hint="name the place with --root DIR: a root-path install (DIR/etc, DIR/log, DIR/var) or a whole "
        "file system below DIR",
    )


def _places(base: str, system: Trees, environ: Mapping[str, str], *, is_copy: bool) -> Iterator[Layout]:
    given = environ.get(VARIABLE)
    if given:
        # Said for this very run: an agent that happens to be elsewhere is not meant.
        if not os.path.isabs(given):
            raise NodeNotFoundError(f"{VARIABLE} is {quoted(given)}: not an absolute path")
        yield _layout_of(given, base)
        return
    for root in _roots_in_defaults(base, system):
        yield _layout_of(root, base)
    yield Layout.package(base)
    if is_copy:
        yield Layout.root_path(base)


def _layout_of(root: str, base: str) -> Layout:
    root = os.path.normpath(root)
    return Layout.package(base) if root == PACKAGE_ROOT else Layout.root_path(_below(base, root))


def _below(base: str, path: str) -> str:
    return os.path.join(base, os.path.normpath(path).lstrip("/"))


def _roots_in_defaults(base: str, system: Trees) -> Iterator[str]:
    """Yield what the files that the agent's own command sources say; they are read, never run."""
    for folder in _DEFAULTS_FOLDERS:
        try:
            content = system.read(_below(base, f"/etc/{folder}/opensvc"), _DEFAULTS_LIMIT)
        except (OSError, NotTakenError):
            continue
        roots = [root for line in content.decode("utf-8", "replace").splitlines() for root in _assigned(line)]
        yield from roots[-1:]


def _assigned(line: str) -> Iterator[str]:
    """Yield the absolute path that a line of shell assigns to the variable."""
    if VARIABLE not in line or len(line) > _LINE_LIMIT:
        return
    try:
        words = shlex.split(line, comments=True)
    except ValueError:  # a quote that stays open
        return
    for word in words:
        name, _, value = word.partition("=")
        if name == VARIABLE and os.path.isabs(value):
            yield value.rstrip(";")


def _holds_an_agent(system: Trees, layout: Layout, *, is_package: bool) -> bool:
    """Tell whether a place holds something of an agent; what may not be looked into counts."""
    etc, log, var = (_names(system, folder) for folder in (layout.etc, layout.log, layout.var))
    if etc is None or log is None or var is None:
        return True
    if is_package:  # folders of these names are nobody else's
        return bool(etc or log or var)
    return bool(
        _ETC_MARKS.intersection(etc)
        or _LOG_MARKS.intersection(log)
        or _VAR_MARKS.intersection(var)
        or any(live_log(name) for name in log)
    )


def _names(system: Trees, folder: str) -> Optional[list[str]]:
    """List a folder; None where it is there and may not be listed."""
    try:
        return system.listdir(folder)
    except PermissionError:
        return None
    except (OSError, NotTakenError):
        return []
