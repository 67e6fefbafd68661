"""Files that get their name only when they are whole, so that a kill at any moment leaves nothing."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from typing import TYPE_CHECKING, BinaryIO, Optional

from osvc_diag.errors import BundleError
from osvc_diag.units import format_size

if TYPE_CHECKING:
    from collections.abc import Iterator

_MODE = 0o600
_BUFFER = 1 << 19  # bytes
_PART_PREFIX = ".osvc-diag-"
_PART_SUFFIX = ".part"
_NO_UNNAMED = {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT, errno.ENOSYS}
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
_HINTS = {
    errno.ENOSPC: "make room there, or choose another folder with --output",
    errno.EDQUOT: "make room in the quota, or choose another folder with --output",
    errno.EFBIG: "raise the limit of file sizes (ulimit -f), or choose another folder with --output",
}


class OutputFolder:
    """The folder of a bundle, held by a descriptor, so that it stays the same whatever is renamed."""

    def __init__(self, path: str) -> None:
        """Open the folder and sweep what a killed run left there.

        Raises:
            BundleError: There is no such folder.
        """
        try:
            self.path = os.path.abspath(path)
        except FileNotFoundError as error:
            raise BundleError(
                "the current folder was removed", hint="name an absolute folder with --output"
            ) from error
        with self.writing():
            self._fd = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._sweep()

    def close(self) -> None:
        """Let the folder go."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Turn what the operating system refuses into a BundleError that says what to do."""
        try:
            yield
        except OSError as error:
            hint = _HINTS.get(error.errno or 0, "choose a writable folder with --output")
            free = free_space(self.path)
            room = "" if free is None else f" ({format_size(free)} free)"
            raise BundleError(
                f"cannot write the bundle in {self.path}{room}: {error.strerror or error}", hint=hint
            ) from error

    def scratch(self) -> BinaryIO:
        """Open a file that never gets a name."""
        file = UnnamedFile(self)
        file.forget_part()
        return file.stream

    def file(self) -> UnnamedFile:
        """Open a file that may get a name later."""
        return UnnamedFile(self)

    def sync(self) -> None:
        """Put the names of the folder on disk; a file system that cannot is left alone."""
        with contextlib.suppress(OSError):
            os.fsync(self._fd)

    def open(self, name: str, flags: int) -> int:
        """Open a file of the folder by its name, or one without a name, for its owner only."""
        fd = os.open(name, flags | os.O_CLOEXEC | os.O_NOFOLLOW, _MODE, dir_fd=self._fd)
        try:
            os.fchmod(fd, _MODE)  # whatever the umask
        except OSError:
            os.close(fd)
            raise
        return fd

    def unlink(self, name: str) -> None:
        """Remove a name."""
        os.unlink(name, dir_fd=self._fd)

    def link(self, source: str, name: str, *, source_folder: Optional[int] = None) -> None:
        """Give a file a further name; FileExistsError where it is taken."""
        folder = self._fd if source_folder is None else source_folder
        # Following is what makes a name of a descriptor; a .part is no link, it was made with O_EXCL.
        follow = source_folder is not None
        os.link(source, name, src_dir_fd=folder, dst_dir_fd=self._fd, follow_symlinks=follow)

    def rename(self, source: str, name: str) -> None:
        """Rename where hard links do not exist; FileExistsError where the name is taken."""
        try:
            os.stat(name, dir_fd=self._fd, follow_symlinks=False)
        except FileNotFoundError:
            os.rename(source, name, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        else:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)

    def _sweep(self) -> None:
        """Remove the .part files whose process is gone: a living one holds a lock on its own."""
        with contextlib.suppress(OSError):
            for name in os.listdir(self._fd):
                if name.startswith(_PART_PREFIX) and name.endswith(_PART_SUFFIX):
                    with contextlib.suppress(OSError):
                        self._sweep_part(name)

    def _sweep_part(self, name: str) -> None:
        flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        fd = os.open(name, flags, dir_fd=self._fd)
        try:
            found = os.fstat(fd)
            if stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid():
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self.unlink(name)
        finally:
            os.close(fd)


class UnnamedFile:
    """A file without a name; where the file system has no such thing, one called .part and locked."""

    def __init__(self, folder: OutputFolder) -> None:
        self._folder = folder
        self._part: Optional[str] = None
        self._is_synced = False
        fd = self._open_unnamed()
        if fd is None:
            fd = self._open_part()
        self.stream: BinaryIO = open(fd, "w+b", buffering=_BUFFER)  # noqa: SIM115 - close() closes it

    def _open_unnamed(self) -> Optional[int]:
        flag = getattr(os, "O_TMPFILE", None)
        if flag is None or not os.path.isdir("/proc/self/fd"):
            return None
        try:
            return self._folder.open(".", flag | os.O_RDWR)
        except OSError as error:
            if error.errno in _NO_UNNAMED:
                return None
            raise

    def _open_part(self) -> int:
        while True:
            part = f"{_PART_PREFIX}{os.getpid()}-{os.urandom(4).hex()}{_PART_SUFFIX}"
            fd = self._folder.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL)
            with contextlib.suppress(OSError):  # no locks here: then nobody sweeps either
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(fd).st_nlink:  # else another run swept it before it was locked
                self._part = part
                return fd
            os.close(fd)

    def forget_part(self) -> None:
        """Remove the .part name where there is one; the file lives as long as it is open."""
        if self._part is not None:
            part, self._part = self._part, None
            with contextlib.suppress(OSError):
                self._folder.unlink(part)

    def close(self) -> None:
        """Close the file; without a name it is gone."""
        self.forget_part()
        with contextlib.suppress(OSError):  # what is still buffered may not fit, and nobody will miss it
            self.stream.close()

    def sync(self) -> None:
        """Put what was flushed on disk; nothing is written thereafter."""
        os.fsync(self.stream.fileno())
        self._is_synced = True

    def publish(self, name: str) -> None:
        """Put the file on disk under a name that is not taken yet.

        Raises:
            FileExistsError: The name is taken.
        """
        if not self._is_synced:
            self.sync()
        if self._part is None:
            descriptors = os.open("/proc/self/fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                self._folder.link(str(self.stream.fileno()), name, source_folder=descriptors)
            finally:
                os.close(descriptors)
        else:
            self._publish_part(self._part, name)
        self._folder.sync()

    def _publish_part(self, part: str, name: str) -> None:
        try:
            self._folder.link(part, name)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            self._folder.rename(part, name)
            self._part = None
        else:
            self.forget_part()


def free_space(folder: str) -> Optional[int]:
    """Return the bytes that may still be written in a folder, or None where nobody can tell."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return None
    return found.f_bavail * found.f_frsize
