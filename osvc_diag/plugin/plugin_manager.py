"""Finds, loads and asks plugins one at a time, so that a broken one costs only itself.

Those that come with this code run in this process; each of anybody else's in one of its own.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Callable, Optional

import pluggy

from osvc_diag import __version__
from osvc_diag.errors import PluginUnavailableError
from osvc_diag.plugin import hookspecs
from osvc_diag.plugin.asking import Added, ask_plugin
from osvc_diag.plugin.entry_points import announced_plugins
from osvc_diag.plugin.foreign import told_by
from osvc_diag.plugin.shipped import DISTRIBUTION, SHIPPED, is_shipped, load_shipped
from osvc_diag.plugin.strangers import LOADING, Stranger, Strangers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import TracebackType

    from osvc_diag.plugin.collector import Collector
    from osvc_diag.plugin.folders import PluginFile
    from osvc_diag.redaction.rule import Rule

BLOCKED = "blocked"
_SHARE = 0.25  # of a run's time that may go into loading


@dataclass(frozen=True)
class PluginInfo:
    """A plugin as found; with a problem it is not in use."""

    name: str
    """Of its entry point, or of its file."""
    distribution: str
    """The package that brings it, with its version; or the path of its file."""
    collectors: tuple[str, ...] = ()
    problem: str = ""
    hooks: tuple[str, ...] = ()
    """That it implements; an executable has none."""


@dataclass(frozen=True)
class Plugins:
    """What all plugins add, and what is wrong with some; used in a `with`, or closed."""

    infos: tuple[PluginInfo, ...]
    """Sorted by name."""
    collectors: tuple[Collector, ...]
    """Sorted by name; each name once."""
    rules: tuple[Rule, ...]
    failures: tuple[tuple[str, str], ...]
    """Name of a plugin or a collector, and what is wrong with it; a secret may be quoted there."""
    hooks: pluggy.PluginManager
    """Knows the plugins that run in this process."""
    strangers: tuple[Stranger, ...] = ()
    """The plugins that run in their own."""
    seconds: float = 0.0
    """That loading them took."""
    _processes: Optional[Strangers] = None
    _shipped: frozenset[str] = frozenset()
    """Names of collectors."""

    def __enter__(self) -> Plugins:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the plugins' processes, and what those started; what only they could compute is lost."""
        if self._processes is not None:
            self._processes.close()

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

    def is_foreign(self, collector: Collector) -> bool:
        """Tell whether a collector is of somebody else than this code itself."""
        return collector.name not in self._shipped

    def gaps(self, only: Sequence[str]) -> tuple[tuple[str, str], ...]:
        """Return the failures that may have cost a run something: none where it chose its collectors.

        Args:
            only: the words that it chose them by; empty is all, and one with a slash names artifacts of any.
        """
        return () if only and not any("/" in word for word in only) else self.failures

    def redaction_limits(self) -> tuple[str, ...]:
        """Return a sentence for each plugin that may have had rules, and cannot be used."""
        return tuple(
            f"plugin {info.name} cannot be used: if it has redaction rules, they masked nothing"
            for info in self.infos
            if (info.name, info.problem) in self.failures and not _is_script(info.distribution)
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
        patience: seconds that all third parties' plugins together have to be imported, side by side.
    """
    begin = time.monotonic()
    gathered = _Gathered(blocked, patience)
    try:
        for found in announced_plugins(hookspecs.PROJECT, gathered.fail):
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
        gathered.processes.close()
        raise


def patience_of(timeout: Optional[float]) -> float:
    """Return how long a run may wait for plugins to be loaded, in seconds.

    Args:
        timeout: of the run, in seconds; None is unlimited.
    """
    return LOADING if timeout is None else min(LOADING, timeout * _SHARE)


class _Gathered:
    """The plugins so far; every step with foreign code is caught on its own."""

    def __init__(self, blocked: Sequence[str], patience: float) -> None:
        self.processes = Strangers(patience)
        self._blocked = frozenset(blocked)
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._infos: list[PluginInfo] = []
        self._rules: list[Rule] = []
        self._failures: list[tuple[str, str]] = []
        self._claims: dict[str, list[tuple[str, Collector]]] = {}
        self._shipped: set[str] = set()
        self._invited: list[tuple[Stranger, str, dict[str, str]]] = []

    def fail(self, name: str, error: BaseException) -> str:
        """Take down that a plugin cannot be used, and say why."""
        problem = told_by(error)
        self._failures.append((name, problem))
        return problem

    def add(self, name: str, distribution: str, load: Callable[[], object]) -> None:
        """Load, register and ask a plugin in this process."""
        self._take(
            name, distribution, lambda: ask_plugin(self._manager, load(), _claimant(name, distribution))
        )

    def add_shipped(self, name: str) -> None:
        """Take a plugin that comes with this code."""
        distribution = f"{DISTRIBUTION} {__version__}"
        self._shipped.add(_claimant(name, distribution))
        self.add(name, distribution, partial(load_shipped, name))

    def invite(self, name: str, distribution: str, what: dict[str, str]) -> None:
        """Have a plugin loaded in a process of its own; the answer is waited for in `result`."""
        if name in self._blocked:
            self._infos.append(PluginInfo(name, distribution, problem=BLOCKED))
        else:
            self._invited.append((self.processes.invite(name, what), distribution, what))

    def add_file(self, file: PluginFile) -> None:
        """Take a plugin that is a file."""
        if file.problem and file.name not in self._blocked:
            self._failures.append((file.name, file.problem))
            self._infos.append(PluginInfo(file.name, file.path, problem=file.problem))
        elif file.source is not None:
            self.invite(file.name, file.path, {"path": file.path, "source": file.source})
        else:
            self._take(file.name, file.path, partial(_executable, file))

    def result(self, begin: float) -> Plugins:
        """Wait for the third parties, and sort out who has which name.

        Args:
            begin: when loading began, on the clock of time.monotonic.
        """
        for stranger, distribution, _ in self._invited:
            self._take(stranger.name, distribution, stranger.added)
        collectors: list[Collector] = []
        for name, claims in sorted(self._claims.items()):
            shipped = [claim for claim in claims if claim[0] in self._shipped]
            if len(claims) == 1:
                collectors.append(claims[0][1])
            elif shipped:
                # A third party's cannot take a shipped collector away; only blocking that one can.
                collectors.append(shipped[0][1])
                for plugin, _ in claims:
                    if plugin not in self._shipped:
                        self._drop(
                            plugin, name, f"its collector {name} is not used: {shipped[0][0]} has that name"
                        )
            else:
                plugins = " and ".join(plugin for plugin, _ in claims)
                self._failures.append((name, f"claimed by {plugins}: none of them is used"))
        return Plugins(
            infos=tuple(sorted(self._infos, key=lambda info: (info.name, info.distribution))),
            collectors=tuple(collectors),
            rules=tuple(self._rules),
            failures=tuple(self._failures),
            hooks=self._manager,
            strangers=tuple(stranger for stranger, _, _ in self._invited),
            seconds=time.monotonic() - begin,
            _processes=self.processes,
            _shipped=frozenset(
                name
                for name, claims in self._claims.items()
                if any(claimant in self._shipped for claimant, _ in claims)
            ),
        )

    def _drop(self, claimant: str, collector: str, problem: str) -> None:
        """Take one collector away from a plugin."""
        for at, info in enumerate(self._infos):
            if _claimant(info.name, info.distribution) == claimant:
                self._failures.append((info.name, problem))
                rest = tuple(name for name in info.collectors if name != collector)
                self._infos[at] = replace(info, collectors=rest, problem=problem)

    def _take(self, name: str, distribution: str, ask: Callable[[], Added]) -> None:
        """Ask one plugin: all that it adds is used, or nothing."""
        added, problem = Added(), BLOCKED if name in self._blocked else ""
        if not problem:
            try:
                added = ask()
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may raise anything
                problem = self.fail(name, error)
        self._rules += added.rules
        for collector in added.collectors:
            self._claims.setdefault(collector.name, []).append((_claimant(name, distribution), collector))
        names = tuple(sorted(collector.name for collector in added.collectors))
        self._infos.append(PluginInfo(name, distribution, names, problem, added.hooks))


def _claimant(name: str, distribution: str) -> str:
    return f"{name} ({distribution})" if distribution else name


def _executable(file: PluginFile) -> Added:
    from osvc_diag.plugin.executables import executable_collector  # noqa: PLC0415 - rarely needed

    collector = executable_collector(file)
    collector.check()
    return Added(collectors=(collector,))


def _is_script(distribution: str) -> bool:
    """Tell whether a plugin is an executable: that has no rules."""
    return distribution.startswith("/") and not distribution.endswith(".py")


def _same(plugin: object) -> object:
    return plugin
