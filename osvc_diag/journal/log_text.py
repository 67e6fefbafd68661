"""Writes records as the agent's own logs are written, so that one eye and one program read both."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Optional

from osvc_diag.journal.records import ENCODING, REALTIME, decoded, text_of
from osvc_diag.printable import printable
from osvc_diag.reading.stamps import stamp_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import tzinfo

    from osvc_diag.journal.records import Record

CONTINUED = "  "
"""Before each further line of a message, so that no message can look like a record of its own."""
MAX_WORD = 200  # characters of a value in the context

# PRIORITY is of syslog; om3 writes 0, 2, 3, 4 and 6 (zerolog's journald.go).
_LEVELS = {
    **dict.fromkeys("012", "CRITICAL"),
    "3": "ERROR",
    "4": "WARNING",
    **dict.fromkeys("56", "INFO"),
    "7": "DEBUG",
}
_FATAL = ("panic: ", "fatal error: ")
"""What the Go runtime says last; journald takes it from the daemon's stderr, as a line of no importance."""
_SHOWN = ("MESSAGE", "SID", "NODE", "PKG", "OBJ_PATH", "SUBSET", "RID")
_LINE_SIZE = 60  # bytes of an entry's time, level, keys and signs
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_NO_TIME = "0000-00-00 00:00:00,000"
_BYTES = {0xDC00 + byte: f"\\x{byte:02x}" for byte in range(0x80, 0x100)}


def as_log(blocks: Iterable[bytes], zone: tzinfo) -> Iterator[bytes]:
    """Turn records, one line of JSON each in blocks of whole lines, into lines of a log.

    `YYYY-mm-dd HH:MM:SS,mmm LEVEL context | message`, in the time of a zone (b2.1 core/logger.py). A line
    that is no record is taken as a message.
    """
    for block in blocks:
        text = "".join(_entry(line, zone) for line in block.splitlines())
        yield text.encode(ENCODING, "backslashreplace")


def _entry(line: bytes, zone: tzinfo) -> str:
    record = decoded(line)
    if record is None:
        record = {"MESSAGE": line.decode(ENCODING, "surrogateescape")}
    return log_entry(record, zone)


def log_entry(record: Record, zone: tzinfo) -> str:
    """Return a record as an entry of a log: a line, and the further lines of its message."""
    time = shown_time(text_of(record, REALTIME), zone) or _NO_TIME
    context = "".join(f" {key}:{word}" for key, word in _context(record))
    first, *more = (_shown(line) for line in _message(record).split("\n"))
    return "\n".join(
        (f"{time} {_level(record)}{context} | {first}", *(CONTINUED + line for line in more), "")
    )


def shown_time(microseconds: str, zone: tzinfo) -> Optional[str]:
    """Return what a log's clock shows at a time given in microseconds since the epoch; None of no time."""
    try:
        moment = _EPOCH + timedelta(microseconds=int(microseconds))
        return stamp_at(moment.astimezone(zone)).decode("ascii")
    except (ValueError, OverflowError):
        return None


def log_size(record: Record) -> int:
    """Return about how many bytes a record takes in a log."""
    return _LINE_SIZE + sum(len(text_of(record, name)) for name in _SHOWN)


def _message(record: Record) -> str:
    return text_of(record, "MESSAGE").rstrip("\n").replace("\r\n", "\n")


def _level(record: Record) -> str:
    priority = text_of(record, "PRIORITY")
    if record.get("_TRANSPORT") == "stdout" and text_of(record, "MESSAGE").startswith(_FATAL):
        return "CRITICAL"
    return _LEVELS.get(priority, "INFO")


def _context(record: Record) -> Iterator[tuple[str, str]]:
    """Yield the keys of b2.1's context that a record's fields tell, in b2.1's order."""
    origin = text_of(record, "ORIGIN")
    for key, value in (
        ("sid", text_of(record, "SID")),
        ("n", text_of(record, "NODE") or text_of(record, "_HOSTNAME")),
        ("c", text_of(record, "PKG") or _program(record)),
        ("o", text_of(record, "OBJ_PATH")),
        ("rs", text_of(record, "SUBSET")),
        ("r", text_of(record, "RID")),
        ("sc", ("y" if origin == "daemon/scheduler" else "n") if origin else ""),
    ):
        word = "_".join(_shown(value[:MAX_WORD]).split())
        if word:
            yield key, word.replace("|", "_")


def _program(record: Record) -> str:
    """Return who wrote a record that is not the agent's own: a child of the daemon, systemd, the kernel."""
    program = text_of(record, "SYSLOG_IDENTIFIER") or text_of(record, "_COMM")
    return "" if program == "om" and record.get("_TRANSPORT") != "stdout" else program


def _shown(text: str) -> str:
    """Return a text of one line whose control characters and bytes that are not UTF-8 are spelled out."""
    return text if text.isprintable() else printable(text.translate(_BYTES), keep="\t")
