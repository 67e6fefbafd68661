"""Goes down one path, component by component, so that no link leads where it was not seen to lead."""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

    Locate = Callable[[str], tuple[str, list[str]]]
    """From an absolute path to the real root that it lies below and the components below that root;
    NotTakenError where it lies below none."""

_LEAST_READ = 4096  # bytes
MAX_LINKS = 40  # as the kernel's own limit

# O_PATH: a folder that may be entered but not listed (0711) is passed through.
PASS_FLAGS = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
LIST_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: a FIFO that was swapped in since the look must not stop us.
FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

_PERHAPS_A_LINK = frozenset({errno.ELOOP, errno.ENOTDIR, errno.EMLINK})
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
    stat.S_IFLNK: "a link",
}


class NotTakenError(Exception):
    """A path that is never opened, by policy; the text is the reason, without the path."""


@dataclass(frozen=True)
class OpenedFile:
    """A regular file, open for reading; whoever asked for it closes it."""

    fd: int
    status: os.stat_result
    """Taken on the descriptor, at the moment of opening."""


class Descent:
    """One way down from a root to a file, with the descriptors of all folders above it in hand.

    Each component is opened relative to its parent's descriptor and never as a link, so a link swapped in
    between the look and the opening is seen as what it is. Whoever makes one closes it.
    """

    def __init__(self, path: str, locate: Locate, base: str, never: frozenset[str] = frozenset()) -> None:
        """Prepare; nothing is opened yet.

        Args:
            path: absolute.
            locate: where a path, or the target of a link, begins.
            base: where absolute links start: `/`, or the folder of a foreign file system.
            never: real paths of files that are not opened, whichever way leads to them.

        Raises:
            NotTakenError: the path lies below no root.
        """
        self._never = never
        self._locate = locate
        self._base = base
        self._fds: list[int] = []
        self._names: list[str] = []
        self._links = 0
        self._root, parts = locate(path)
        self._pending = deque(parts)

    @property
    def real_path(self) -> str:
        """Where the way has led so far, without links."""
        return os.path.join(self._root, *self._names)

    def close(self) -> None:
        """Let go of the folders."""
        while self._fds:
            os.close(self._fds.pop())

    def folder(self) -> int:
        """Return a descriptor of the folder at the end of the path, to open or look at what is in it.

        Raises:
            OSError: as the system says.
            NotTakenError: a link leads out of the roots.
        """
        if not self._fds:
            self._fds.append(os.open(self._root, PASS_FLAGS))
        while self._pending:
            part = self._pending.popleft()
            if part == os.pardir:
                self._up()
            elif part not in ("", os.curdir):
                self._enter(part)
        return self._fds[-1]

    def look(self) -> os.stat_result:
        """Return what is known of the regular file at the end of the path, without opening it."""
        return self._end()[1]

    def open_file(self) -> OpenedFile:
        """Open the regular file at the end of the path."""
        while True:
            name, status = self._end()
            try:
                fd = os.open(name, FILE_FLAGS, dir_fd=self._fds[-1])
            except OSError as error:
                if error.errno not in (errno.ELOOP, errno.EMLINK):
                    raise
            else:
                opened = checked(fd)
                if self._is_what_was_seen(opened.status, status):
                    return opened
                os.close(fd)
            # It became a link, or another file, between the look and the opening: look again.
            self._count_link()
            self._pending.append(name)

    def _end(self) -> tuple[str, os.stat_result]:
        """Go down to the folder of the file; return the file's name in it, and what it is."""
        while True:
            name = self._pending.pop() if self._pending else os.curdir
            if name in ("", os.curdir, os.pardir):
                _refuse_kind(stat.S_IFDIR)
            status = os.stat(name, dir_fd=self.folder(), follow_symlinks=False)
            if stat.S_ISREG(status.st_mode):
                if os.path.join(self.real_path, name) in self._never:
                    raise NotTakenError("is a private key: it is never taken")
                return name, status
            if not stat.S_ISLNK(status.st_mode):
                self._refuse(name, status)
            self._follow(name)

    def _is_what_was_seen(self, _opened: os.stat_result, _seen: os.stat_result) -> bool:
        """Tell whether a file that was opened may be taken, given what stood there before."""
        return True

    def _enter(self, part: str) -> None:
        try:
            self._fds.append(os.open(part, PASS_FLAGS, dir_fd=self._fds[-1]))
        except OSError as error:
            if error.errno not in _PERHAPS_A_LINK:
                raise
            self._follow(part)
        else:
            self._names.append(part)

    def _up(self) -> None:
        if self._names:
            os.close(self._fds.pop())
            self._names.pop()
            return
        # Out of this root: into another one, or nowhere.
        above = os.path.dirname(self._root) if self._root != self._base else self._base
        while self._pending and self._pending[0] == os.pardir:
            self._pending.popleft()
            above = os.path.dirname(above) if above != self._base else self._base
        self._restart(os.path.join(above, *self._pending))

    def _follow(self, part: str) -> None:
        """Put a link's target in front of what is left of the path."""
        self._count_link()
        try:
            target = self._target(part)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from error
        if target.startswith(os.sep):
            self._restart(os.path.join(self._base, target.lstrip(os.sep), *self._pending))
        else:
            self._pending.extendleft(reversed(target.split(os.sep)))

    def _target(self, link: str) -> str:
        """Return where a link of the current folder leads."""
        return os.readlink(link, dir_fd=self._fds[-1])

    def _restart(self, path: str) -> None:
        try:
            root, parts = self._locate(path)
        except NotTakenError:
            raise NotTakenError("leads out of the agent's folders") from None
        self.close()
        self._root, self._names, self._pending = root, [], deque(parts)
        self._fds.append(os.open(root, PASS_FLAGS))

    def _count_link(self) -> None:
        self._links += 1
        if self._links > MAX_LINKS:
            raise NotTakenError("is a loop of links")

    def _refuse(self, name: str, status: os.stat_result) -> NoReturn:
        if stat.S_ISDIR(status.st_mode):
            # Says so where it may not be listed at all: that is the better reason.
            os.close(os.open(name, LIST_FLAGS, dir_fd=self._fds[-1]))
        _refuse_kind(status.st_mode)


