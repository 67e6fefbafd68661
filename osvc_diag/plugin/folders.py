"""Plugins that are files in a folder: a `.py`, or an executable in any language."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from osvc_diag.errors import PluginUnavailableError
from osvc_diag.ownership import UntrustedError, open_trusted, open_trusted_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

SITE_FOLDER = "diag.d"
"""Below the agent's etc."""
MOST_SOURCE = 1024 * 1024  # bytes of a plugin's text
MOST_FILES = 200  # in one folder

# As run-parts has it: what editors and packages leave beside a file, and hidden files, are none.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:\.[A-Za-z0-9]+)?")
_LEFT_BEHIND = re.compile(
    r"readme|.*\.(?:bak|disabled|md|old|orig|pyc|rej|rpmnew|rpmsave|save|swp|tmp|txt)", re.IGNORECASE
)


@dataclass(frozen=True)
class PluginFile:
    """A file in a plugin folder."""

    name: str
    """Of the plugin: the file's, without what follows the dot."""
    path: str
    source: Optional[str] = None
    """The text of a Python plugin; None for an executable."""
    summary: str = ""
    """Of an executable: the comment below its first line."""
    problem: str = ""
    """Why it is refused."""


def plugin_files(etc: Optional[str], folders: Sequence[str] = ()) -> list[PluginFile]:
    """Return the plugins in the site's folder, and in others.

    Args:
        etc: the agent's configuration folder on this very node; None where a copy is read: what is on a
            foreign disk is never run.
        folders: that the user named.

    Raises:
        PluginUnavailableError: one of these is not there, or is refused.
    """
    site = [] if etc is None else files_in(os.path.join(etc, SITE_FOLDER), is_asked_for=False)
    named = [file for folder in folders for file in files_in(os.path.abspath(folder), is_asked_for=True)]
    return [*site, *named]


def files_in(folder: str, *, is_asked_for: bool) -> list[PluginFile]:
    """Return the plugins in a folder, sorted by name; each is read from the descriptor that was checked.

    Args:
        folder: absolute.
        is_asked_for: whether the user named it; else one that is not there holds none.

    Raises:
        PluginUnavailableError: a folder that was asked for is not there, or is refused.
    """
    try:
        names = _listed(folder)
    except (OSError, UntrustedError) as error:
        reason = (error.strerror or "cannot be read") if isinstance(error, OSError) else str(error)
        if is_asked_for and isinstance(error, (FileNotFoundError, NotADirectoryError)):
            raise PluginUnavailableError(
                f"there is no plugin folder {folder}", hint="name by --plugin-dir a folder that is there"
            ) from None
        if is_asked_for:
            raise PluginUnavailableError(
                f"the plugin folder {folder} is refused: {reason}",
                hint="it, what is in it and every folder above it belong to root or the running user, and "
                "nobody else may write them",
            ) from None
        if isinstance(error, (FileNotFoundError, NotADirectoryError)):
            return []
        return [PluginFile(SITE_FOLDER, folder, problem=f"the folder is refused: {reason}")]
    return [_looked_at(os.path.join(folder, name)) for name in names]


def _listed(folder: str) -> list[str]:
    fd = open_trusted_folder(folder)
    try:
        listable = os.open(os.curdir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=fd)
    finally:
        os.close(fd)
    try:
        names = sorted(name for name in os.listdir(listable) if _is_plugin_name(name))
        if len(names) > MOST_FILES:
            raise UntrustedError(f"{folder} holds more than {MOST_FILES} files")
        return [name for name in names if not stat.S_ISDIR(_mode(name, listable))]
    finally:
        os.close(listable)


def _is_plugin_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None and _LEFT_BEHIND.fullmatch(name) is None


def _mode(name: str, folder: int) -> int:
    try:
        return os.stat(name, dir_fd=folder).st_mode
    except OSError:  # a link to nowhere: opening it tells
        return 0


def _looked_at(path: str) -> PluginFile:
    name, _, suffix = os.path.basename(path).partition(".")
    try:
        fd = open_trusted(path)
    except (OSError, UntrustedError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        return PluginFile(name, path, problem=f"refused: {reason}")
    with os.fdopen(fd, "rb") as file:
        is_executable = os.fstat(fd).st_mode & 0o111 != 0
        is_python = suffix == "py"
        if not is_python and not is_executable:
            return PluginFile(name, path, problem="neither a .py file nor executable: chmod +x makes it one")
        text = file.read(MOST_SOURCE + 1 if is_python else 4096)
    if not is_python:
        return PluginFile(name, path, summary=_summary(text) or f"what {path} prints")
    try:
        if len(text) <= MOST_SOURCE:
            return PluginFile(name, path, source=text.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return PluginFile(name, path, problem=f"it is no UTF-8: {error.reason} at byte {error.start}")
    return PluginFile(name, path, problem=f"refused: it is larger than {MOST_SOURCE} bytes")


def _summary(text: bytes) -> str:
    """Return the comment below a script's first line."""
    lines = text.split(b"\n")
    if len(lines) < 2 or not text.startswith(b"#!"):  # noqa: PLR2004
        return ""
    line = lines[1].decode("utf-8", "replace").strip()
    return line.lstrip("#/-;* ").strip()[:80] if line[:1] in {"#", "/", "-", ";"} else ""
