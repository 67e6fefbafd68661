"""Finds the plugins that packages announce, one package at a time: a damaged one costs only itself."""

from __future__ import annotations

import os
from importlib import metadata
from typing import Callable, NamedTuple, Optional


class Announced(NamedTuple):
    """A plugin that a package announces; nothing of it is imported yet."""

    name: str
    distribution: str
    """The package's name and version."""
    value: str
    """What the entry point names: a module, or an object in one."""


def announced_plugins(group: str, fail: Callable[[str, Exception], object]) -> list[Announced]:
    """Find the entry points of a group, sorted by name.

    Args:
        group: of the entry points.
        fail: told the package, and why its entry points cannot be read.
    """
    found: dict[str, list[Announced]] = {}
    for dist in metadata.distributions():
        try:
            announced = _announced_by(dist, group)
        except Exception as error:  # noqa: BLE001, PERF203 - whatever lies about in a folder of packages
            if _mentions(dist, group):
                fail(_folder(dist), error)
        else:
            if announced:
                # An editable install can stand on the path twice; the first is the one that is imported.
                found.setdefault(announced[0].distribution.split(" ")[0], announced)
    return sorted((plugin for plugins in found.values() for plugin in plugins), key=_by_name)


def _announced_by(dist: metadata.Distribution, group: str) -> list[Announced]:
    points = [point for point in dist.entry_points if point.group == group]
    if not points:
        return []
    # An installation that broke off can be without metadata: then its folder tells it from another such one.
    about = dist.metadata
    package = " ".join(about[field] for field in ("Name", "Version") if field in about) or _folder(dist)
    return [Announced(point.name, package, point.value) for point in points]


def _mentions(dist: metadata.Distribution, group: str) -> bool:
    text: Optional[str] = ""
    try:
        text = dist.read_text("entry_points.txt")
    except UnicodeDecodeError as error:
        return group.encode() in error.object
    except Exception:  # noqa: BLE001, S110 - as above
        pass
    return group in (text or "")


def _folder(dist: metadata.Distribution) -> str:
    return os.path.basename(str(getattr(dist, "_path", "a package")))


def _by_name(plugin: Announced) -> tuple[str, str]:
    return plugin.name, plugin.distribution
