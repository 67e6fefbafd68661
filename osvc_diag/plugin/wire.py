"""The line between the host and a plugin's process: messages of JSON, each with its length in front.

Neither side trusts what comes: no pickle, and nothing longer than a limit.
"""

from __future__ import annotations

import json
import struct
from typing import Any, Optional

from osvc_diag.units import format_size

DOCUMENT = 8 * 1024 * 1024  # bytes of one that a plugin computes, as JSON: a character beyond ASCII takes six
LARGEST = DOCUMENT + 1024 * 1024  # bytes of one message: a document and what is around it
_LENGTH = struct.Struct(">I")


class WireError(Exception):
    """What came is no message; the text says why."""


def packed(message: object) -> bytes:
    """Return a message as it goes over the line.

    Raises:
        TypeError: it is no JSON.
        WireError: it is longer than the limit.
    """
    try:
        # ASCII: a file name that is no UTF-8 comes through as escaped surrogates.
        text = json.dumps(message, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    except (ValueError, RecursionError) as error:
        raise WireError(f"it cannot be sent: {error}") from None
    if len(text) > LARGEST:
        raise WireError(f"it is larger than {DOCUMENT >> 20} MiB: {format_size(len(text))} as JSON")
    return _LENGTH.pack(len(text)) + text


class Inbox:
    """Puts messages together from pieces of any size."""

    def __init__(self) -> None:
        self._text = bytearray()

    def add(self, piece: bytes) -> None:
        """Take the next bytes that came."""
        self._text += piece

    def next(self) -> Optional[Any]:
        """Return the next whole message, or None; what comes is never null itself.

        Raises:
            WireError: it is none.
        """
        if len(self._text) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._text)
        if length > LARGEST:
            raise WireError("it said something that is no message")
        end = _LENGTH.size + length
        if len(self._text) < end:
            return None
        text = bytes(self._text[_LENGTH.size : end])
        del self._text[:end]
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            raise WireError("it said something that is no message") from None
        if not isinstance(message, dict):
            raise WireError("it said something that is no message")
        return message