def locator(places: Sequence[tuple[str, str]]) -> Locate:
    """Return what finds the real root of a path.

    Args:
        places: pairs of the name of a root, absolute and normal, and its real path; a root may have several
            names.
    """
    # The longest first: a root may lie inside of another one.
    ordered = sorted(set(places), key=lambda place: (-len(place[0]), place))
    prefixes = [(name.rstrip(os.sep) + os.sep, real) for name, real in ordered]

    def find(path: str) -> tuple[str, list[str]]:
        tried = path + os.sep
        for _ in range(2):
            for prefix, real in prefixes:
                if tried.startswith(prefix):
                    return real, tried[len(prefix) : -1].split(os.sep)
            tried = os.path.normpath(path) + os.sep
        raise NotTakenError("lies outside of the agent's folders")

    return find


def checked(fd: int) -> OpenedFile:
    """Return what was opened, if it is a regular file; else it is closed.

    Raises:
        NotTakenError: it became something else between the look and the opening.
    """
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            _refuse_kind(status.st_mode)
    except BaseException:
        os.close(fd)
        raise
    return OpenedFile(fd, status)


def whole(opened: OpenedFile, limit: int) -> bytes:
    """Return the content of a file.

    Raises:
        NotTakenError: it is larger than `limit` bytes.
    """
    wanted = max(_LEAST_READ, min(opened.status.st_size, limit) + 1)  # one more tells that it did not grow
    pieces: list[bytes] = []
    size = 0
    while size <= limit:
        pieces.append(os.pread(opened.fd, wanted, size))
        size += len(pieces[-1])
        if len(pieces[-1]) < wanted and size <= limit:
            return b"".join(pieces)
    raise NotTakenError(f"is larger than {limit} bytes")


def _refuse_kind(mode: int) -> NoReturn:
    kind = _KINDS.get(stat.S_IFMT(mode), "something else")
    raise NotTakenError(f"is {kind}, not a regular file")
