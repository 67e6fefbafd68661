"""Asks plugins one after the other: a broken one costs only itself, and two do not share a name."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Callable, Optional

import pluggy

from osvc_diag import __version__
from osvc_diag.plugin import hookspecs
from osvc_diag.plugin.asking import Added, ask_plugin
from osvc_diag.plugin.foreign import told_by
from osvc_diag.plugin.plugins import PluginInfo, Plugins
from osvc_diag.plugin.shipped import DISTRIBUTION, load_shipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osvc_diag.plugin.collector import Collector
    from osvc_diag.plugin.folders import PluginFile
    from osvc_diag.plugin.strangers import Stranger, Strangers
    from osvc_diag.redaction.rule import Rule

BLOCKED = "blocked"
COLLECTORS = "osvc_diag_collectors"


class Gathered:
    """The plugins so far; every step with foreign code is caught on its own."""

    def __init__(self, blocked: Sequence[str], patience: float) -> None:
        self._patience = patience
        self._processes: Optional[Strangers] = None
        self._blocked = frozenset(blocked)
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._infos: list[PluginInfo] = []
        self._rules: list[Rule] = []
        self._failures: list[tuple[str, str]] = []
        self._claims: dict[str, list[tuple[str, Collector]]] = {}
        self._shipped: set[str] = set()
        self._invited: list[tuple[Stranger, str]] = []

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
            self._invited.append((self._strangers().invite(name, what), distribution))

    def refuse(self, name: str, distribution: str, problem: str) -> None:
        """Take down that a plugin is not even loaded, and why; one that is blocked is that alone."""
        if name not in self._blocked:
            self._failures.append((name, problem))
        problem = BLOCKED if name in self._blocked else problem
        self._infos.append(PluginInfo(name, distribution, problem=problem))

    def add_file(self, file: PluginFile) -> None:
        """Take a plugin that is a file."""
        if file.problem:
            self.refuse(file.name, file.path, file.problem)
        elif file.source is not None:
            self.invite(file.name, file.path, {"path": file.path, "source": file.source})
        else:
            self._take(file.name, file.path, partial(_executable, file))

    def result(self, begin: float) -> Plugins:
        """Wait for the third parties, and sort out who has which name.

        Args:
            begin: when loading began, on the clock of time.monotonic.
        """
        for stranger, distribution in self._invited:
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
                        self._drop(plugin, name, f"{shipped[0][0]} has that name")
            else:
                plugins = " and ".join(plugin for plugin, _ in claims)
                self._failures.append((name, f"claimed by {plugins}: none of them is used"))
        return Plugins(
            infos=tuple(sorted(self._infos, key=lambda info: (info.name, info.distribution))),
            collectors=tuple(collectors),
            rules=tuple(self._rules),
            failures=tuple(self._failures),
            hooks=self._manager,
            strangers=tuple(stranger for stranger, _ in self._invited),
            seconds=time.monotonic() - begin,
            _processes=self._processes,
            _shipped=frozenset(
                name
                for name, claims in self._claims.items()
                if any(claimant in self._shipped for claimant, _ in claims)
            ),
        )

    def close(self) -> None:
        """End what was started, where nobody will ask it any more."""
        if self._processes is not None:
            self._processes.close()

    def _strangers(self) -> Strangers:
        from osvc_diag.plugin.strangers import Strangers  # noqa: PLC0415 - mostly there is none

        if self._processes is None:
            self._processes = Strangers(self._patience)
        return self._processes

    def _drop(self, claimant: str, collector: str, why: str) -> None:
        """Take one collector away from a plugin; what else that brings stays in use."""
        for at, info in enumerate(self._infos):
            if _claimant(info.name, info.distribution) == claimant:
                rest = tuple(name for name in info.collectors if name != collector)
                if rest or set(info.hooks) - {COLLECTORS}:
                    self._failures.append((f"{info.name}'s {collector}", why))
                    self._infos[at] = replace(info, collectors=rest)
                else:
                    problem = f"its collector {collector} is not used: {why}"
                    self._failures.append((info.name, problem))
                    self._infos[at] = replace(info, collectors=(), problem=problem)

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
