"""Loads plugins: what comes with this code in this process, each of anybody else in one of its own."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Optional

from osvc_diag.plugin.entry_points import announced_plugins
from osvc_diag.plugin.gathering import Gathered
from osvc_diag.plugin.hookspecs import PROJECT
from osvc_diag.plugin.plugins import PluginInfo, Plugins
from osvc_diag.plugin.shipped import SHIPPED, is_shipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from osvc_diag.plugin.folders import PluginFile

__all__ = ["PluginInfo", "Plugins", "load_plugins", "patience_of"]

LOADING = 10.0  # seconds that a plugin of a third party has to be imported
_SHARE = 0.1  # of a run's time that may go into loading one


def load_plugins(
    extra: Iterable[tuple[str, object]] = (),
    *,
    blocked: Sequence[str] = (),
    files: Iterable[PluginFile] = (),
    patience: float = LOADING,
) -> Plugins:
    """Load the shipped plugins, those of every entry point of the group and those of files.

    Each is asked alone for what it adds. Whoever calls this closes what it returns.

    Args:
        extra: plugins by name that are there already, and run in this process.
        blocked: names of plugins that are not loaded.
        files: as `osvc_diag.plugin.folders` finds them.
        patience: seconds that a third party's plugin has to be imported; they are, a few side by side.
    """
    begin = time.monotonic()
    gathered = Gathered(blocked, patience)
    try:
        for found in announced_plugins(PROJECT, gathered.fail):
            if not is_shipped(found.distribution, found.value):
                gathered.invite(found.name, found.distribution, {"value": found.value})
        for file in files:
            gathered.add_file(file)
        for name in SHIPPED:
            gathered.add_shipped(name)
        for name, plugin in extra:
            gathered.add(name, "", partial(_same, plugin))
        return gathered.result(begin)
    except BaseException:
        gathered.close()
        raise


def patience_of(timeout: Optional[float]) -> float:
    """Return how long a run may wait for plugins to be loaded, in seconds.

    Args:
        timeout: of the run, in seconds; None is unlimited.
    """
    return LOADING if timeout is None else min(LOADING, timeout * _SHARE)


def _same(plugin: object) -> object:
    return plugin
