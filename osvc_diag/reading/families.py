"""Finds the files of a log family: a live log and what rotations made of it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Optional

from osvc_diag.objects.layout import live_log
from osvc_diag.reading.trees import NotTakenError

if TYPE_CHECKING:
    from osvc_diag.reading.trees import Trees

# `.1`, `.2.gz`: the higher, the older.
_NUMBERED = re.compile(r"[.-](\d{1,4})(?:\.[A-Za-z0-9]{1,4})?")
# `-20260101`, `.2026-01-01.gz`, `-20260101-1767222000.xz`: the later, the newer.
_DATED = re.compile(r"[.-](\d{4}-?\d{2}-?\d{2}[-_T]?\d{0,12})(?:\.[A-Za-z0-9]{1,4})?")
_DATE_DIGITS = 20  # eight of the day, up to twelve of the hour or of a unix time
# What editors and copying tools leave beside a file; a vi swap of `web.log` is called `.web.log.swp`.
_NO_LOG = re.compile(r"\.(?:sw[a-p]|lock|part|filepart|tmp)")


class LogFamilies:
    """The families of the logs of a node; each folder is listed once, however many objects log in it."""

    def __init__(self, trees: Trees) -> None:
        self._trees = trees
        self._folders: dict[str, Optional[dict[str, list[str]]]] = {}

    def members(self, live: str) -> list[str]:
        """Return the files of a family, the newest first; the live log itself may be gone.

        Args:
            live: the absolute path of the live log, `.../web.log`. `webapp.log` is of another family, and so
                is the log of an object called `web.log`. It may be called otherwise, as `messages` is: then
                what a rotation made of it is known by a number or a date alone.
        """
        folder, name = os.path.split(live)
        beside = self._beside(folder, name)
        if not beside or beside == [name]:
            return [live] if beside else []
        turns = {other: _turn(other[len(name) :]) for other in beside}
        known = {other: turn for other, turn in turns.items() if turn is not None}
        return [os.path.join(folder, other) for other in self._newest_first(folder, known)]

    def copies(self, live: str) -> list[str]:
        """Return what is named after a live log in a way that does not tell its age: `web.log.old`.

        The last written comes first.
        """
        folder, name = os.path.split(live)
        beside = self._beside(folder, name)
        if not beside or beside == [name]:
            return []
        copies = [other for other in beside if _turn(other[len(name) :]) is None]
        paths = [os.path.join(folder, other) for other in copies]
        return sorted(paths, key=lambda path: -self._mtime(path)) if len(paths) > 1 else paths

    def is_listed(self, folder: str) -> bool:
        """Whether the names in a folder can be had; a folder that does not exist has none."""
        return self._listed(folder) is not None

    def _listed(self, folder: str) -> Optional[dict[str, list[str]]]:
        if folder not in self._folders:
            self._folders[folder] = self._list(folder)
        return self._folders[folder]

    def _list(self, folder: str) -> Optional[dict[str, list[str]]]:
        """Return the names in a folder by their live log; under "" those that are no logs by their name."""
        try:
            names = self._trees.listdir(folder)
        except (OSError, NotTakenError):
            return None
        families: dict[str, list[str]] = {}
        for name in names:
            families.setdefault(live_log(name) or "", []).append(name)
        return families

    def _beside(self, folder: str, name: str) -> list[str]:
        families = self._listed(folder) or {}
        if live_log(name) != name:
            others = (other for other in families.get("", ()) if other.startswith(name))
            return [other for other in others if _turn(other[len(name) :]) is not None]
        names = families.get(name, [])
        return [other for other in names if not _NO_LOG.fullmatch(other, len(name))]

    def _newest_first(self, folder: str, turns: dict[str, tuple[int, int]]) -> list[str]:
        """Order by what the names say; where two ways of naming are mixed, by when each was last written."""
        if len({way for way, _ in turns.values() if way}) > 1:
            written = {name: self._mtime(os.path.join(folder, name)) for name in turns}
            return sorted(turns, key=lambda name: (turns[name][0] > 0, -written[name], turns[name], name))
        return sorted(turns, key=lambda name: (turns[name], name))

    def _mtime(self, path: str) -> float:
        try:
            return self._trees.look(path).st_mtime
        except (OSError, NotTakenError):
            return 0.0


def _turn(suffix: str) -> Optional[tuple[int, int]]:
    """Return in which way a rotated log is named, and its turn among those named that way."""
    if not suffix:
        return (0, 0)
    numbered = _NUMBERED.fullmatch(suffix)
    if numbered:
        return (1, int(numbered[1]))
    dated = _DATED.fullmatch(suffix)
    if dated:
        digits = re.sub(r"\D", "", dated[1])
        return (2, -int(digits.ljust(_DATE_DIGITS, "0")))
    return None
