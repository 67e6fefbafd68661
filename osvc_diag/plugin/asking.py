"""Asks one plugin what it adds, and checks the answer: in this process, or in one of the plugin's own."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, TypeVar

import pluggy

from osvc_diag.plugin import hookspecs
from osvc_diag.plugin.collector import Collector
from osvc_diag.plugin.foreign import line_of
from osvc_diag.redaction.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    try:
        manager.register(plugin, name=name)
    except pluggy.PluginValidationError as error:
        raise TypeError(" ".join(str(error).split())) from None
    try:
        collectors = _ask(manager, plugin, "osvc_diag_collectors", Collector, hooks)
        rules = _ask(manager, plugin, "osvc_diag_redaction_rules", Rule, hooks)
        if rules:
            _try(rules)
        for collector in collectors:
            collector.check()
    except BaseException:
        manager.unregister(plugin)
        raise
    return Added(tuple(sorted(hooks)), tuple(collectors), tuple(rules))


def _try(rules: list[Rule]) -> None:
    from osvc_diag.plugin.trying import try_rules  # noqa: PLC0415 - few have any, and it takes the engines

    try_rules(rules)


def _own_hooks(manager: pluggy.PluginManager, plugin: object) -> dict[str, Callable[..., object]]:
    """Return the functions that are hooks.

    What pluggy would pass over in silence is refused: a misspelt hook, one without its marker, none at all.
    """
    found: dict[str, Callable[..., object]] = {}
    is_newer = False
    for name in dir(plugin):
        options = manager.parse_hookimpl_opts(plugin, name)
        if options is None:
            if name in HOOKS:
                raise TypeError(f"{name} is not marked with @hookimpl")
            continue
        hook = options.get("specname") or name
        if hook in HOOKS:
            found[hook] = getattr(plugin, name)
            _check_arguments(hook, found[hook])
        elif options.get("optionalhook"):
            is_newer = True
        else:
            raise AttributeError(
                f"{name} is not a hook of {hookspecs.PROJECT}: there are {', '.join(sorted(HOOKS))}"
            )
    if not found and not is_newer:
        raise TypeError(f"it has no hook: mark {' or '.join(sorted(HOOKS))} with @hookimpl")
    return found


def _check_arguments(hook: str, function: Callable[..., object]) -> None:
    given = inspect.signature(getattr(hookspecs, hook)).parameters
    for name, parameter in inspect.signature(function).parameters.items():
        is_needed = parameter.default is parameter.empty and parameter.kind not in {
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        }
        if is_needed and name not in given:
            raise TypeError(f"{hook}{line_of(function)} takes {name!r}: write def {hook}({', '.join(given)})")


def _ask(
    manager: pluggy.PluginManager,
    plugin: object,
    hook: str,
    kind: type[_Item],
    hooks: Mapping[str, Callable[..., object]],
) -> list[_Item]:
    """Call one hook of one plugin, and exhaust a generator here, where its errors are caught."""
    others = [other for other in manager.get_plugins() if other is not plugin]
    answers = manager.subset_hook_caller(hook, others)()
    for answer in answers:
        if not isinstance(answer, Iterable):
            what = f"{hook}{line_of(hooks[hook])} returned a {type(answer).__name__}"
            raise TypeError(f"{what}, not a list: write return [{kind.__name__}(...)]")
    items = [item for answer in answers for item in answer]
    for item in items:
        if not isinstance(item, kind):
            what = f"{hook}{line_of(hooks[hook])} gave a {type(item).__name__}"
            raise TypeError(f"{what}, not a {kind.__name__}")
    return items
