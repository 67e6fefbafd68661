"""A folder as an exchange, a share or a stick: the bundle appears there whole, or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import time
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from osvc_diag.errors import UsageError
from osvc_diag.events import Advanced, PhaseStarted
from osvc_diag.exchange.errors import DestinationError, UploadTimeoutError
from osvc_diag.exchange.receipt import Receipt, utc_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osvc_diag.events import Listener
    from osvc_diag.exchange.interface import Conditions
    from osvc_diag.exchange.opened import OpenedBundle

METHOD = "file"
SUM_SUFFIX = ".sha256"

_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


class FileExchange:
    """A folder of this machine, or one that is mounted."""

    def __init__(self, url: str) -> None:
        """Read `file:///folder/`.

        Raises:
            UsageError: it names another host, or no absolute path.
        """
        parts = urlsplit(url)
        if parts.query or parts.fragment:
            raise UsageError(f"not the URL of a folder: {url}", hint="write ? as %3F and # as %23")
        if parts.hostname not in {None, "localhost"} or not parts.path.startswith("/"):
            raise UsageError(f"not the URL of a folder: {url}", hint="write file:///mnt/share/")
        self.folder = unquote(parts.path).rstrip("/") or "/"
        self.url = f"file://{parts.path}"

    def deliver(self, bundle: OpenedBundle, conditions: Conditions, on_event: Listener) -> Receipt:
        """Copy it there under another name, read the copy back, and give both their names.

        Raises:
            DestinationError: the folder is not there, is full, or has another file of this name.
            UploadTimeoutError: the time limit is over.
        """
        began = time.monotonic()
        on_event(PhaseStarted("upload", bundle.size))
        try:
            folder = os.open(self.folder, _FOLDER)
        except OSError as error:
            raise self._error(error) from error
        try:
            self._deliver(folder, bundle, began + conditions.time_limit, on_event)
        except OSError as error:
            raise self._error(error) from error
        finally:
            os.close(folder)
        return Receipt(
            exchange=self.url,
            method=METHOD,
            link=os.path.join(self.folder, bundle.name),
            item=bundle.name,
            size=bundle.size,
            sha256=bundle.sha256,
            delivered=utc_text(time.time()),
            seconds=round(time.monotonic() - began, 3),
            confirmed=True,
        )

    def _deliver(self, folder: int, bundle: OpenedBundle, deadline: float, on_event: Listener) -> None:
        with _draft(folder, bundle.name) as (fd, draft):
            for block in bundle.blocks():
                _write(fd, block)
                on_event(Advanced(len(block)))
                if time.monotonic() > deadline:
                    raise UploadTimeoutError(f"the copy to {self.folder} did not end in time")
            os.fsync(fd)
            bundle.check_unchanged()
            if _digest(fd) != bundle.sha256:
                raise DestinationError(
                    f"the copy in {self.folder} is not equal", hint="is that disk healthy?"
                )
            line = f"{bundle.sha256}  {bundle.name}\n".encode("utf-8", "surrogateescape")
            with _draft(folder, bundle.name) as (sum_fd, sum_draft):
                _write(sum_fd, line)
                os.fsync(sum_fd)
                # First the checksum: whoever sees the bundle finds it.
                self._publish(folder, sum_draft, bundle.name + SUM_SUFFIX, hashlib.sha256(line).hexdigest())
            self._publish(folder, draft, bundle.name, bundle.sha256)
        os.fsync(folder)

    def _publish(self, folder: int, draft: str, name: str, sha256: str) -> None:
        """Give a draft its name, over no other file; the same file there already is as good."""
        try:
            os.link(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
        except FileExistsError:
            if not _is_same(folder, name, sha256):
                raise DestinationError(
                    f"{os.path.join(self.folder, name)} exists and is another file",
                    hint="nothing is overwritten: move it away, or name another folder",
                ) from None
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            # FAT and some shares have no links: there, a file of this name is looked for first.
            if _exists(folder, name) and not _is_same(folder, name, sha256):
                raise DestinationError(
                    f"{os.path.join(self.folder, name)} exists and is another file"
                ) from None
            os.rename(draft, name, src_dir_fd=folder, dst_dir_fd=folder)

    def _error(self, error: OSError) -> DestinationError:
        return DestinationError(
            f"{self.folder}: {error.strerror or type(error).__name__}",
            hint="the folder has to exist, to be writable, and to have room for the bundle",
        )


@contextlib.contextmanager
def _draft(folder: int, name: str) -> Iterator[tuple[int, str]]:
    """Yield a new file, mode 0600, under a name that nobody can guess; that name is gone afterwards."""
    draft = f".{name[:200]}.{secrets.token_hex(8)}"
    fd = os.open(draft, _CREATE, 0o600, dir_fd=folder)
    try:
        yield fd, draft
    finally:
        os.close(fd)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft, dir_fd=folder)


def _write(fd: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view) :]


def _digest(fd: int) -> str:
    digest = hashlib.sha256()
    os.lseek(fd, 0, os.SEEK_SET)
    while block := os.read(fd, 1024 * 1024):
        digest.update(block)
    return digest.hexdigest()


def _exists(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _is_same(folder: int, name: str, sha256: str) -> bool:
    fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    try:
        return _digest(fd) == sha256
    finally:
        os.close(fd)
