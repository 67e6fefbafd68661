"""Names what went wrong with an artifact: the state and the reason that the manifest gives."""

from __future__ import annotations

import errno
from typing import Callable, Optional

from osvc_diag.bundle.headers import MemberNameError
from osvc_diag.errors import RedactionError
from osvc_diag.gap import State
from osvc_diag.plugin.foreign import shortened, told_by
from osvc_diag.reading.patience import StalledError
from osvc_diag.reading.trees import NotTakenError

NO_ROOM = "--max-size leaves no room for it"
_STATES_OF_ERRNO = {
    errno.ENOENT: (State.MISSING, "is not there"),
    errno.ENOTDIR: (State.MISSING, "is not there"),
    errno.EACCES: (State.DENIED, "permission denied"),
    errno.EPERM: (State.DENIED, "permission denied"),
}


class SourceError(Exception):
    """Something went wrong at the source; its cause says what."""


class NoRoomError(Exception):
    """The archive would grow over --max-size."""


def diagnosis(error: Exception, mask: Callable[[str], str]) -> tuple[State, str]:
    """Return the state of an artifact that could not be stored, and the reason, without a secret.

    Args:
        error: what came up between source and bundle.
        mask: takes secrets out of what a plugin's exception says.
    """
    if isinstance(error, NoRoomError):
        return State.SKIPPED, NO_ROOM
    if isinstance(error, MemberNameError):
        return State.FAILED, str(error)
    if isinstance(error, SourceError):
        return _of_source(error.__cause__, mask)
    # What fails between source and bundle is the redactor: its text never holds the content.
    text = str(error) if isinstance(error, RedactionError) else type(error).__name__
    return State.WITHHELD, f"cannot be redacted: {text}"


def _of_source(error: Optional[BaseException], mask: Callable[[str], str]) -> tuple[State, str]:
    if isinstance(error, StalledError):
        return State.TIMEOUT, str(error)
    if isinstance(error, NotTakenError):
        return State.SKIPPED, str(error)
    if isinstance(error, OSError) and error.errno in _STATES_OF_ERRNO:
        return _STATES_OF_ERRNO[error.errno]
    if isinstance(error, OSError) and error.strerror:
        return State.FAILED, error.strerror
    assert error is not None, "a SourceError has a cause"
    return State.FAILED, _masked(error, mask)


def _masked(error: BaseException, mask: Callable[[str], str]) -> str:
    try:
        return shortened(mask(told_by(error)))
    except Exception:  # noqa: BLE001 - a rule of a plugin may raise anything
        return type(error).__name__
