"""Loads one plugin as if there were no other, in this process: what is wrong with it is raised, not a gap."""

from __future__ import annotations

import pluggy

from osvc_diag.plugin import hookspecs
from osvc_diag.plugin.asking import ask_plugin
from osvc_diag.plugin.plugin_manager import PluginInfo, Plugins

NAME = "tested"


def alone(plugin: object) -> Plugins:
    """Return what a plugin adds, and nothing of the installed ones.

    Raises:
        AttributeError, TypeError, ValueError: a hook is misspelt, or answers what is none.
        Exception: whatever the plugin raises.
    """
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    added = ask_plugin(manager, plugin, NAME)
    collectors = tuple(sorted(added.collectors, key=lambda collector: collector.name))
    names = tuple(collector.name for collector in collectors)
    return Plugins((PluginInfo(NAME, "", names),), collectors, added.rules, (), manager)
