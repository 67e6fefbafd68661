"""Loads plugins one at a time, so that a broken one costs only itself."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from typing import TYPE_CHECKING, Any, Callable, Optional

import pluggy

from osvc_diag import hookspecs
from osvc_diag.errors import PluginUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from osvc_diag.collector import Collector
    from osvc_diag.redaction import Rule


@dataclass(frozen=True)
class PluginInfo:
    """A plugin as found; with a problem it is not in use."""

    name: str
    """Of its entry point."""
    distribution: str
    """The package that brings it, with its version."""
    collectors: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Plugins:
    """What all plugins add, and what is wrong with some."""

    infos: tuple[PluginInfo, ...]
    collectors: tuple[Collector, ...]
    """Sorted by name; each name once."""
    rules: tuple[Rule, ...]
    failures: tuple[tuple[str, str], ...]
    """Name of a plugin or a collector, and what is wrong with it."""
    hooks: pluggy.PluginManager

    def chosen(self, only: Sequence[str], skip: Sequence[str]) -> tuple[Collector, ...]:
        """Return the collectors of a run.

        Args:
            only: names of collectors; empty takes all.
            skip: names of collectors to leave out.

        Raises:
            PluginUnavailableError: a name is unknown, or its plugin is broken.
        """
        known = {collector.name for collector in self.collectors}
        for name in [*only, *skip]:
            if name not in known:
                problem = dict(self.failures).get(name)
                raise PluginUnavailableError(
                    f"collector {name!r} " + (f"cannot be used: {problem}" if problem else "is unknown"),
                    hint="there are: " + ", ".join(sorted(known)),
                )
        return tuple(
            collector
            for collector in self.collectors
            if (not only or collector.name in only) and collector.name not in skip
        )


def load_plugins(extra: Iterable[tuple[str, object]] = (), *, blocked: Sequence[str] = ()) -> Plugins:
    """Load every entry point of the group, then ask each plugin alone for what it adds.

    Args:
        extra: plugins by name that come without an entry point.
        blocked: names of entry points that are not loaded.
    """
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    gathered = _Gathered(manager)
    for entry_point in sorted(_entry_points(), key=lambda found: found.name):
        gathered.add(
            entry_point.name,
            _distribution(entry_point),
            entry_point.load,
            problem="blocked" if entry_point.name in blocked else "",
        )
    for name, plugin in extra:
        gathered.add(name, "", partial(_same, plugin))
    return gathered.result()


class _Gathered:
    """The plugins so far; every step with foreign code is caught on its own."""

    def __init__(self, manager: pluggy.PluginManager) -> None:
        self._manager = manager
        self._infos: list[PluginInfo] = []
        self._rules: list[Rule] = []
        self._failures: list[tuple[str, str]] = []
        self._claims: dict[str, list[tuple[str, Collector]]] = {}

    def add(self, name: str, distribution: str, load: Callable[[], object], problem: str = "") -> None:
        """Load, register and ask one plugin."""
        collectors: list[Collector] = []
        if not problem:
            try:
                plugin = load()
                self._manager.register(plugin, name=name)
                self._check_names(name)
                collectors = self._ask(plugin, "osvc_diag_collectors")
                for collector in collectors:
                    self._claims.setdefault(collector.name, []).append((name, collector))
                self._rules += self._ask(plugin, "osvc_diag_redaction_rules")
            except Exception as error:  # noqa: BLE001 - a plugin may raise anything
                problem = f"{type(error).__name__}: {error}"
                self._failures.append((name, problem))
                if self._manager.has_plugin(name):
                    self._manager.unregister(name=name)
        names = tuple(sorted(collector.name for collector in collectors))
        self._infos.append(PluginInfo(name, distribution, names, problem))

    def result(self) -> Plugins:
        """Sort out who has which name."""
        collectors: list[Collector] = []
        for name, claims in sorted(self._claims.items()):
            if len(claims) == 1:
                collectors.append(claims[0][1])
            else:
                plugins = " and ".join(plugin for plugin, _ in claims)
                self._failures.append((name, f"claimed by {plugins}: none of them is used"))
        return Plugins(
            infos=tuple(self._infos),
            collectors=tuple(collectors),
            rules=tuple(self._rules),
            failures=tuple(self._failures),
            hooks=self._manager,
        )

    def _ask(self, plugin: object, hook: str) -> list[Any]:
        """Call one hook of one plugin, and exhaust a generator here, where its errors are caught."""
        others = [other for other in self._manager.get_plugins() if other is not plugin]
        answers = self._manager.subset_hook_caller(hook, others)()
        return [item for answer in answers for item in answer]

    def _check_names(self, name: str) -> None:
        """Refuse a plugin whose hooks are misspelt: pluggy itself would be silent."""
        plugin = self._manager.get_plugin(name)
        for hook in dir(plugin):
            if hook.startswith(hookspecs.PROJECT + "_") and not hasattr(hookspecs, hook):
                raise AttributeError(f"{hook} is not a hook of {hookspecs.PROJECT}")


def _same(plugin: object) -> object:
    return plugin


def _entry_points() -> Iterable[metadata.EntryPoint]:
    if sys.version_info >= (3, 10):
        return metadata.entry_points(group=hookspecs.PROJECT)
    # A dict of tuples, in which an editable install can stand twice.
    return set(metadata.entry_points().get(hookspecs.PROJECT, ()))


def _distribution(entry_point: metadata.EntryPoint) -> str:
    dist: Optional[metadata.Distribution] = getattr(entry_point, "dist", None)
    return f"{dist.metadata['Name']} {dist.version}" if dist else ""
