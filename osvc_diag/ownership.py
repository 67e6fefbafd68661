"""Opens what this program obeys: files and folders that nobody but root or the running user can change."""

from __future__ import annotations

import errno
import os
import stat
from collections import deque

# O_PATH, where there is one: a folder that may be entered and not listed is good enough to go through.
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_MOST_LINKS = 40  # as the kernel has it
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


def check_way(path: str) -> str:
    """Go an absolute path as the kernel does when it starts a program, and return where it leads.

    Every folder on it is as `open_trusted_folder` wants them, those that links lead through, too; a link
    in a sticky folder belongs to root or to the running user. So nobody else can change where it leads.

    Raises:
        OSError: as the system says.
        UntrustedError: see above.
    """
    pending = deque(path.split(os.sep))
    walked, links = os.sep, 0
    while pending:
        part = pending.popleft()
        if part in ("", os.curdir):
            continue
        _check_folder(os.lstat(walked), walked)
        if part == os.pardir:
            walked = os.path.dirname(walked)
            continue
        found = os.path.join(walked, part)
        status = os.lstat(found)
        if not stat.S_ISLNK(status.st_mode):
            walked = found
            continue
        _check_owner(status, found)
        links += 1
        if links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        target = os.readlink(found)
        walked = os.sep if os.path.isabs(target) else walked
        pending.extendleft(reversed(target.split(os.sep)))
    return walked


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
