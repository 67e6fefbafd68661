"""How a command ended, and what the manifest says of its outputs for it."""

from __future__ import annotations

import enum
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from osvc_diag.units import format_size

if TYPE_CHECKING:
    from osvc_diag.plugin.sources import Command
    from osvc_diag.reading.outcome import Outcome


class Cause(enum.Enum):
    """What ended a command."""

    ITSELF = enum.auto()
    MISSING = enum.auto()
    """There is no such program."""
    DENIED = enum.auto()
    """The program may not be executed."""
    UNTRUSTED = enum.auto()
    """Somebody else could have written the program."""
    NOT_STARTED = enum.auto()
    GIVEN_UP = enum.auto()
    """Something unforeseen came up."""
    TIMEOUT = enum.auto()
    """Its own."""
    LIMIT = enum.auto()
    """It wrote more than it may."""
    LEFT_OPEN = enum.auto()
    """It ended, and a process that it started kept its output open."""
    DEADLINE = enum.auto()
    """That of the run."""
    BUDGET = enum.auto()
    """All commands together had their time."""
    UNREAD = enum.auto()
    """Nobody wants its output any more."""


@dataclass(frozen=True)
class Ending:
    """How a command ended."""

    cause: Cause
    rc: Optional[int] = None
    """Its exit code; negative for the signal that ended it; None where it never ran, or does not end."""
    seconds: float = 0.0
    """That it ran, without the time that it had to wait for its reader."""
    detail: str = ""
    """A part of the reason: what is missing, or who was left behind."""

    @property
    def code(self) -> Optional[int]:
        """Its exit code, where it had the time to give one."""
        return self.rc if self.rc is not None and self.rc >= 0 else None

    @property
    def signal(self) -> Optional[str]:
        """The name of the signal that ended it."""
        return _signal_name(-self.rc) if self.rc is not None and self.rc < 0 else None


def settle(outcome: Outcome, command: Command, ending: Ending, *, is_cut: bool, tells: bool) -> None:
    """Say what became of one stream of a command.

    Args:
        outcome: of the stream; its sizes are known.
        command: as it was declared.
        ending: how it ended.
        is_cut: whether this stream was longer than what is kept of it.
        tells: whether this stream is the one that tells what is missing, so that it is told once.
    """
    outcome.ending = ending
    if ending.cause is Cause.MISSING:
        outcome.hint = command.hint
    state, reason = _verdict(command, ending)
    is_gap = tells and state != "ok"
    if is_cut and state in {"ok", "truncated"}:
        state, reason, is_gap = "truncated", "longer than what is kept of it: its beginning is here", True
    outcome.settle(state, reason, is_gap=is_gap)


def _verdict(command: Command, ending: Ending) -> tuple[str, str]:
    """Return a state of the manifest, and the reason."""
    cause, rc = ending.cause, ending.rc
    if cause is Cause.ITSELF:
        if rc is None:
            return "timeout", "it does not end: the kernel holds it"
        if ending.signal is not None:
            return "truncated", f"ended by {ending.signal}: what it wrote before is here"
        return "ok", "" if rc in command.ok_codes else f"rc {rc}"
    partly = "whole lines that came in time are here"
    return {
        Cause.MISSING: ("missing", ending.detail),
        Cause.DENIED: ("denied", ending.detail),
        Cause.UNTRUSTED: ("skipped", f"not run: {ending.detail}"),
        Cause.NOT_STARTED: ("failed", f"not started: {ending.detail}"),
        Cause.GIVEN_UP: ("failed", f"given up: {ending.detail}"),
        Cause.TIMEOUT: ("timeout", f"no end after {command.timeout:g} s: {partly}"),
        Cause.LIMIT: ("truncated", f"wrote more than {format_size(command.limit)}: the beginning is here"),
        Cause.LEFT_OPEN: (
            "truncated",
            f"a process that it left behind kept its output open, {ending.detail}",
        ),
        Cause.DEADLINE: ("timeout", f"--timeout was reached: {partly}"),
        Cause.BUDGET: ("skipped", f"not run: {ending.detail}"),
        Cause.UNREAD: ("skipped", "nobody read it to its end"),
    }[cause]


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
