"""A mail as an exchange: mailto URLs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from osvc_diag import hookimpl

if TYPE_CHECKING:
    from osvc_diag.exchange.interface import Exchange


@hookimpl
def osvc_diag_exchange(url: str) -> Optional[Exchange]:
    """Own mailto."""
    if url.partition(":")[0].lower() != "mailto":
        return None
    from osvc_diag.exchange.mail import MailExchange  # noqa: PLC0415 - only when it is used

    return MailExchange(url)
