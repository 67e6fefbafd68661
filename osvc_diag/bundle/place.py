"""Where a bundle goes: its file name, its folder, and whether there is room."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Optional

from osvc_diag.bundle.writer import SUFFIX
from osvc_diag.errors import BundleError
from osvc_diag.units import format_size

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

PREFERRED_FOLDER = "/var/tmp"  # noqa: S108 - on disk, kept over a reboot; the writer is safe in a shared folder
MAX_PART = 70  # characters of each part of the name: with three of them it still fits a file name

_UNSAFE = re.compile(r"[^A-Za-z0-9.+-]+")


def split_output(output: Optional[str]) -> tuple[str, Optional[str]]:
    """Return the folder and, where the user named a file, its name.

    Args:
        output: a folder, a path ending in `.tar.gz`, or None.
    """
    if output is None:
        return (PREFERRED_FOLDER if os.access(PREFERRED_FOLDER, os.W_OK) else os.curdir), None
    if output.endswith(SUFFIX) and not os.path.isdir(output):
        folder, name = os.path.split(output)
        return folder or os.curdir, name
    return output, None


def bundle_name(cluster: Optional[str], node: str, selection: str, time: datetime) -> str:
    """Return a bundle's file name; only letters, digits, dots, dashes and `+` are kept."""
    parts = [cluster or "nocluster", node, selection]
    safe = [_UNSAFE.sub("-", part).strip("-.")[:MAX_PART] or "unnamed" for part in parts]
    return "_".join(["osvc-diag", *safe, time.strftime("%Y%m%dT%H%M%SZ")]) + SUFFIX


def selection_word(selectors: Sequence[str], objects: Sequence[str]) -> str:
    """Return what the file name says of the selection: `all`, `node`, the first object, or it and `+N`."""
    if "**" in selectors:
        return "all"
    if not objects:
        return "node"
    first = objects[0].strip("/") or "root"
    return first if len(objects) == 1 else f"{first}+{len(objects) - 1}"


def check_room(folder: str, expected_bytes: int) -> None:
    """Make sure that a bundle fits, before anything is read; being written it takes up to twice its size.

    Raises:
        BundleError: the folder is not there, or has too little room.
    """
    try:
        status = os.statvfs(folder)
    except OSError as error:
        raise BundleError(
            f"cannot write to {folder}: {error.strerror}",
            hint=f"name by --output a folder that is there, or a file in one whose name ends in {SUFFIX}",
        ) from error
    free = status.f_bavail * status.f_frsize
    needed = 2 * expected_bytes
    if free < needed:
        raise BundleError(
            f"{folder} has {format_size(free)} free; a bundle of about {format_size(expected_bytes)} "
            f"takes up to {format_size(needed)} while it is written: its parts, and the whole beside them",
            hint="name another folder by --output, or take less by --max-size, --log-size or --since",
        )
