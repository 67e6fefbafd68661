"""Makes text from anywhere safe to print: a file name may hold escape sequences."""

from __future__ import annotations


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
