"""A form with one file, as a browser posts it, without the file in memory."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTENT_TYPE = "application/gzip"
MAX_NAME = 250  # characters that a bepasty keeps

_NOT_KEPT = re.compile(r"[^a-zA-Z0-9 *+:;.,_-]+")


class Form:
    """What goes before and after the bytes of a file in a multipart body."""

    def __init__(self, file_name: str, fields: Mapping[str, str] | None = None) -> None:
        """Prepare it.

        Args:
            file_name: already reduced by `safe_name`.
            fields: sent before the file; ASCII without quotes.
        """
        # 128 random bits: whether the boundary stands in the file need not be looked up.
        self._boundary = f"osvc-diag-{secrets.token_hex(16)}"
        parts = [
            f'--{self._boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in (fields or {}).items()
        ]
        parts.append(
            f"--{self._boundary}\r\n"
            f'Content-Disposition: form-data; name="file"; filename="{file_name}"\r\n'
            f"Content-Type: {CONTENT_TYPE}\r\n\r\n"
        )
        self.head = "".join(parts).encode("ascii")
        self.tail = f"\r\n--{self._boundary}--\r\n".encode("ascii")

    @property
    def content_type(self) -> str:
        """The header that belongs to it."""
        return f"multipart/form-data; boundary={self._boundary}"


def safe_name(name: str) -> str:
    """Return a file name as a bepasty would keep it."""
    return _NOT_KEPT.sub("", name)[:MAX_NAME] or "bundle.tar.gz"
