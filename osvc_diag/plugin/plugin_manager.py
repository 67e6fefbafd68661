"""Loads plugins one at a time, so that a broken one costs only itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Callable, TypeVar

import pluggy

from osvc_diag.errors import PluginUnavailableError
from osvc_diag.plugin import hookspecs
from osvc_diag.plugin.collector import Collector
from osvc_diag.plugin.entry_points import announced_plugins
from osvc_diag.redaction.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_COLLECTOR_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_HOOKS = frozenset(name for name in vars(hookspecs) if name.startswith(f"{hookspecs.PROJECT}_"))
_Item = TypeVar("_Item")


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
            PluginUnavailableError: a name is unknown, or its plugin is not in use.
        """
        known = {collector.name for collector in self.collectors}
        for name in [*only, *skip]:
            if name not in known:
                raise self._unavailable(name, known)
        return tuple(
            collector
            for collector in self.collectors
            if (not only or collector.name in only) and collector.name not in skip
        )

    def _unavailable(self, name: str, known: Iterable[str]) -> PluginUnavailableError:
        idle = {info.name: info.problem for info in self.infos if info.problem}
        problem = dict(self.failures).get(name) or idle.get(name)
        hint = "there are: " + ", ".join(sorted(known))
        if idle:
            hint += "; plugins not in use: " + ", ".join(sorted(idle))
        return PluginUnavailableError(
            f"collector {name!r} " + (f"cannot be used: {problem}" if problem else "is unknown"), hint=hint
        )


def load_plugins(extra: Iterable[tuple[str, object]] = (), *, blocked: Sequence[str] = ()) -> Plugins:
    """Load every entry point of the group, then ask each plugin alone for what it adds.

    Args:
        extra: plugins by name that come without an entry point.
        blocked: names of entry points that are not loaded.
    """
    gathered = _Gathered()
    for found in announced_plugins(hookspecs.PROJECT, gathered.fail):
        problem = "blocked" if found.name in blocked else ""
        gathered.add(found.name, found.distribution, found.load, problem)
    for name, plugin in extra:
        gathered.add(name, "", partial(_same, plugin))
    return gathered.result()


class _Gathered:
    """The plugins so far; every step with foreign code is caught on its own."""

    def __init__(self) -> None:
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._infos: list[PluginInfo] = []
        self._rules: list[Rule] = []
        self._failures: list[tuple[str, str]] = []
        self._claims: dict[str, list[tuple[str, Collector]]] = {}

    def fail(self, name: str, error: BaseException) -> str:
        """Take down that a plugin cannot be used, and say why."""
        problem = _told(error)
        self._failures.append((name, problem))
        return problem

    def add(self, name: str, distribution: str, load: Callable[[], object], problem: str = "") -> None:
        """Load, register and ask one plugin: all that it adds is used, or nothing."""
        collectors: list[Collector] = []
        claimant = f"{name} ({distribution})" if distribution else name
        if not problem:
            try:
                collectors, rules = self._load(claimant, load)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may raise anything
                problem = self.fail(name, error)
            else:
                self._rules += rules
                for collector in collectors:
                    self._claims.setdefault(collector.name, []).append((claimant, collector))
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

    def _load(self, claimant: str, load: Callable[[], object]) -> tuple[list[Collector], list[Rule]]:
        plugin = load()
        self._check_hooks(plugin)
        self._manager.register(plugin, name=claimant)
        try:
            collectors = self._ask(plugin, "osvc_diag_collectors", Collector)
            rules = self._ask(plugin, "osvc_diag_redaction_rules", Rule)
            for rule in rules:
                rule.check()
            _check_names(collectors)
        except BaseException:
            self._manager.unregister(plugin)
            raise
        return collectors, rules

    def _check_hooks(self, plugin: object) -> None:
        """Refuse what pluggy would pass over in silence: a misspelt hook, and one without its marker."""
        for name in dir(plugin):
            options = self._manager.parse_hookimpl_opts(plugin, name)
            if options is None:
                if name in _HOOKS:
                    raise TypeError(f"{name} is not marked with @hookimpl")
            elif (options.get("specname") or name) not in _HOOKS and not options.get("optionalhook"):
                raise AttributeError(f"{name} is not a hook of {hookspecs.PROJECT}")

    def _ask(self, plugin: object, hook: str, kind: type[_Item]) -> list[_Item]:
        """Call one hook of one plugin, and exhaust a generator here, where its errors are caught."""
        others = [other for other in self._manager.get_plugins() if other is not plugin]
        answers = self._manager.subset_hook_caller(hook, others)()
        items = [item for answer in answers for item in answer]
        for item in items:
            if not isinstance(item, kind):
                raise TypeError(f"{hook} gave a {type(item).__name__}, not a {kind.__name__}")
        return items


def _same(plugin: object) -> object:
    return plugin


def _check_names(collectors: Iterable[Collector]) -> None:
    for collector in collectors:
        if not _COLLECTOR_NAME.fullmatch(collector.name):
            raise ValueError(f"{collector.name!r} is no name of a collector")


def _told(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - even saying what it is can fail
        return type(error).__name__
