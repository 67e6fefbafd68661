"""Frozen dataclasses to JSON and back, checked field by field: a manifest may come from anywhere."""

from __future__ import annotations

import dataclasses
import enum
import functools
import re
import typing
from collections.abc import Mapping
from typing import Any, Callable, TypeVar, Union

_Value = TypeVar("_Value")

_LARGEST_NUMBER = 1 << 63

_AS_THEY_ARE = frozenset({type(None), bool, int, float})

FILE_NAME: Mapping[str, bool] = {"file_name": True}
"""Metadata of a field that holds a file name: any bytes, as surrogate escapes."""


def encode_name(name: str) -> str:
    r"""Write a file name as plain characters: a backslash as `\\`, a byte that is not UTF-8 as `\xNN`."""
    return _printable(name.replace("\\", "\\\\"))


def decode_name(text: str) -> str:
    """Undo `encode_name`."""
    if "\\" not in text and text.isascii():
        return text
    raw = re.sub(rb"\\(?:\\|x([0-9a-f]{2}))", _unescaped, text.encode("utf-8", "surrogatepass"))
    return raw.decode("utf-8", "surrogateescape")


def _unescaped(match: re.Match[bytes]) -> bytes:
    digits: bytes = match.group(1)
    return b"\\" if digits is None else bytes.fromhex(digits.decode())


def encode(value: object) -> Any:
    """Return what json.dumps takes: a dataclass as an object in the order of its fields, without None."""
    kind: Any = type(value)
    if kind is str:
        return _printable(typing.cast("str", value))
    if kind in _AS_THEY_ARE:
        return value
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    if isinstance(value, enum.Enum):
        return value.value
    if kind is dict or isinstance(value, Mapping):
        content: Any = value
        return {_printable(key): encode(content[key]) for key in sorted(content)}
    return _encoded_fields(value)


def _encoded_fields(value: object) -> dict[str, Any]:
    kind: Any = type(value)
    content: dict[str, Any] = {}
    for name, is_file_name in _fields(kind):
        item = getattr(value, name)
        if item is None:
            continue
        if type(item) is not str:
            content[name] = encode(item)
        elif item.isascii() and "\\" not in item:
            content[name] = item
        else:
            content[name] = encode_name(item) if is_file_name else _printable(item)
    return content


@functools.cache
def _fields(kind: Any) -> tuple[tuple[str, bool], ...]:
    """Return the fields of a dataclass, and which are file names."""
    return tuple((field.name, bool(field.metadata)) for field in dataclasses.fields(kind))


def _printable(text: str) -> str:
    """Replace what is no character: many readers refuse a lone surrogate."""
    if text.isascii():
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode("utf-8")


def decode(kind: type[_Value], value: object) -> _Value:
    """Make a dataclass of what json.loads returned; unknown keys are of a later version and left out.

    Raises:
        ValueError: A field is missing or is not what its annotation says.
    """
    return typing.cast("_Value", _decoder(typing.cast("Any", kind))(value))


@functools.cache
def _decoder(kind: Any) -> Callable[[Any], Any]:
    """Make what checks and converts a value of one annotation, once."""
    if dataclasses.is_dataclass(kind):
        return _object_decoder(kind)
    if typing.get_origin(kind) is not None:
        return _generic_decoder(typing.get_origin(kind), typing.get_args(kind))
    if issubclass(kind, enum.Enum):
        return functools.partial(_decode_enum, kind)
    if kind in (int, float):
        return functools.partial(_decode_number, kind)
    return functools.partial(_checked, kind)


def _generic_decoder(origin: Any, arguments: tuple[Any, ...]) -> Callable[[Any], Any]:
    if origin is Union:
        inner = _decoder(arguments[0])
        return lambda value: None if value is None else inner(value)
    if origin is tuple:
        inner = _decoder(arguments[0])
        return lambda value: tuple(map(inner, _checked(list, value)))
    inner = _decoder(arguments[1])
    return lambda value: {key: inner(item) for key, item in _checked(dict, value).items()}


def _object_decoder(kind: Any) -> Callable[[Any], Any]:
    hints = typing.get_type_hints(kind)
    decoders = {
        field.name: _name_decoder(hints[field.name]) if field.metadata else _decoder(hints[field.name])
        for field in dataclasses.fields(kind)
    }
    required = {
        field.name
        for field in dataclasses.fields(kind)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }

    def decode_object(value: Any) -> Any:
        content = _checked(dict, value)
        missing = required - content.keys()
        if missing:
            raise ValueError(f"it has no {min(missing)}")
        found = {}
        for name in content.keys() & decoders.keys():
            try:
                found[name] = decoders[name](content[name])
            except ValueError as error:  # noqa: PERF203 - it tells where
                raise ValueError(f"{name}: {error}") from None
        return kind(**found)

    return decode_object


def _name_decoder(kind: Any) -> Callable[[Any], Any]:
    plain = _decoder(kind)

    def decode_file_name(value: Any) -> Any:
        name = plain(value)
        return name if name is None else decode_name(name)

    return decode_file_name


def _decode_enum(kind: type[enum.Enum], value: object) -> enum.Enum:
    try:
        return kind(value)
    except ValueError:
        raise ValueError(f"it is none of {', '.join(str(member.value) for member in kind)}") from None


def _decode_number(kind: type[_Value], value: object) -> _Value:
    """Return a count, a size or a duration: none is below zero or too large to reckon with."""
    number: Any = value if kind is float and type(value) is int else _checked(kind, value)
    if not 0 <= number <= _LARGEST_NUMBER:
        raise ValueError("it is below zero, or larger than anything on a node")
    return kind(number)  # type: ignore[call-arg]


def _checked(kind: type[_Value], value: object) -> _Value:
    if type(value) is not kind:
        raise ValueError(f"it is not of type {kind.__name__}")
    return value
