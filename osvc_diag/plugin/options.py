"""What a collector can be told on the command line, as `-o COLLECTOR.KEY=VALUE`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Union

from osvc_diag.errors import UsageError
from osvc_diag.printable import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from osvc_diag.plugin.collector import Collector

Value = Union[str, int, float, bool, None]

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
# int and float take blanks and underscores as well.
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_FLAGS = {
    "yes": True,
    "true": True,
    "on": True,
    "1": True,
    "no": False,
    "false": False,
    "off": False,
    "0": False,
}


@dataclass(frozen=True)
class Option:
    """One thing that a collector can be told; what is given has the type of the default.

    `Option("depth", "folders below the first that are looked into", default=3)` takes a whole number.
    """

    name: str
    """Lower case, digits, dashes and underscores."""
    help: str
    """One line for `osvc_diag plugins NAME`."""
    default: Value = None
    """Given to `collect` where the user says nothing. A text, a number, True or False; None takes a text."""
    choices: tuple[str, ...] = ()
    """The texts that may be given; empty takes any."""

    def check(self) -> None:
        """Refuse what no command line could name.

        Raises:
            ValueError: its name is none.
            TypeError: its help, its default or a choice is none.
        """
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!a} is no name of an option")
        if not isinstance(self.default, (str, int, float, type(None))):
            raise TypeError(f"option {self.name}: its default is a {type(self.default).__name__}")
        if not isinstance(self.help, str) or not all(isinstance(choice, str) for choice in self.choices):
            raise TypeError(f"option {self.name}: its help and its choices have to be texts")

    @property
    def expects(self) -> str:
        """What may be given, in a few words."""
        if self.choices:
            return " or ".join(self.choices)
        kinds = {bool: "yes or no", int: "a whole number", float: "a number"}
        return kinds.get(type(self.default), "a text")

    def parse(self, text: str) -> Value:
        """Read what was given.

        Raises:
            ValueError: it is not what `expects` says.
        """
        if self.choices and text not in self.choices:
            raise ValueError(text)
        if isinstance(self.default, bool):
            if text.lower() not in _FLAGS:
                raise ValueError(text)
            return _FLAGS[text.lower()]
        if isinstance(self.default, (int, float)) and not _NUMBER.fullmatch(text):
            raise ValueError(text)
        if isinstance(self.default, int):
            return int(text)
        if isinstance(self.default, float):
            number = float(text)
            if not math.isfinite(number):
                raise ValueError(text)
            return number
        return text


def resolve_options(collectors: Iterable[Collector], given: Sequence[str]) -> dict[str, Mapping[str, Value]]:
    """Return what each collector that has options is told.

    Args:
        collectors: those of the run.
        given: texts such as `haproxy.depth=3`; of two for one option the later holds.

    Raises:
        UsageError: a collector or an option is unknown, or a value is none; the hint names the known ones.
    """
    known = {collector.name: collector.options for collector in collectors}
    values: dict[str, dict[str, Value]] = {
        name: {option.name: option.default for option in options}
        for name, options in known.items()
        if options
    }
    for text in given:
        target, equals, value = text.partition("=")
        name, dot, key = target.partition(".")
        if not (equals and dot and name and key):
            raise UsageError(f"-o {quoted(target)}: it is written COLLECTOR.KEY=VALUE", hint=_all(known))
        if name not in known:
            raise UsageError(f"-o {quoted(target)}: no collector {quoted(name)} takes part", hint=_all(known))
        option = next((option for option in known[name] if option.name == key), None)
        if option is None:
            own = ", ".join(option.name for option in known[name])
            hint = f"{name} has: {own}" if own else f"{name} has no options; {_all(known)}"
            raise UsageError(f"-o {quoted(target)}: {name} has no option {quoted(key)}", hint=hint)
        try:
            values[name][key] = option.parse(value)
        except ValueError:
            raise UsageError(
                f"-o {quoted(target)}: {quoted(value)} is not {option.expects}", hint=f"{key}: {option.help}"
            ) from None
    return dict(values)


def _all(known: Mapping[str, Sequence[Option]]) -> str:
    names = [f"{name}.{option.name}" for name, options in sorted(known.items()) for option in options]
    return f"there are: {', '.join(names)}" if names else "no collector of this run has options"
