"""Small JSON files beside a bundle: written whole or not at all, and believed only when they are ours."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import stat
from typing import Any, Optional

MAX_RECORD = 4 * 1024 * 1024  # bytes

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def write_record(path: str, text: str) -> None:
    """Replace a file at once, mode 0600.

    Raises:
        OSError: the folder cannot be written; nothing is left behind.
    """
    write_bytes(path, text.encode("utf-8", "surrogateescape"))


def write_bytes(path: str, content: bytes) -> None:
    """Replace a file at once, mode 0600.

    Raises:
        OSError: the folder cannot be written; nothing is left behind.
    """
    # A name that nobody can guess: the folder may be open to everybody, as /var/tmp is.
    draft = f"{path}.{secrets.token_hex(8)}"
    fd = os.open(draft, _CREATE, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(content)
        os.replace(draft, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(draft)
        raise


def read_record(path: str) -> Optional[dict[str, Any]]:
    """Return the object in a file; None where it is missing, damaged, or open to others."""
    try:
        fd = os.open(path, _READ)
    except OSError:
        return None
    with os.fdopen(fd, "rb") as file:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_uid not in {0, os.geteuid()}:
            return None
        if stat.S_IMODE(status.st_mode) & 0o022 or status.st_size > MAX_RECORD:
            return None
        try:
            record = json.loads(file.read(MAX_RECORD))
        except (ValueError, RecursionError):
            return None
    return record if isinstance(record, dict) else None
