"""Says which values of a configuration are secrets as a whole, by section and key."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, NamedTuple, Optional

from osvc_diag.objects.conf import ENCODING, ERRORS, ConfEntry, raw_entries, split_name
from osvc_diag.redaction import values
from osvc_diag.redaction.masker import Found, blanked, token_spans
from osvc_diag.redaction.names import is_secret_name

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from osvc_diag.redaction.masker import LineMasker

_SEVERAL = 2  # lines
_CONTEXT = 4096  # bytes of a line that decide with its neighbour; a key and the begin of its value
KEY, ENV, DATA = "conf-key", "conf-env", "conf-data"

# (section type, key): secrets whose names do not say so. Identifiers are masked in place, not learned.
_NAMED = {("node", "uuid"), ("cloud", "key"), ("array", "api"), ("switch", "api"), ("backup", "api")}
_IDENTIFIERS = {("hb", "username")}
# A user's plain name, or a name and a password, which a rule masks; a longer name may be a token.
_USERINFO = re.compile(
    rb"(?<=//)(?:[A-Za-z]?[a-z._-]{1,15}\d{0,2}@|(?:[^\s/@:]{0,24}|\{[\w.]+\}):(?!x-oauth-basic@)[^\s/@]+@)"
)
_PREFIX = re.compile(rb"(?:literal|base64|crypt):")


class Verdict(NamedTuple):
    """That a value is a secret as a whole."""

    rule: str
    learned: bool


@functools.lru_cache(maxsize=4096)
def may_be_secret(section: str, name: bytes) -> bool:
    """Return whether the whole value of a key can be a secret: of most keys none is.

    Args:
        section: as in a `RawEntry`.
        name: as there.
    """
    key, _ = split_name(section, name)
    kind = section.partition("#")[0]
    return (
        section in ("data", "env")
        or (kind, key) in _NAMED | _IDENTIFIERS
        or (kind == "listener" and key.startswith("openid_"))
        or is_secret_name(key)
    )


def verdict(entry: ConfEntry) -> Optional[Verdict]:
    """Return why the whole value of an entry is a secret; None where only parts of it may be."""
    value = entry.value.encode(ENCODING, ERRORS)
    kind = entry.section.partition("#")[0]
    if entry.section == "data":
        return Verdict(DATA, learned=True) if value else None  # nothing is filled in there
    if not value or values.is_reference(value):
        return None
    if (kind, entry.key) in _IDENTIFIERS or (kind == "listener" and entry.key.startswith("openid_")):
        return None if values.is_harmless(value) else Verdict(KEY, is_secret_name(entry.key))
    if is_secret_name(entry.key) or (kind, entry.key) in _NAMED:
        return None if _is_plain_url(value) else Verdict(KEY, learned=True)
    if entry.section == "env" and not _is_plain_url(value) and not values.is_harmless(value):
        return Verdict(ENV, learned=True)
    return None


def _is_plain_url(value: bytes) -> bool:
    """Return whether a value is a URL that is harmless but for its credentials, which a rule masks."""
    return b"://" in value and values.is_harmless(_USERINFO.sub(b"", value))


def content_start(entry: ConfEntry) -> int:
    """Return how many bytes of a `[data]` value tell its encoding, as `literal:` does."""
    prefix = _PREFIX.match(entry.value.encode(ENCODING, ERRORS))
    return prefix.end() if prefix and entry.section == "data" else 0


def mask_conf(text: bytes, masker: LineMasker, counts: Counter[str]) -> bytes:
    """Return a configuration with a token for every value that is a secret as a whole.

    So is a learned value that is split over the lines of another one, and what follows in the next line of a
    value from what stands in the one before. The rules do the rest.
    """
    masked = token_spans(text)
    visible = blanked(text, masked)
    found: list[Found] = []
    for raw in raw_entries(visible):
        if len(raw.pieces) < _SEVERAL and not may_be_secret(raw.section, raw.name):
            continue
        entry = raw.entry()
        why = verdict(entry)
        if why is None:
            found += _split(visible, entry, masker)
            continue
        skip = content_start(entry)
        for start, end in entry.value_spans:
            found.append(Found(start + skip, max(start + skip, end), why.rule, b""))
            skip = 0
    return masker.replace(text, masker.apart(found, text, masked), counts) if found else text


def _split(text: bytes, entry: ConfEntry, masker: LineMasker) -> list[Found]:
    """Find learned values that go over a line's end in a value, broken in a word or at a blank."""
    spans = entry.value_spans
    if len(spans) < _SEVERAL:
        return []
    masked: dict[int, Found] = {}
    for glue in (b"", b" "):
        starts, size = [], 0
        for start, end in spans:
            starts.append(size)
            size += end - start + len(glue)
        for one in masker.learned(glue.join(text[start:end] for start, end in spans)):
            for at, (start, end) in zip(starts, spans):
                first, last = max(one.start - at, 0), min(one.end - at, end - start)
                crosses = one.start < at or one.end > at + end - start
                if crosses and first < last and start + first not in masked:
                    masked[start + first] = Found(start + first, start + last, one.rule, one.value)
    masked.update((one.start, one) for one in carried(text, entry, masker) if one.start not in masked)
    return _apart(sorted(masked.values()))


def carried(text: bytes, entry: ConfEntry, masker: LineMasker) -> Iterator[Found]:
    """Find what is a secret in a line of a value for how the one before ends: `--password`, an open quote."""
    for (first, last), (start, end) in zip(entry.value_spans, entry.value_spans[1:]):
        before = text[max(first, last - _CONTEXT) : last].rstrip(b"\\ \t") + b" "
        line = text[start : min(end, start + _CONTEXT)]
        at = len(before)
        for one in masker.found(before + line):
            is_quoted = (before + line)[one.start - 1 : one.start] in (b'"', b"'")
            if one.start == at or (is_quoted and one.start <= at + 1 and one.end > at):
                stop = end if one.end == at + len(line) else start + one.end - at
                yield Found(start + max(one.start - at, 0), stop, one.rule, b"")


def _apart(found: list[Found]) -> list[Found]:
    apart: list[Found] = []
    for one in found:
        if not apart or one.start >= apart[-1].end:
            apart.append(one)
    return apart
