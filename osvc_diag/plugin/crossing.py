"""What crosses between the host and a plugin's process, as JSON: collectors, rules, artifacts and gaps.

What comes in is checked field by field against the classes' own annotations: it may say anything.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import enum
import functools
import math
import typing
from typing import Any, Callable, TypeVar, Union

from osvc_diag.gap import Gap
from osvc_diag.plugin import artifact as artifacts
from osvc_diag.plugin import options, sources
from osvc_diag.plugin.collector import Collector
from osvc_diag.plugin.foreign import ToldError
from osvc_diag.plugin.profile import Profile
from osvc_diag.redaction import values
from osvc_diag.redaction.rule import Anchor, Rule

CROSSING: tuple[type, ...] = (
    *(
        item
        for item in {**vars(sources), **vars(artifacts)}.values()
        if dataclasses.is_dataclass(item) and isinstance(item, type)
    ),
    options.Option,
    Anchor,
    Collector,
    Gap,
    Rule,
)
"""The classes whose values cross."""

_BY_NAME = {kind.__name__: kind for kind in CROSSING}
_LEFT_BEHIND = {
    "CommandSource.transform": "a command's transform",
    "OutputSource.transform": "a command's transform",
    "Rule.find": "a rule's find function (give it a pattern instead)",
    "Rule.group": "a rule's group function",
}
"""Functions that the host itself would have to call: none of a third party's runs there."""
_KEEPERS = {function.__name__: function for function in (values.is_reference,)}
_LARGEST = 1 << 63
_Value = TypeVar("_Value")


class CrossingError(ToldError, ValueError):
    """Something cannot cross; the text says what."""


def sent(value: object, keep: Callable[[Callable[..., object]], int]) -> Any:
    """Return a value as JSON.

    Args:
        value: of one of the classes, or what their fields hold.
        keep: takes a function that stays behind, and returns the number under which the host may have it
            called.

    Raises:
        CrossingError: it cannot cross.
    """
    if isinstance(value, enum.Enum):
        return value.value
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, bytes):
        return {"bytes": value.decode("latin-1")}
    if isinstance(value, (tuple, list)):
        return [sent(item, keep) for item in value]
    if isinstance(value, CROSSING):
        return _object_sent(value, keep)
    if callable(value):
        name = getattr(value, "__name__", "")
        return {"known": name} if _KEEPERS.get(name) is value else {"call": keep(value)}
    raise CrossingError(f"a {type(value).__name__} cannot leave the plugin's process")


def received(kind: type[_Value], content: object, call: Callable[[int], Callable[..., Any]]) -> _Value:
    """Return a value of a class, made of JSON that may hold anything.

    Args:
        kind: the class, or a union of them.
        content: as `sent` returned it on the other side.
        call: returns a function that has one called that stayed behind, by its number.

    Raises:
        CrossingError: it is no such value.
    """
    return typing.cast("_Value", _received(kind, content, call))


def no_function(_function: object) -> Any:
    """Refuse a rule's function, on either side: the host would have to call it for every line.

    Raises:
        CrossingError: always.
    """
    raise CrossingError("a rule's keep function cannot leave the plugin's process: put it into the pattern")


def _object_sent(value: Any, keep: Callable[[Callable[..., object]], int]) -> dict[str, Any]:
    kind = type(value).__name__
    if kind not in _BY_NAME:
        raise CrossingError(f"a {kind} cannot leave the plugin's process")
    content: dict[str, Any] = {"is": kind}
    for field in dataclasses.fields(value):
        item = getattr(value, field.name)
        if item is not None and f"{kind}.{field.name}" in _LEFT_BEHIND:
            raise CrossingError(f"{_LEFT_BEHIND[f'{kind}.{field.name}']} cannot leave the plugin's process")
        content[field.name] = sent(item, keep)
    return content


def _received(hint: Any, content: Any, call: Callable[[int], Callable[..., Any]]) -> Any:  # noqa: PLR0911
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Union:
        return _one_of(arguments, content, call)
    if origin is tuple:
        return tuple(_received(arguments[0], item, call) for item in _exactly(list, content))
    if origin is collections.abc.Callable:
        return _function(content, call)
    if dataclasses.is_dataclass(hint):
        return _object(hint, content, call)
    if hint is bytes:
        return _exactly(str, _exactly(dict, content).get("bytes")).encode("latin-1", "replace")
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return _member(hint, content)
    return _plain(hint, content)


def _one_of(arguments: tuple[Any, ...], content: Any, call: Callable[[int], Callable[..., Any]]) -> Any:
    if isinstance(content, dict) and "is" in content:
        arguments = tuple(kind for kind in arguments if getattr(kind, "__name__", "") == content["is"])
    for kind in arguments:
        try:
            return _received(kind, content, call)
        except CrossingError:  # noqa: PERF203 - the next kind may be the one
            if len(arguments) == 1:
                raise
    raise CrossingError("a value is of no known kind")


def _object(kind: Any, content: Any, call: Callable[[int], Callable[..., Any]]) -> Any:
    content = _exactly(dict, content)
    if content.get("is") != kind.__name__:
        raise CrossingError(f"what should be a {kind.__name__} is none")
    hints = _hints(kind)
    found = {}
    for field in dataclasses.fields(kind):
        if field.name not in content:
            raise CrossingError(f"a {kind.__name__} has no {field.name}")
        try:
            item = _received(hints[field.name], content[field.name], call)
        except CrossingError as error:
            raise CrossingError(f"{kind.__name__}.{field.name}: {error}") from None
        if item is not None and f"{kind.__name__}.{field.name}" in _LEFT_BEHIND:
            raise CrossingError(f"{_LEFT_BEHIND[f'{kind.__name__}.{field.name}']} stays behind")
        found[field.name] = item
    try:
        return kind(**found)
    except (TypeError, ValueError) as error:
        raise CrossingError(str(error)) from None


def _function(content: Any, call: Callable[[int], Callable[..., Any]]) -> Any:
    content = _exactly(dict, content)
    if "known" in content:
        known = _KEEPERS.get(_exactly(str, content["known"]))
        if known is None:
            raise CrossingError("a function is of no known name")
        return known
    return call(_plain(int, content.get("call")))


def _member(kind: type[enum.Enum], content: Any) -> enum.Enum:
    try:
        return kind(content)
    except (TypeError, ValueError):
        raise CrossingError(f"it is no {kind.__name__}") from None


def _plain(kind: Any, content: Any) -> Any:
    if kind is float and type(content) is int:
        content = float(content) if abs(content) <= _LARGEST else math.inf
    content = _exactly(kind, content)
    if isinstance(content, (int, float)) and not abs(content) <= _LARGEST:
        raise CrossingError("a number is too large")
    return content


def _exactly(kind: Any, content: Any) -> Any:
    if type(content) is not kind:
        raise CrossingError(f"it is a {type(content).__name__}, not a {getattr(kind, '__name__', kind)}")
    return content


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    """Return what a class's fields are annotated with; names that only a type checker imports are given."""
    names = {name: getattr(collections.abc, name) for name in collections.abc.__all__}
    names["Profile"] = Profile
    names.update({"Option": options.Option, "Value": options.Value, "Anchor": Anchor})
    names.update({"Collect": Callable[..., Any], "CollectWithOptions": Callable[..., Any]})
    names["Callable"] = Callable
    return typing.get_type_hints(kind, localns=names)
