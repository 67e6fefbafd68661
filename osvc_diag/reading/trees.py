"""Opens files of the agent's folders, and nothing that lies outside of them."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_LINKS = 40  # as the kernel's own limit
MAX_DEPTH = 32  # folders below a tree's root; the agent uses 6

_DIRECTORY_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: a FIFO that was swapped in since the look must not stop us.
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

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


def _anywhere(_folder: str) -> bool:
    return True


@dataclass(frozen=True)
class OpenedFile:
    """A regular file, open for reading; whoever asked for it closes it."""

    fd: int
    status: os.stat_result
    """Taken on the descriptor, at the moment of opening."""


class Trees:
    """The agent's folders. Links are followed only as long as they stay inside of them.

    Every component is opened relative to its parent's descriptor and without following links, so a link
    swapped in between the look and the opening is seen as what it is.
    """

    def __init__(self, folders: Sequence[str], *, base: str = "/") -> None:
        """Resolve the folders once: a log folder may itself be a link to a data disk.

        Args:
            folders: absolute paths on this machine; those that do not exist are kept as they are.
            base: where absolute links start: `/`, or the folder of a foreign file system.
        """
        self.base = os.path.realpath(base)
        self._given_base = os.path.normpath(base)
        self._aliases: list[tuple[str, str]] = []
        for folder in folders:
            self._aliases.append((os.path.normpath(folder), self._real_folder(folder)))
        # The longest first: a tree may lie inside of another one.
        self._aliases.sort(key=lambda alias: -len(alias[0]))
        self._roots = sorted({real for _, real in self._aliases}, key=len, reverse=True)

    def open(self, path: str) -> OpenedFile:
        """Open a regular file.

        Args:
            path: absolute, below one of the folders.

        Raises:
            OSError: as the system says: it is missing, access is denied.
            NotTakenError: it is not a regular file, or it leads out of the folders.
        """
        with self._walker(path) as walker:
            return walker.open_file()

    def read(self, path: str, limit: int) -> bytes:
        """Read a small file whole.

        Args:
            path: absolute, below one of the folders.
            limit: bytes; a larger file is refused.

        Raises:
            OSError: as the system says.
            NotTakenError: it is not a regular file, leads out of the folders, or is larger than `limit`.
        """
        with os.fdopen(self.open(path).fd, "rb") as file:
            content = file.read(limit + 1)
        if len(content) > limit:
            raise NotTakenError(f"is larger than {limit} bytes")
        return content

    def holds(self, real_path: str) -> bool:
        """Tell whether a path without links, as the kernel gives it, lies below one of the folders."""
        return any(_is_below(real_path, root) for root in self._roots)

    def listdir(self, folder: str) -> list[str]:
        """List the names in a folder, sorted; a folder that does not exist has none.

        Raises:
            OSError: other than that it does not exist.
            NotTakenError: it leads out of the folders.
        """
        try:
            with self._directory(folder) as fd:
                return sorted(os.listdir(fd))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def walk(self, folder: str, enter: Callable[[str], bool] = _anywhere) -> Iterator[str]:
        """Yield the absolute paths of regular files and links below a folder, sorted, subfolders last.

        Args:
            folder: absolute, below one of the folders.
            enter: tells of a subfolder, by its absolute path, whether to go into it.

        A folder that may not be listed is yielded itself: opening it tells why, so that it becomes a gap.
        Links to folders are not entered.
        """
        try:
            with self._directory(folder) as fd:
                yield from _walk(fd, folder, MAX_DEPTH, enter)
        except PermissionError:
            yield folder
        except (OSError, NotTakenError):
            return

    @contextlib.contextmanager
    def _directory(self, folder: str) -> Iterator[int]:
        with self._walker(folder) as walker:
            yield walker.open_folder()

    def _walker(self, path: str) -> _Walker:
        normal = os.path.normpath(path)
        for alias, real in self._aliases:
            if _is_below(normal, alias):
                return _Walker(self.base, self._roots, real, os.path.relpath(normal, alias).split(os.sep))
        for real in self._roots:
            if _is_below(normal, real):
                return _Walker(self.base, self._roots, real, os.path.relpath(normal, real).split(os.sep))
        raise NotTakenError("lies outside of the agent's folders")

    def _real_folder(self, folder: str) -> str:
        if self.base == "/":
            return os.path.realpath(folder)
        relative = os.path.relpath(folder, self._given_base)
        walker = _Walker(self.base, [self.base], self.base, relative.split(os.sep))
        with contextlib.suppress(OSError, NotTakenError), walker:
            walker.open_folder()
            return walker.real_path
        return os.path.join(self.base, relative)


class _Walker:
    """Goes down one path, component by component, with the descriptors of all folders above it in hand."""

    def __init__(self, base: str, roots: Sequence[str], start: str, parts: Sequence[str]) -> None:
        self._base = base
        self._roots = roots
        self._pending = deque(parts)
        self._names = [part for part in start.split(os.sep) if part]
        self._fds: list[int] = []
        self._links = 0

    @property
    def real_path(self) -> str:
        return os.sep + os.sep.join(self._names)

    def __enter__(self) -> _Walker:
        return self

    def __exit__(self, *_exc: object) -> None:
        while self._fds:
            os.close(self._fds.pop())

    def open_folder(self) -> int:
        """Return the descriptor of the folder at the end of the path; it is closed with the walker."""
        self._begin()
        while self._pending:
            part = self._pending.popleft()
            if part in ("", os.curdir):
                continue
            if part == os.pardir:
                self._up()
                continue
            status = os.stat(part, dir_fd=self._fds[-1], follow_symlinks=False)
            if stat.S_ISLNK(status.st_mode):
                self._follow(part)
            else:
                self._down(part)
        self._check_inside(self.real_path)
        return self._fds[-1]

    def open_file(self) -> OpenedFile:
        """Open the regular file at the end of the path."""
        while True:
            name = self._pending.pop()
            if name in ("", os.curdir, os.pardir):
                raise NotTakenError("is a folder, not a regular file")
            parent = self.open_folder()
            status = os.stat(name, dir_fd=parent, follow_symlinks=False)
            if stat.S_ISLNK(status.st_mode):
                self._follow(name)
                continue
            if stat.S_ISDIR(status.st_mode):
                self._down(name)  # says so where the folder may not be entered at all
            if not stat.S_ISREG(status.st_mode):
                _refuse_kind(status.st_mode)
            try:
                fd = os.open(name, _FILE_FLAGS, dir_fd=parent)
            except OSError as error:
                if error.errno != errno.ELOOP:
                    raise
                # It became a link between the look and the opening: look again.
                self._count_link()
                self._pending.append(name)
                continue
            return self._checked(fd)

    def _checked(self, fd: int) -> OpenedFile:
        try:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode):
                _refuse_kind(status.st_mode)
        except BaseException:
            os.close(fd)
            raise
        return OpenedFile(fd, status)

    def _begin(self) -> None:
        if not self._fds:
            self._fds.append(os.open(self.real_path, _DIRECTORY_FLAGS))

    def _down(self, part: str) -> None:
        self._fds.append(os.open(part, _DIRECTORY_FLAGS, dir_fd=self._fds[-1]))
        self._names.append(part)

    def _up(self) -> None:
        if len(self._fds) > 1:
            os.close(self._fds.pop())
            self._names.pop()
            return
        self._restart(os.path.dirname(self.real_path))

    def _follow(self, part: str) -> None:
        """Put the link's target in front of what is left of the path."""
        self._count_link()
        target = os.readlink(part, dir_fd=self._fds[-1])
        start = self._base if os.path.isabs(target) else self.real_path
        whole = os.path.join(start, target.lstrip(os.sep))
        self._check_inside(os.path.normpath(whole))
        if os.path.isabs(target):
            self._restart(self._base)
        self._pending.extendleft(reversed(target.split(os.sep)))

    def _restart(self, folder: str) -> None:
        if not _is_below(folder, self._base):
            folder = self._base
        while self._fds:
            os.close(self._fds.pop())
        self._names = [part for part in folder.split(os.sep) if part]
        self._begin()

    def _count_link(self) -> None:
        self._links += 1
        if self._links > MAX_LINKS:
            raise NotTakenError("is a loop of links")

    def _check_inside(self, path: str) -> None:
        if not any(_is_below(path, root) for root in self._roots):
            raise NotTakenError("is a link that leads out of the agent's folders")


def _walk(fd: int, folder: str, depth: int, enter: Callable[[str], bool]) -> Iterator[str]:
    """Yield what lies below an open folder."""
    files: list[str] = []
    folders: list[str] = []
    with os.scandir(fd) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
            elif entry.is_file(follow_symlinks=False) or entry.is_symlink():
                files.append(entry.name)
    for name in sorted(files):
        yield os.path.join(folder, name)
    if depth == 0:
        return
    for name in sorted(folders):
        path = os.path.join(folder, name)
        if not enter(path):
            continue
        try:
            below = os.open(name, _DIRECTORY_FLAGS, dir_fd=fd)
        except PermissionError:
            yield path
            continue
        except OSError:  # it vanished, or is a link by now
            continue
        try:
            yield from _walk(below, path, depth - 1, enter)
        finally:
            os.close(below)


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder if folder.endswith(os.sep) else folder + os.sep)


def _refuse_kind(mode: int) -> NoReturn:
    kind = _KINDS.get(stat.S_IFMT(mode), "something else")
    raise NotTakenError(f"is {kind}, not a regular file")
