"""What all plugins of a run add, and what is wrong with some."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from osvc_diag.errors import PluginUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pluggy

    from osvc_diag.plugin.collector import Collector
    from osvc_diag.plugin.strangers import Stranger, Strangers
    from osvc_diag.redaction.rule import Rule

NO_RULES = "if it has redaction rules, they masked nothing"


@dataclass(frozen=True)
class PluginInfo:
    """A plugin as found; with a problem nothing of it is in use."""

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

    def __exit__(self, *_error: object) -> None:
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
            without_rules(info.name)
            for info in self.infos
            if (info.name, info.problem) in self.failures
            # One that was asked has the rules that it brought in use.
            and not (info.hooks or _is_script(info.distribution))
        )

    def _unavailable(self, name: str, known: Iterable[str]) -> PluginUnavailableError:
        idle = {info.name: info.problem for info in self.infos if info.problem}
        problems = {**idle, **dict(self.failures)}
        # The collector of `my_shop.py` is most likely called my-shop.
        found = next((plugin for plugin in problems if _spelt_alike(plugin, name)), None)
        if found is not None:
            whose = "" if found == name else f"plugin {found}: "
            return PluginUnavailableError(
                f"collector {name!r} cannot be used: {whose}{problems[found]}",
                hint="osvc-diag plugins tells which there are, where each is from and why one is not in use",
            )
        from difflib import get_close_matches  # noqa: PLC0415 - few misspell, and all would wait for it

        near = get_close_matches(name, sorted({*known, *idle}), n=3)
        hint = "did you mean " + ", ".join(near) if near else "there are: " + ", ".join(sorted(known))
        return PluginUnavailableError(f"collector {name!r} is unknown", hint=hint)


def without_rules(name: str) -> str:
    """Return what it means for redaction that a plugin is not in use."""
    return f"plugin {name} cannot be used: {NO_RULES}"


def _spelt_alike(one: str, other: str) -> bool:
    return one.lower().replace("_", "-") == other.lower().replace("_", "-")


def _is_script(distribution: str) -> bool:
    """Tell whether a plugin is an executable: that has no rules."""
    return distribution.startswith("/") and not distribution.endswith(".py")
