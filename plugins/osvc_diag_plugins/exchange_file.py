"""A folder as an exchange: file URLs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from osvc_diag import hookimpl

if TYPE_CHECKING:
    from osvc_diag.exchange.interface import Exchange


@hookimpl
def osvc_diag_exchange(url: str) -> Optional[Exchange]:
    """Own file."""
    if url.partition(":")[0].lower() != "file":
        return None
    from osvc_diag.exchange.file import FileExchange  # noqa: PLC0415 - only when it is used

    return FileExchange(url)
