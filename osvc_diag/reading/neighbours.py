"""Opens many files that lie near each other: the folders on the way to the last one stay open."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from osvc_diag.reading.descent import FILE_FLAGS, PASS_FLAGS, NotTakenError, OpenedFile, checked, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osvc_diag.reading.trees import Trees

_NO_NAMES = frozenset(("", os.curdir, os.pardir))


class Neighbours:
    """The straight way down to one file after the other, each going on where the last one turned off.

    Of thousands of objects most files share their folders. A way is straight where it meets no link and ends
    at a regular file; any other one, and whatever goes wrong on it, is left to a descent of its own, which
    also says what is wrong. Folders are held by their descriptors and never opened as links, as in a descent.
    Not for several threads at once; whoever makes one closes it, soon: it does not see a folder that another
    one takes the place of.
    """

    def __init__(self, trees: Trees) -> None:
        """Prepare; nothing is opened yet."""
        self._trees = trees
        self._root = ""
        self._folders: list[str] = []
        """Below the root: those that are open."""
        self._fds: list[int] = []
        """The root's, and one for each of these folders."""

    def __enter__(self) -> Neighbours:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the folders."""
        self._leave(0)

    def open(self, path: str) -> OpenedFile:
        """Open a regular file, as `Trees.open` does."""
        try:
            name = self._name_of(path)
            self._look(name)
            return checked(os.open(name, FILE_FLAGS, dir_fd=self._fds[-1]))
        except (OSError, NotTakenError, _NotStraightError):
            return self._trees.open(path)

    def read(self, path: str, limit: int) -> tuple[bytes, os.stat_result]:
        """Read a small file whole, as `Trees.read` does; return also what was known of it before.

        Raises:
            OSError: as the system says.
            NotTakenError: as for `open`, or it is larger than `limit` bytes.
        """
        opened = self.open(path)
        try:
            return whole(opened, limit), opened.status
        finally:
            os.close(opened.fd)

    def look(self, path: str) -> os.stat_result:
        """Return what is known of a regular file without opening it, as `Trees.look` does."""
        try:
            return self._look(self._name_of(path))
        except (OSError, NotTakenError, _NotStraightError):
            return self._trees.look(path)

    def _look(self, name: str) -> os.stat_result:
        status = os.stat(name, dir_fd=self._fds[-1], follow_symlinks=False)
        if not stat.S_ISREG(status.st_mode):
            raise _NotStraightError
        return status

    def _name_of(self, path: str) -> str:
        """Go to the folder of a file, and return the file's name in it."""
        root, parts = self._trees.way_to(path)
        if not _NO_NAMES.isdisjoint(parts) or not self._trees.is_taken(root, parts):
            raise _NotStraightError
        name = parts.pop()
        if parts != self._folders or root != self._root or not self._fds:
            self._go_to(root, parts)
        return name

    def _go_to(self, root: str, folders: Sequence[str]) -> None:
        shared = 0
        if root == self._root and self._fds:
            for own, other in zip(self._folders, folders):
                if own != other:
                    break
                shared += 1
            self._leave(shared + 1)
        else:
            self._leave(0)
            self._fds.append(os.open(root, PASS_FLAGS))
            self._root = root
        for folder in folders[shared:]:
            self._fds.append(os.open(folder, PASS_FLAGS, dir_fd=self._fds[-1]))
            self._folders.append(folder)

    def _leave(self, kept: int) -> None:
        """Close all descriptors but the first ones."""
        while len(self._fds) > kept:
            os.close(self._fds.pop())
        del self._folders[max(0, kept - 1) :]


class _NotStraightError(Exception):
    """The way meets a link, or its end is no regular file: a descent sees to it."""
