"""The agent's folders: opens and lists what lies in them, and nothing that lies outside."""

from __future__ import annotations

import contextlib
import copy
import os
from typing import TYPE_CHECKING, Callable

from osvc_diag.reading.descent import (
    LIST_FLAGS,
    Descent,
    NotTakenError,
    OpenedFile,
    locator,
)
from osvc_diag.reading.granted import GrantedDescent
from osvc_diag.reading.neighbours import Neighbours

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["NotTakenError", "OpenedFile", "Trees"]

MAX_DEPTH = 32  # folders below the one that is walked; the agent uses 6


def _anywhere(_folder: str) -> bool:
    return True


def _nowhere(_path: str) -> bool:
    return False


class Trees:
    """The agent's folders. Links are followed only as long as they stay inside of them."""

    def __init__(
        self,
        folders: Sequence[str],
        *,
        base: str = "/",
        never: Sequence[str] = (),
        grants: Callable[[str], bool] = _nowhere,
    ) -> None:
        """Resolve the folders once: a log folder may itself be a link to a data disk.

        Args:
            folders: absolute paths on this machine, below `base`; those that do not exist are kept as they
                are.
            base: where absolute links start: `/`, or the folder of a foreign file system.
            never: files below the folders that are not opened, not through a link either.
            grants: tells of a file outside of the folders, by its absolute path on the node, whether it is
                opened all the same, as a `GrantedDescent` does.

        Raises:
            NotTakenError: a folder does not lie below `base`.
        """
        self.base = os.path.realpath(base)
        named = {self.base, os.path.normpath(base)}
        self._bases = tuple(sorted((name.rstrip(os.sep) + os.sep for name in named), key=len, reverse=True))
        self._grants = grants
        below_base = locator([(os.path.normpath(base), self.base), (self.base, self.base)])
        places = []
        for folder in folders:
            inside = os.path.join(self.base, *below_base(os.path.normpath(folder))[1])
            real = self._real_folder(inside)
            places += [(os.path.normpath(folder), real), (inside.rstrip(os.sep), real), (real, real)]
        self._roots = sorted({real for _, real in places})
        self._locate = locator(places)
        self._never = frozenset(map(self.rooted, never))
        self._never_names = frozenset(map(os.path.basename, self._never))

    def granting(self, grants: Callable[[str], bool]) -> Trees:
        """Return the same folders, with more files granted outside of them."""
        granting = copy.copy(self)
        granting._grants = lambda path: self._grants(path) or grants(path)  # noqa: SLF001 - of this very class
        return granting

    def open(self, path: str) -> OpenedFile:
        """Open a regular file.

        Args:
            path: absolute, below one of the folders, or granted.

        Raises:
            OSError: as the system says: it is missing, access is denied.
            NotTakenError: it is not a regular file, or it leads out of the folders.
        """
        descent = self._descent(path)
        try:
            return descent.open_file()
        finally:
            descent.close()

    def look(self, path: str) -> os.stat_result:
        """Return what is known of a regular file, without opening it.

        Raises:
            OSError: as the system says.
            NotTakenError: it is not a regular file, or it leads out of the folders.
        """
        descent = self._descent(path)
        try:
            return descent.look()
        finally:
            descent.close()

    def read(self, path: str, limit: int) -> bytes:
        """Read a small file whole.

        Args:
            path: absolute, below one of the folders.
            limit: bytes; a larger file is refused.

        Raises:
            OSError: as the system says.
            NotTakenError: it is not a regular file, leads out of the folders, or is larger than `limit`.
        """
        with self.neighbours() as near:
            return near.read(path, limit)[0]

    def neighbours(self) -> Neighbours:
        """Return what opens many files that lie near each other, in fewer steps; a context manager."""
        return Neighbours(self)

    def way_to(self, path: str) -> tuple[str, list[str]]:
        """Return the real root that a path lies below, and the components below it; touches no disk.

        Raises:
            NotTakenError: it lies outside of the folders.
        """
        return self._locate(path)

    def is_taken(self, root: str, parts: Sequence[str]) -> bool:
        """Tell whether a file is not one of those that are never opened, given what `way_to` returns."""
        return parts[-1] not in self._never_names or os.path.join(root, *parts) not in self._never

    def holds(self, real_path: str) -> bool:
        """Tell whether a path without links, as the kernel gives it, lies below one of the folders."""
        return any(real_path.startswith(root.rstrip(os.sep) + os.sep) for root in self._roots)

    def on_node(self, path: str) -> str:
        """Return what an absolute path below `base` is called on the node; a path that is not stays."""
        base = next((base for base in self._bases if path.startswith(base)), os.sep)
        return path[len(base) - 1 :]

    def rooted(self, path: str) -> str:
        """Return a path with its folder's real name in front; nothing on the disk is touched.

        Raises:
            NotTakenError: it lies outside of the folders.
        """
        try:
            root, parts = self.way_to(path)
        except NotTakenError:
            if not self._is_granted(path):
                raise
            return self.base.rstrip(os.sep) + self.on_node(path)
        return os.path.join(root, *parts)

    def listdir(self, folder: str) -> list[str]:
        """List the names in a folder, sorted; a folder that does not exist has none.

        Raises:
            OSError: other than that it does not exist.
            NotTakenError: it leads out of the folders.
        """
        try:
            with self._listable(folder) as fd:
                return sorted(os.listdir(fd))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def walk(self, folder: str, enter: Callable[[str], bool] = _anywhere) -> Iterator[str]:
        """Yield the absolute paths of regular files and links below a folder, sorted, subfolders last.

        A folder that cannot be listed, that leads out of the folders or lies too deep is yielded itself:
        opening it tells why, so that it becomes a gap. Links to folders are not entered, sockets, FIFOs and
        devices are passed over.

        Args:
            folder: absolute, below one of the folders.
            enter: tells of a subfolder, by its absolute path, whether to go into it.
        """
        with contextlib.ExitStack() as stack:
            try:
                fd = stack.enter_context(self._listable(folder))
            except (FileNotFoundError, NotADirectoryError):
                return
            except (OSError, NotTakenError):
                yield folder
                return
            yield from _walk(fd, folder, MAX_DEPTH, enter)

    def _descent(self, path: str) -> Descent:
        """Return the way down to a file.

        Raises:
            NotTakenError: it lies outside of the folders, and nobody granted it.
        """
        try:
            return Descent(path, self._locate, self.base, self._never)
        except NotTakenError:
            if not self._is_granted(path):
                raise
            return GrantedDescent(self.base.rstrip(os.sep) + self.on_node(path), self.base)

    def _is_granted(self, path: str) -> bool:
        is_normal = path == os.path.normpath(path) and path.startswith(self._bases)
        return is_normal and self._grants(self.on_node(path))

    @contextlib.contextmanager
    def _listable(self, folder: str) -> Iterator[int]:
        descent = self._descent(folder)
        try:
            fd = os.open(os.curdir, LIST_FLAGS, dir_fd=descent.folder())
        finally:
            descent.close()
        try:
            yield fd
        finally:
            os.close(fd)

    def _real_folder(self, folder: str) -> str:
        if self.base == os.sep:
            return os.path.realpath(folder)
        descent = Descent(folder, locator([(self.base, self.base)]), self.base)
        try:
            descent.folder()
        except (OSError, NotTakenError):
            return folder
        else:
            return descent.real_path
        finally:
            descent.close()


def _walk(fd: int, folder: str, depth: int, enter: Callable[[str], bool]) -> Iterator[str]:
    """Yield what lies below an open folder, or the folder itself where it cannot be listed."""
    try:
        files, folders = _listing(fd)
    except OSError:
        yield folder
        return
    for name in files:
        yield os.path.join(folder, name)
    for name in folders:
        path = os.path.join(folder, name)
        if not enter(path):
            continue
        if depth == 0:
            yield path
            continue
        try:
            below = os.open(name, LIST_FLAGS, dir_fd=fd)
        except (FileNotFoundError, NotADirectoryError):  # it vanished, or is a link by now
            continue
        except OSError:
            yield path
            continue
        try:
            yield from _walk(below, path, depth - 1, enter)
        finally:
            os.close(below)


def _listing(fd: int) -> tuple[list[str], list[str]]:
    """Return the names of the files (links among them) and of the folders in an open folder, sorted."""
    files: list[str] = []
    folders: list[str] = []
    with os.scandir(fd) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
            elif entry.is_file(follow_symlinks=False) or entry.is_symlink():
                files.append(entry.name)
    return sorted(files), sorted(folders)
