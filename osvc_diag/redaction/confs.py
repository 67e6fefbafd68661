"""Says which values of a configuration are secrets as a whole, by section and key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Optional

from osvc_diag.conf import ENCODING, ERRORS, ConfEntry, parse_conf
from osvc_diag.redaction import values
from osvc_diag.redaction.names import is_secret_name

if TYPE_CHECKING:
    from collections import Counter

    from osvc_diag.redaction.secrets import Secrets
    from osvc_diag.redaction.tokens import Tokens

KEY, ENV, DATA = "conf-key", "conf-env", "conf-data"

# (section type, key): secrets whose names do not say so. Identifiers are masked where they stand, not learned.
_NAMED = {("node", "uuid"), ("cloud", "key"), ("array", "api"), ("switch", "api"), ("backup", "api")}
_IDENTIFIERS = {("hb", "username")}
_USERINFO = re.compile(rb"(?<=//)[^\s/@]*@")
_PREFIX = re.compile(rb"(?:literal|base64|crypt):")


class Verdict(NamedTuple):
    """That a value is a secret as a whole."""

    rule: str
    learned: bool


def verdict(entry: ConfEntry) -> Optional[Verdict]:
    """Return why the whole value of an entry is a secret; None where only parts of it may be."""
    value = entry.value.encode(ENCODING, ERRORS)
    kind = entry.section.partition("#")[0]
    if not value or values.is_reference(value):
        return None
    if entry.section == "data":
        return Verdict(DATA, learned=True)
    if (kind, entry.key) in _IDENTIFIERS or (kind == "listener" and entry.key.startswith("openid_")):
        return None if values.is_harmless(value) else Verdict(KEY, is_secret_name(entry.key))
    if is_secret_name(entry.key) or (kind, entry.key) in _NAMED:
        return None if _is_plain_url(value) else Verdict(KEY, learned=True)
    if entry.section == "env" and not _is_plain_url(value) and not values.is_harmless(value):
        return Verdict(ENV, learned=True)
    return None


def _is_plain_url(value: bytes) -> bool:
    """Return whether a value is a URL that is harmless but for its user and password, which a rule masks."""
    return b"://" in value and values.is_harmless(_USERINFO.sub(b"", value))


def content_start(entry: ConfEntry) -> int:
    """Return how many bytes of a `[data]` value tell its encoding, as `literal:` does."""
    prefix = _PREFIX.match(entry.value.encode(ENCODING, ERRORS))
    return prefix.end() if prefix and entry.section == "data" else 0


def mask_conf(text: bytes, secrets: Secrets, tokens: Tokens, counts: Counter[str]) -> bytes:
    """Return a configuration with a token for every value that is a secret as a whole."""
    pieces, last = [], 0
    for entry in parse_conf(text):
        found = verdict(entry)
        skip = content_start(entry)
        for start, end in entry.value_spans if found else ():
            begin, skip = start + skip, 0
            line = text[begin:end]
            if found and line and not tokens.is_token(line):
                counts[found.rule] += 1
                pieces += [text[last:begin], tokens.token(secrets.rule_of(line) or found.rule, line)]
                last = end
    return b"".join((*pieces, text[last:]))
