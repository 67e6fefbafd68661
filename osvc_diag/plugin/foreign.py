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


class ToldError(Exception):
    """What foreign code said elsewhere: its text is all that there is to tell, and may hold a secret."""


def told_by(error: BaseException) -> str:
    """Return the kind of an exception and what it says; the text may hold a secret.

    An exception that cannot be asked, or says too much, is told by its kind alone.
    """
    if isinstance(error, ToldError):
        text = str(error)
        return text if len(text) <= MOST_TEXT else "it says too much to be told"
    kind = type(error).__name__
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - even saying what it is can fail
        return kind
    return kind if not text or len(text) > MOST_TEXT else f"{kind}: {text}"


def place_of(error: BaseException) -> str:
    """Return where in a plugin an exception came from, as `shop.py:12`; empty where it did not.

    Neither this program's lines nor Python's own are what its author looks for.
    """
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith("<") and not _is_known(frame.filename)]
    return f"{os.path.basename(own[-1].filename)}:{own[-1].lineno}" if own else ""


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
