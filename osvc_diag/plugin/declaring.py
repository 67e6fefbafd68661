"""What comes from a plugin's process while it declares its artifacts: checked, counted and held to limits."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Callable, Union

from osvc_diag.gap import Gap, State
from osvc_diag.plugin.artifact import Artifact, Artifacts
from osvc_diag.plugin.crossing import CrossingError, received
from osvc_diag.plugin.foreign import MOST_TEXT, Told
from osvc_diag.plugin.sources import CommandSource, OutputSource

if TYPE_CHECKING:
    from osvc_diag.plugin.collector import Declared

MOST_DECLARED = 20_000  # artifacts and gaps of one collector
LONGEST_COMMAND = 300.0  # seconds, whatever a plugin says it needs
MOST_OUTPUT = 64 * 1024 * 1024  # bytes of each output of a command
TOO_MUCH = "it has a gap that says too much"
_KINDS: Any = Union[Artifact, Artifacts, Gap]


class Declaring:
    """What one collector declares, as it comes in."""

    def __init__(self, call: Callable[[int], Callable[..., Any]]) -> None:
        """Start with nothing.

        Args:
            call: returns a function that has one called that stayed in the plugin's process.
        """
        self.declared: list[Declared] = []
        self._call = call

    def take(self, message: dict[str, Any]) -> None:
        """Take one message; what is wrong with it is a gap in its place.

        Raises:
            OverflowError: there are too many; none of them is kept.
        """
        if len(self.declared) == MOST_DECLARED:
            self.declared.clear()
            raise OverflowError(f"named more than {MOST_DECLARED} artifacts, none of which is taken")
        try:
            declared = limited(received(_KINDS, message.get("item"), self._call))
        except CrossingError as error:
            reason = message.get("bad", error)  # of the plugin's side, where it could not even be sent
            declared = Gap(State.FAILED, f"naming its artifacts: {reason}")
            if len(declared.reason) > MOST_TEXT:
                declared = Gap(State.FAILED, TOO_MUCH)
        self.declared.append(declared)


def limited(declared: Declared) -> Declared:
    """Hold a command to what it may take, and a gap to what may be said."""
    if isinstance(declared, Gap):
        texts = {"reason": declared.reason, "hint": declared.hint or "", "artifact": declared.artifact or ""}
        if max(map(len, texts.values())) > MOST_TEXT:
            return Gap(State.FAILED, TOO_MUCH)
        hint = None if declared.hint is None else Told.of("", declared.hint)
        return dataclasses.replace(declared, reason=Told.of("", declared.reason), hint=hint)
    if isinstance(declared.source, (CommandSource, OutputSource)):
        command = declared.source.command
        held = dataclasses.replace(
            command, timeout=min(command.timeout, LONGEST_COMMAND), limit=min(command.limit, MOST_OUTPUT)
        )
        source: Any = dataclasses.replace(declared.source, command=held)
        return dataclasses.replace(declared, source=source)
    return declared
