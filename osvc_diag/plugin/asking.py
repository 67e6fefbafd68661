"""Asks one plugin what it adds, and checks the answer: in this process, or in one of the plugin's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from osvc_diag.plugin import hookspecs
from osvc_diag.plugin.collector import Collector
from osvc_diag.redaction.rule import Rule

if TYPE_CHECKING:
    import pluggy

HOOKS = frozenset(name for name in vars(hookspecs) if name.startswith(f"{hookspecs.PROJECT}_"))

_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Added:
    """What one plugin adds."""

    hooks: tuple[str, ...] = ()
    """That it implements, sorted."""
    collectors: tuple[Collector, ...] = ()
    rules: tuple[Rule, ...] = ()


def ask_plugin(manager: pluggy.PluginManager, plugin: object, name: str) -> Added:
    """Register a plugin and ask it alone for what it adds: where something is wrong, it is as if not there.

    Args:
        manager: knows the hooks.
        plugin: a module, or anything with hooks.
        name: under which it is registered.

    Raises:
        BaseException: whatever foreign code raises; TypeError, ValueError or AttributeError where it answers
            what is none.
    """
    hooks = _own_hooks(manager, plugin)
    manager.register(plugin, name=name)
    try:
        collectors = _ask(manager, plugin, "osvc_diag_collectors", Collector)
        rules = _ask(manager, plugin, "osvc_diag_redaction_rules", Rule)
        if rules:
            _try(rules)
        for collector in collectors:
            collector.check()
    except BaseException:
        manager.unregister(plugin)
        raise
    return Added(hooks, tuple(collectors), tuple(rules))


def _try(rules: list[Rule]) -> None:
    from osvc_diag.plugin.trying import try_rules  # noqa: PLC0415 - few have any, and it takes the engines

    try_rules(rules)


def _own_hooks(manager: pluggy.PluginManager, plugin: object) -> tuple[str, ...]:
    """Refuse what pluggy would pass over in silence: a misspelt hook, and one without its marker."""
    found = set()
    for name in dir(plugin):
        options = manager.parse_hookimpl_opts(plugin, name)
        if options is None:
            if name in HOOKS:
                raise TypeError(f"{name} is not marked with @hookimpl")
            continue
        hook = options.get("specname") or name
        if hook in HOOKS:
            found.add(hook)
        elif not options.get("optionalhook"):
            raise AttributeError(
                f"{name} is not a hook of {hookspecs.PROJECT}: there are {', '.join(sorted(HOOKS))}"
            )
    return tuple(sorted(found))


def _ask(manager: pluggy.PluginManager, plugin: object, hook: str, kind: type[_Item]) -> list[_Item]:
    """Call one hook of one plugin, and exhaust a generator here, where its errors are caught."""
    others = [other for other in manager.get_plugins() if other is not plugin]
    answers = manager.subset_hook_caller(hook, others)()
    items = [item for answer in answers for item in answer]
    for item in items:
        if not isinstance(item, kind):
            raise TypeError(f"{hook} gave a {type(item).__name__}, not a {kind.__name__}")
    return items
