"""What foreign code says when it fails: a plugin's exception may be anything."""

from __future__ import annotations

import os
import sys
import traceback

import osvc_diag

MOST_TEXT = 64 * 1024  # characters of an exception's text; it is masked whole, so it is never cut before that
REASON_LENGTH = 300  # characters of a masked text that a gap tells

_PACKAGES = frozenset(("site-packages", "dist-packages"))
_HOME, _PYTHON = (
    os.path.dirname(os.path.abspath(module.__file__ or "")) + os.sep for module in (osvc_diag, os)
)


class Told(str):
    """A sentence that begins in this program's own words and may end in those of foreign code."""

    outside: str
    """What foreign code said; it may hold a secret."""
    __slots__ = ("outside",)

    @classmethod
    def of(cls, own: str, outside: str = "") -> Told:
        """Return a sentence.

        Args:
            own: this program's words, or such a sentence already.
            outside: what foreign code said.
        """
        if isinstance(own, Told) and not outside:
            return own
        told = cls(own + outside)
        told.outside = outside
        return told

    @property
    def own(self) -> str:
        """This program's words."""
        return str(self)[: len(self) - len(self.outside)]

    def behind(self, words: str) -> Told:
        """Return the sentence behind other words of this program."""
        return Told.of(words + self.own, self.outside)


class ToldError(Exception):
    """What went wrong elsewhere: its text is all that there is to tell, and may hold a secret."""

    def __init__(self, text: str) -> None:
        """Take the text; one that is not `Told` is in this program's own words."""
        super().__init__(text)
        self.told = Told.of(text)


def told_by(error: BaseException) -> Told:
    """Return the kind of an exception and what it says; the text may hold a secret.

    An exception that cannot be asked, or says too much, is told by its kind alone.
    """
    if isinstance(error, ToldError):
        return error.told if len(error.told) <= MOST_TEXT else Told.of("it says too much to be told")
    kind = type(error).__name__
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - even saying what it is can fail
        return Told.of(kind)
    return Told.of(kind) if not text or len(text) > MOST_TEXT else Told.of(f"{kind}: ", text)


def place_of(error: BaseException) -> str:
    """Return where in a plugin an exception came from, as `shop.py:12`; empty where it did not.

    Neither this program's lines nor Python's own are what its author looks for.
    """
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith("<") and not _is_known(frame.filename)]
    return f"{os.path.basename(own[-1].filename)}:{own[-1].lineno}" if own else ""


def is_own(error: BaseException) -> bool:
    """Tell whether this program raised an exception in its own words, and no code of a plugin was at it."""
    frames = traceback.extract_tb(error.__traceback__)
    return isinstance(error, ToldError) or all(frame.filename.startswith(_HOME) for frame in frames)


def line_of(function: object) -> str:
    """Return where a function of a plugin begins, as ` (shop.py:4)`; empty where that cannot be told."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    return "" if code is None else f" ({os.path.basename(code.co_filename)}:{code.co_firstlineno})"


def _is_known(path: str) -> bool:
    """Tell whether a file is one of this program, of Python or of pluggy."""
    pluggy = getattr(sys.modules.get("pluggy"), "__file__", None)
    if path.startswith(_HOME) or (pluggy and os.path.dirname(path) == os.path.dirname(pluggy)):
        return True
    return path.startswith(_PYTHON) and not _PACKAGES.intersection(path.split(os.sep))


def shortened(text: str) -> str:
    """Return a masked text in the length of a gap's reason."""
    return text if len(text) <= REASON_LENGTH else text[:REASON_LENGTH] + "..."
