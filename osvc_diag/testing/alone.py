"""Loads one plugin as if there were no other: what is wrong with it is raised here, and not a gap.

It runs in the test's own process, where a debugger sees it. What it declares crosses to the host as from a
process of its own all the same: no test passes on what could not.
"""

from __future__ import annotations

import dataclasses
import json
import os
from typing import TYPE_CHECKING, Any

import pluggy

from osvc_diag.gap import Gap
from osvc_diag.plugin import hookspecs
from osvc_diag.plugin.artifact import Artifact, Artifacts
from osvc_diag.plugin.asking import ask_plugin
from osvc_diag.plugin.collector import Collector, listed
from osvc_diag.plugin.crossing import CrossingError, no_function, sent
from osvc_diag.plugin.declaring import Declaring
from osvc_diag.plugin.plugins import PluginInfo, Plugins
from osvc_diag.reading.granted import folder_refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from osvc_diag.plugin.collector import Declared

NAME = "tested"


def alone(plugin: object, *, written: Sequence[str] = ()) -> Plugins:
    """Return what a plugin adds, and nothing of the installed ones.

    Args:
        plugin: a module, or anything with hooks.
        written: files that are taken for a plugin of rules alone, which names none.

    Raises:
        AttributeError, TypeError, ValueError: a hook is misspelt, or answers what is none.
        Exception: whatever the plugin raises.
    """
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    added = ask_plugin(manager, plugin, NAME)
    for rule in added.rules:
        sent(rule, no_function)
    collectors = tuple(sorted(map(_crossing, added.collectors), key=lambda collector: collector.name))
    names = tuple(collector.name for collector in collectors)
    if added.rules and not collectors:
        collectors = (_taking(written),)
    return Plugins((PluginInfo(NAME, "", names),), collectors, added.rules, (), manager)


def _taking(written: Sequence[str]) -> Collector:
    def collect(*_: object) -> Iterator[Declared]:
        return map(Artifact.from_file, written)

    folders = sorted({os.path.dirname(path) for path in written})
    granted = tuple(folder for folder in folders if folder_refusal(folder) is None)
    return Collector("written", "the files that the test wrote", collect, folders=granted)


def _crossing(collector: Collector) -> Collector:
    """Return a collector whose declarations cross, one by one."""

    def collect(*arguments: Any) -> Iterator[Declared]:
        functions: list[Callable[..., Any]] = []
        declaring = Declaring(functions.__getitem__)
        for declared in listed(collector.collect(*arguments), collector.collect):
            declaring.take(json.loads(json.dumps(_message(declared, functions))))
            yield declaring.declared[-1]

    return dataclasses.replace(collector, collect=collect)


def _message(declared: object, functions: list[Callable[..., Any]]) -> dict[str, Any]:
    def keep(function: Callable[..., object]) -> int:
        functions.append(function)
        return len(functions) - 1

    if not isinstance(declared, (Artifact, Artifacts, Gap)):
        return {"bad": f"{type(declared).__name__} is no Artifact"}
    try:
        return {"item": sent(declared, keep)}
    except CrossingError as error:
        return {"bad": str(error)}
