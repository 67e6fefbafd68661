"""Makes text from anywhere safe to print: a file name may hold escape sequences."""

from __future__ import annotations

import re

SHOWN_LENGTH = 80  # characters that an error repeats of a text
_BYTES = range(0xDC80, 0xDD00)  # as which surrogateescape decodes those from 0x80 on
_BYTE_IN_REPR = re.compile(r"(?<!\\)((?:\\\\)*)\\udc([89a-f][0-9a-f])")


def printable(text: str, *, keep: str = "") -> str:
    r"""Return a text with control characters, lone surrogates and direction marks escaped.

    A byte of a file name that is no UTF-8 becomes `\xff`, as in a manifest.

    Args:
        text: any text.
        keep: characters that are wanted all the same, such as a newline.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in keep else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    if ord(char) in _BYTES:
        return f"\\x{ord(char) - _BYTES.start + 0x80:02x}"
    return char.encode("unicode_escape").decode("ascii")


def quoted(text: str) -> str:
    """Return a text in quotes for a sentence: not too long, and safe to print."""
    shown = repr(text if len(text) <= SHOWN_LENGTH else text[:SHOWN_LENGTH] + "...")
    return _BYTE_IN_REPR.sub(r"\1\\x\2", shown) if "\\udc" in shown else shown
