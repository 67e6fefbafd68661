"""Tries the rules of a plugin, and ends the trial of one whose pattern would not come back."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING

from osvc_diag.redaction.pace import too_slow
from osvc_diag.redaction.trial import try_rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from osvc_diag.redaction.rule import Rule

LONGEST_TRIAL = 3.0  # seconds of processor time for one rule; a linear one takes milliseconds


class _OverdueError(BaseException):
    """The time is over; no code of a plugin catches it by chance."""


def try_rules(rules: Iterable[Rule]) -> None:
    """Try each rule on its own examples and on long lines.

    Raises:
        TypeError, ValueError: the text names the rule, and what is wrong with it.
    """
    for rule in rules:
        _try(rule)


def _try(rule: Rule) -> None:
    try:
        with _limited():
            try_rule(rule)
    except _OverdueError:
        raise too_slow(rule) from None


@contextlib.contextmanager
def _limited() -> Iterator[None]:
    """Raise after a while: `re` asks for signals while it matches. A timer of this process's own stays.

    Only the main thread is told of signals: elsewhere whoever waits for this thread gives it up.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGVTALRM) not in {signal.SIG_DFL, None}:
        yield
        return
    before = signal.signal(signal.SIGVTALRM, _raise)
    signal.setitimer(signal.ITIMER_VIRTUAL, LONGEST_TRIAL)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _raise(*_: object) -> None:
    raise _OverdueError
