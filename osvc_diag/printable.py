"""Makes text from anywhere safe to print: a file name may hold escape sequences."""

from __future__ import annotations

SHOWN_LENGTH = 80  # characters that an error repeats of a text


def printable(text: str, *, keep: str = "") -> str:
    """Return a text with control characters, lone surrogates and direction marks escaped.

    Args:
        text: any text.
        keep: characters that are wanted all the same, such as a newline.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char in keep else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def quoted(text: str) -> str:
    """Return a text in quotes for a sentence: not too long, and safe to print."""
    return repr(text if len(text) <= SHOWN_LENGTH else text[:SHOWN_LENGTH] + "...")
