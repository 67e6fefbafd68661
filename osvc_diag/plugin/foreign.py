"""What foreign code says when it fails: a plugin's exception may be anything."""

from __future__ import annotations

MOST_TEXT = 64 * 1024  # characters of an exception's text; it is masked whole, so it is never cut before that
REASON_LENGTH = 300  # characters of a masked text that a gap tells


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


def shortened(text: str) -> str:
    """Return a masked text in the length of a gap's reason."""
    return text if len(text) <= REASON_LENGTH else text[:REASON_LENGTH] + "..."
