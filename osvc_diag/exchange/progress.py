"""How far an upload has come, in a small file beside the bundle, so that the next run goes on from there."""

from __future__ import annotations

import contextlib
import json
import os
import re
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Optional

from osvc_diag.exchange.ranges import Ranges
from osvc_diag.exchange.records import read_record, write_record

if TYPE_CHECKING:
    from osvc_diag.exchange.opened import OpenedBundle

FORMAT = 1
SUFFIX = ".upload.json"
METHODS = frozenset({"web", "rest"})
NAME = re.compile(r"[A-Za-z0-9]{1,64}")  # of an item; it becomes part of a path


@dataclass(frozen=True)
class Progress:
    """What the exchange has of a bundle. It holds no credential."""

    exchange: str
    """URL without a login."""
    size: int
    sha256: str
    method: str
    """`web` or `rest`."""
    item: str
    """The exchange's name for the unfinished item."""
    expires: str
    """When the exchange will drop the item, in UTC."""
    acknowledged: tuple[tuple[int, int], ...] = ()
    """`[start, end)` byte ranges."""

    @property
    def ranges(self) -> Ranges:
        """The acknowledged ranges, to work with."""
        return Ranges(self.acknowledged)

    def belongs_to(self, bundle: OpenedBundle, exchange: str) -> bool:
        """Tell whether it is about these very bytes and this exchange."""
        return (self.sha256, self.size, self.exchange) == (bundle.sha256, bundle.size, exchange)


def progress_path(bundle: str) -> str:
    """Return where the progress of a bundle's upload is kept."""
    return bundle + SUFFIX


def save_progress(progress: Progress, bundle: str) -> None:
    """Write it beside the bundle, mode 0600.

    Raises:
        OSError: the folder cannot be written.
    """
    write_record(progress_path(bundle), json.dumps({"format": FORMAT, **asdict(progress)}) + "\n")


def load_progress(bundle: str) -> Optional[Progress]:
    """Return what is known of an unfinished upload; None where nothing is, or nothing to be trusted."""
    record = read_record(progress_path(bundle))
    if record is None or record.pop("format", None) != FORMAT:
        return None
    try:
        return _parse(record)
    except (TypeError, ValueError, KeyError):
        return None


def drop_progress(bundle: str) -> None:
    """Forget it: the upload is complete, or has to begin again."""
    with contextlib.suppress(OSError):
        os.unlink(progress_path(bundle))


def _parse(record: dict[str, Any]) -> Progress:
    values = {field.name: record[field.name] for field in fields(Progress)}
    size = values["size"]
    pairs = tuple((start, end) for start, end in values["acknowledged"])
    for start, end in pairs:
        if type(start) is not int or type(end) is not int or not 0 <= start < end <= size:
            raise ValueError(f"not a range of the bundle: {start!r} to {end!r}")
    for name in ("exchange", "sha256", "method", "item", "expires"):
        if not isinstance(values[name], str):
            raise TypeError(f"{name} is no text")
    if values["method"] not in METHODS or not NAME.fullmatch(values["item"]):
        raise ValueError("no item of a bepasty")
    return Progress(**{**values, "acknowledged": pairs})
