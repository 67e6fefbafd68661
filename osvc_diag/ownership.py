"""Opens what this program obeys: files and folders that nobody but root or the running user can change."""

from __future__ import annotations

import os
import stat

# O_PATH, where there is one: a folder that may be entered and not listed is good enough to go through.
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_WRITABLE_BY_OTHERS = 0o022
_READABLE_BY_OTHERS = 0o077


class UntrustedError(Exception):
    """Somebody else could have written it; the text says which component and why."""


def open_trusted(path: str, *, private: bool = False) -> int:
    """Open a regular file for reading and return its descriptor; the caller closes it.

    The file and every folder above it belong to root or to the running user, and neither group nor others may
    write them. A sticky folder such as /tmp passes: nobody can replace somebody else's entry there.

    Args:
        path: links are resolved first, and what they name is checked.
        private: the file holds a secret, so that nobody else may read it either.

    Raises:
        OSError: as the system says.
        UntrustedError: see above.
    """
    real = os.path.realpath(path)
    parent = open_trusted_folder(os.path.dirname(real))
    try:
        fd = os.open(os.path.basename(real), _FILE, dir_fd=parent)
    finally:
        os.close(parent)
    try:
        _check_file(os.fstat(fd), real, private=private)
    except BaseException:
        os.close(fd)
        raise
    return fd


def open_trusted_folder(path: str) -> int:
    """Open a folder as `open_trusted` opens a file, for use as a `dir_fd`.

    Raises:
        OSError: as the system says.
        UntrustedError: it, or a folder above it, can be changed by somebody else.
    """
    real = os.path.realpath(path)
    fd = os.open(os.sep, _FOLDER)
    walked = ""
    try:
        _check_folder(os.fstat(fd), os.sep)
        for part in real.strip(os.sep).split(os.sep):
            if not part:
                continue
            walked += os.sep + part
            below = os.open(part, _FOLDER, dir_fd=fd)
            os.close(fd)
            fd = below
            _check_folder(os.fstat(fd), walked)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _check_folder(status: os.stat_result, path: str) -> None:
    _check_owner(status, path)
    if status.st_mode & _WRITABLE_BY_OTHERS and not status.st_mode & stat.S_ISVTX:
        raise UntrustedError(f"{path} is writable by group or others")


def _check_file(status: os.stat_result, path: str, *, private: bool) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise UntrustedError(f"{path} is not a regular file")
    _check_owner(status, path)
    if status.st_mode & _WRITABLE_BY_OTHERS:
        raise UntrustedError(f"{path} is writable by group or others")
    if private and status.st_mode & _READABLE_BY_OTHERS:
        raise UntrustedError(f"{path} holds a secret and is readable by group or others: chmod 600")


def _check_owner(status: os.stat_result, path: str) -> None:
    if status.st_uid not in {0, os.geteuid()}:
        raise UntrustedError(
            f"{path} belongs to uid {status.st_uid}, neither to root nor to the running user"
        )
