"""Finds the plugins that packages announce, one package at a time: a damaged one costs only itself."""

from __future__ import annotations

import contextlib
from importlib import metadata
from typing import Callable, NamedTuple, Optional


class Announced(NamedTuple):
    """A plugin that a package announces; nothing of it is imported yet."""

    name: str
    distribution: str
    """The package's name and version."""
    load: Callable[[], object]


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
                fail(str(getattr(dist, "_path", "a package")), error)
        else:
            if announced:
                # An editable install can stand on the path twice; the first is the one that is imported.
                found.setdefault(announced[0].distribution.split(" ")[0], announced)
    return sorted((plugin for plugins in found.values() for plugin in plugins), key=_by_name)


def _announced_by(dist: metadata.Distribution, group: str) -> list[Announced]:
    points = [point for point in dist.entry_points if point.group == group]
    if not points:
        return []
    package = f"{dist.metadata['Name']} {dist.version}"
    return [Announced(point.name, package, point.load) for point in points]


def _mentions(dist: metadata.Distribution, group: str) -> bool:
    text: Optional[str] = ""
    with contextlib.suppress(Exception):
        text = dist.read_text("entry_points.txt")
    return group in (text or "")


def _by_name(plugin: Announced) -> tuple[str, str]:
    return plugin.name, plugin.distribution
