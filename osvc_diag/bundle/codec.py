"""Frozen dataclasses to JSON and back, checked field by field: a manifest may come from anywhere."""

from __future__ import annotations

import dataclasses
import enum
import functools
import re
import typing
from collections.abc import Mapping
from typing import Any, TypeVar, Union

_Value = TypeVar("_Value")

FILE_NAME: Mapping[str, bool] = {"file_name": True}
"""Metadata of a field that holds a file name: any bytes, as surrogate escapes."""


def encode_name(name: str) -> str:
    r"""Write a file name as plain characters: a backslash as `\\`, a byte that is not UTF-8 as `\xNN`."""
    return _printable(name.replace("\\", "\\\\"))


def decode_name(text: str) -> str:
    """Undo `encode_name`."""
    raw = re.sub(rb"\\(?:\\|x([0-9a-f]{2}))", _unescaped, text.encode("utf-8", "surrogatepass"))
    return raw.decode("utf-8", "surrogateescape")


def _unescaped(match: re.Match[bytes]) -> bytes:
    digits: bytes = match.group(1)
    return b"\\" if digits is None else bytes.fromhex(digits.decode())


def encode(value: object) -> Any:
    """Return what json.dumps takes: a dataclass as an object in the order of its fields, without None."""
    if dataclasses.is_dataclass(value):
        return {
            field.name: encode_name(item) if field.metadata and isinstance(item, str) else encode(item)
            for field in dataclasses.fields(value)
            for item in (getattr(value, field.name),)
            if item is not None
        }
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, str):
        return _printable(value)
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    if isinstance(value, Mapping):
        return {_printable(key): encode(value[key]) for key in sorted(value)}
    return value


def _printable(text: str) -> str:
    """Replace what is no character: many readers refuse a lone surrogate."""
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode("utf-8")


def decode(kind: type[_Value], value: object) -> _Value:
    """Make a dataclass of what json.loads returned; unknown keys are of a later version and left out.

    Raises:
        ValueError: A field is missing or is not what its annotation says.
    """
    return typing.cast("_Value", _decode(kind, value, kind.__name__))


def _decode(kind: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(kind):
        return _decode_object(kind, value, where)
    origin = typing.get_origin(kind)
    if origin is None:
        return _decode_plain(kind, value, where)
    arguments = typing.get_args(kind)
    if origin is Union:
        return None if value is None else _decode(arguments[0], value, where)
    if origin is tuple:
        return tuple(_decode(arguments[0], item, where) for item in _checked(list, value, where))
    return {key: _decode(arguments[1], item, where) for key, item in _checked(dict, value, where).items()}


def _decode_object(kind: Any, value: Any, where: str) -> object:
    content = _checked(dict, value, where)
    hints = _hints(kind)
    found: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        if field.name not in content:
            if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
                raise ValueError(f"{where} has no {field.name}")
            continue
        item = _decode(hints[field.name], content[field.name], f"{where}.{field.name}")
        found[field.name] = decode_name(item) if field.metadata and isinstance(item, str) else item
    return kind(**found)


def _decode_plain(kind: Any, value: Any, where: str) -> Any:
    if issubclass(kind, enum.Enum):
        try:
            return kind(value)
        except ValueError:
            raise ValueError(f"{where} is none of {', '.join(member.value for member in kind)}") from None
    if kind is float and type(value) is int:
        return float(value)
    return _checked(kind, value, where)


def _checked(kind: type[_Value], value: object, where: str) -> _Value:
    if type(value) is not kind:
        raise ValueError(f"{where} is not of type {kind.__name__}")
    return value


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)
