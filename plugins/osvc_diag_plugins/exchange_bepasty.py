"""The support file exchange, and any other bepasty: http and https URLs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from osvc_diag import hookimpl

if TYPE_CHECKING:
    from osvc_diag.exchange.interface import Exchange


@hookimpl
def osvc_diag_exchange(url: str) -> Optional[Exchange]:
    """Own http and https."""
    if url.partition(":")[0].lower() not in {"http", "https"}:
        return None
    from osvc_diag.exchange.bepasty import BepastyExchange  # noqa: PLC0415 - urllib3 only when it is used

    return BepastyExchange(url)
