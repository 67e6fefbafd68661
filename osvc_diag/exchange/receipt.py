"""What an exchange answers: the proof of a delivery, kept beside the bundle."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Optional

from osvc_diag.exchange.records import read_record, write_record

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = 1
SUFFIX = ".receipt.json"
WRITTEN = "eml"
"""The method of a mail that waits for somebody to send it."""
LONGEST_TEXT = 4096  # characters of a field
LONGEST = 1e9  # seconds of a delivery

_KINDS: Mapping[str, tuple[type, ...]] = {
    "str": (str,),
    "Optional[str]": (str, type(None)),
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
}
"""By a field's annotation."""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


@dataclass(frozen=True)
class Receipt:
    """A delivery that is complete. It holds no credential and can be shared."""

    exchange: str
    """URL of the exchange, without a login."""
    method: str
    """How it went: `web`, `rest` or `form` of a bepasty, `mail`, `eml`, `file`, or a plugin's own word."""
    link: str
    """What to write in the ticket: a URL, the path of a file, or the address of a mail."""
    item: str
    """The exchange's own name for it."""
    size: int
    """Bytes of the bundle."""
    sha256: str
    """Of the bundle, in hexadecimal."""
    delivered: str = ""
    """When, in UTC: 2026-11-22T10:00:00Z. The host fills in what a plugin leaves out."""
    seconds: float = 0.0
    """That the delivery took; when it was resumed, the last run alone. Filled in as well."""
    expires: Optional[str] = None
    """When the exchange will drop it, in UTC; None where it does not say."""
    proxy: Optional[str] = None
    """The proxy it went through, without a login."""
    insecure: bool = False
    """Whether TLS was not verified, or not used over a network, because the user asked for that."""
    resumed: bool = False
    """Whether it went on where an earlier run had stopped."""
    confirmed: bool = False
    """Whether the exchange itself told the same size and sha256 afterwards; most senders may not ask."""

    @property
    def is_delivered(self) -> bool:
        """Whether it left the node; a mail that was only written did not."""
        return self.method != WRITTEN

    def holds_at(self, seconds: float) -> bool:
        """Tell whether the bundle is still there at a time in seconds since the epoch, as far as is known."""
        return self.is_delivered and (self.expires is None or utc_text(seconds) < self.expires)

    def check(self) -> None:
        """Make sure that every field is what it should be: a plugin, or whoever wrote a file, may be wrong.

        Raises:
            ValueError: one is not; the value is not shown.
        """
        for field in fields(Receipt):
            value = getattr(self, field.name)
            kinds = _KINDS[str(field.type)]
            if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
                raise ValueError(f"{field.name} is a {type(value).__name__}, not a {kinds[0].__name__}")
            if isinstance(value, str) and len(value) > LONGEST_TEXT:
                raise ValueError(f"{field.name} is longer than {LONGEST_TEXT} characters")
        if not self.link:
            raise ValueError("link is empty")
        if not 0 <= self.seconds < LONGEST:
            raise ValueError("seconds is no duration")
        for name in ("delivered", "expires"):
            value = getattr(self, name)
            if value is not None and not _TIME.fullmatch(value):
                raise ValueError(f"{name} is not written as 2026-11-22T10:00:00Z")

    def to_json(self) -> str:
        """Return the receipt as a JSON object, indented, its keys in a fixed order."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2) + "\n"


def utc_text(seconds: float) -> str:
    """Return a time, in seconds since the epoch, as receipts have it."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def receipt_path(bundle: str) -> str:
    """Return where the receipt of a bundle is kept."""
    return bundle + SUFFIX


def save_receipt(receipt: Receipt, bundle: str) -> str:
    """Write the receipt beside the bundle, mode 0600, and return its path.

    Raises:
        OSError: the folder cannot be written.
    """
    path = receipt_path(bundle)
    write_record(path, receipt.to_json())
    return path


def load_receipt(bundle: str) -> Optional[Receipt]:
    """Return the receipt beside a bundle, or None where there is none to be trusted."""
    record = read_record(receipt_path(bundle))
    if record is None or record.pop("format", None) != FORMAT:
        return None
    known = {field.name for field in fields(Receipt)}
    try:
        receipt = Receipt(**{name: value for name, value in record.items() if name in known})
        receipt.check()
    except (TypeError, ValueError):
        return None
    return receipt
