"""The error tree: what can go wrong, the exit code of each, and what to do next.

DiagError
├── UsageError                    2   the request makes no sense here
│   ├── NamingError               2   not an object path
│   ├── SelectorError             2   not a selector
│   ├── NoSuchObjectError         2   nothing matches the selector
│   ├── NodeNotFoundError         2   no OpenSVC agent here
│   └── NodeSilentError           2   a file system that the node's files lie on hangs
├── PluginUnavailableError        3   a plugin asked for by name cannot serve
├── BundleError                   4   the bundle cannot be written
├── ExchangeError                 5   the bundle could not be delivered; it is kept
├── VerificationError             6   a secret was found, or an archive is damaged
└── AgentError                    7   the agent cannot be asked, or did not do what it was asked for

RedactionError is apart: it never reaches a user, it turns an artifact into a withheld one.
"""

from __future__ import annotations

from typing import Optional


class DiagError(Exception):
    """What happened, where, with which value; `hint` says what to do next."""

    exit_code = 1
    steps: tuple[str, ...] = ()
    """What else to do, a line each, below the hint; a command has a line of its own, to be copied."""

    def __init__(self, message: str, *, hint: Optional[str] = None) -> None:
        super().__init__(message)
        self.hint = hint


def steps_of(error: BaseException) -> tuple[str, ...]:
    """Return the steps of an error, of ours or not: Ctrl-C and signals may have some too."""
    steps: tuple[str, ...] = getattr(error, "steps", ())
    return steps


class UsageError(DiagError):
    """The request makes no sense on this node."""

    exit_code = 2


class NamingError(UsageError, ValueError):
    """A text that is no object path."""


class SelectorError(UsageError, ValueError):
    """A text that is no selector."""


class NoSuchObjectError(UsageError):
    """No object of the node matches a selector."""


class NodeNotFoundError(UsageError):
    """There is no OpenSVC agent where one was looked for."""


class NodeSilentError(UsageError):
    """The node's own files do not answer: a file system that they lie on hangs."""


class PluginUnavailableError(DiagError):
    """A plugin or collector asked for by name is unknown, broken or disabled."""

    exit_code = 3


class BundleError(DiagError):
    """The bundle cannot be written: disk full, folder not writable."""

    exit_code = 4


class ExchangeError(DiagError):
    """The bundle could not be delivered; it is kept on disk."""

    exit_code = 5


class VerificationError(DiagError):
    """A secret was found in a finished archive, or the archive is damaged."""

    exit_code = 6


class AgentError(DiagError):
    """The agent cannot be asked, or did not do what it was asked for."""

    exit_code = 7


class RedactionError(Exception):
    """An artifact cannot be redacted: its bytes are withheld. The text never holds the artifact's content."""
