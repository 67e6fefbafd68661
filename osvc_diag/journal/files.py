"""Opens the files of a copy's journal, so that journalctl reads these and follows no link out of the copy."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

from osvc_diag.reading.trees import NotTakenError, Trees

if TYPE_CHECKING:
    from osvc_diag.journal.places import JournalPlace

PERSISTENT = "var/log/journal"
VOLATILE = "run/log/journal"

# systemd's journal-def.h, struct Header: signature, then at 88 the sizes of header and arena.
_SIGNATURE = b"LPKSHHRH"
_SIZES_AT = 88
_SIZES = struct.Struct("<QQ")
HEAD = _SIZES_AT + _SIZES.size
"""Bytes of a file that tell whether it can be read."""
_LEAST_HEADER = 208  # bytes, since the first version


class OpenJournal:
    """The files of a journal, open as long as they are read; whoever makes one closes it."""

    def __init__(self, place: JournalPlace) -> None:
        """Open them; of the live journal none: journalctl knows where it is."""
        self.problems: list[str] = []
        """Why files cannot be read that could when they were looked for."""
        self._fds: list[int] = []
        self._is_live = place.live
        if not place.live:
            folders = [os.path.join(place.base, name) for name in (PERSISTENT, VOLATILE)]
            trees = Trees(folders, base=place.base)
            for path in place.files:
                self._open(trees, path)

    @property
    def options(self) -> tuple[str, ...]:
        """What tells journalctl which journal to read.

        A damaged file among those that are named makes it read none: `find_journal` looked at them. Of the
        live journal, `--system` makes it fail where it would leave out what it may not read without a word.
        """
        if self._is_live:
            return ("--system",)
        if not self._fds:
            return ("--file=/dev/null",)  # without any option it would be this machine's own
        return tuple(f"--file=/proc/{os.getpid()}/fd/{fd}" for fd in self._fds)

    def close(self) -> None:
        """Close them."""
        while self._fds:
            os.close(self._fds.pop())

    def _open(self, trees: Trees, path: str) -> None:
        try:
            self._fds.append(trees.open(path).fd)
        except (OSError, NotTakenError) as error:
            name = os.path.basename(path)
            self.problems.append(f"{name}: {getattr(error, 'strerror', None) or error}")


def damage(head: bytes, size: int) -> str:
    """Return why journald's own tools would ignore a file as a whole; nothing where they would read it.

    Args:
        head: the first bytes of the file.
        size: of the file, in bytes.
    """
    if len(head) < HEAD or not head.startswith(_SIGNATURE):
        return "is no journal file, or its beginning is damaged"
    header, arena = _SIZES.unpack_from(head, _SIZES_AT)
    if header < _LEAST_HEADER or header + arena > size:
        return "is cut off: journalctl ignores such a file as a whole"
    return ""
