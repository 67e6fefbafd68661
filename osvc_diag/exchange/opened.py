"""A finished bundle, open for delivery: the bytes that are sent are the bytes that were hashed."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import stat
import threading
from typing import TYPE_CHECKING, BinaryIO

from osvc_diag.errors import UsageError
from osvc_diag.exchange.errors import BundleChangedError, UploadRunningError

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = 1024 * 1024  # bytes


class OpenedBundle:
    """One descriptor for the whole delivery, locked against a second one. Safe in threads."""

    def __init__(self, path: str) -> None:
        """Open, lock and hash it.

        Raises:
            UsageError: it is not there, not a regular file, or empty.
            UploadRunningError: another process delivers it.
        """
        self._reading = threading.Lock()
        self._is_open = True
        self.path = os.path.abspath(path)
        self.name = os.path.basename(self.path)
        try:
            self._fd = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise UsageError(f"cannot open {path}: {error.strerror}") from error
        try:
            self._before = os.fstat(self._fd)
            self.size = self._before.st_size
            self._check_kind()
            self._lock()
            self.sha256 = self._hash()
        except BaseException:
            os.close(self._fd)
            raise

    def __enter__(self) -> OpenedBundle:
        return self

    def __exit__(self, *_exc: object) -> None:
        with self._reading:
            self._is_open = False
            os.close(self._fd)

    def read(self, start: int, length: int) -> bytes:
        """Return exactly `length` bytes from `start` on.

        Raises:
            BundleChangedError: it has become shorter.
        """
        content = b""
        while len(content) < length:
            with self._reading:
                # A thread that was left behind must not read what the descriptor's number means by then.
                if not self._is_open:
                    raise ValueError("the bundle is closed")
                more = os.pread(self._fd, length - len(content), start + len(content))
            if not more:
                raise self._changed()
            content = content + more if content else more
        return content

    def file(self) -> BinaryIO:
        """Return the same open file, to read through it from the start; the caller closes it."""
        file = os.fdopen(os.dup(self._fd), "rb")
        file.seek(0)  # its position is shared with the other descriptor, which never uses it
        return file

    def blocks(self) -> Iterator[bytes]:
        """Yield it from begin to end, a MiB at a time."""
        for start in range(0, self.size, _BLOCK):
            yield self.read(start, min(_BLOCK, self.size - start))

    def check_unchanged(self) -> None:
        """Make sure that nobody wrote to it since it was hashed.

        Raises:
            BundleChangedError: somebody did.
        """
        now = os.fstat(self._fd)
        if (now.st_size, now.st_mtime_ns) != (self._before.st_size, self._before.st_mtime_ns):
            raise self._changed()

    def _check_kind(self) -> None:
        if not stat.S_ISREG(self._before.st_mode) or not self.size:
            raise UsageError(
                f"{self.path} is not a bundle: it is empty, or no regular file",
                hint="name a .tar.gz that osvc-diag made",
            )

    def _lock(self) -> None:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            # Some network file systems have no such lock; that is no reason not to deliver.
            if error.errno in {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES}:
                raise UploadRunningError(
                    f"{self.path} is being delivered by another process", hint="wait for it, or end it"
                ) from error

    def _hash(self) -> str:
        digest = hashlib.sha256()
        with contextlib.suppress(AttributeError, OSError):
            os.posix_fadvise(self._fd, 0, 0, os.POSIX_FADV_SEQUENTIAL)
        for block in self.blocks():
            digest.update(block)
        return digest.hexdigest()

    def _changed(self) -> BundleChangedError:
        return BundleChangedError(
            f"{self.path} changed while it was sent", hint="nothing was completed there: send it again"
        )
