"""What the redaction tests share: redactors with known tokens, and examples that say what must go."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Optional

from osvc_diag.form import Form
from osvc_diag.redaction import Redactor, Secrets, Tokens
from osvc_diag.redaction.engine import ENGINES, make_finder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TOKEN = rb'"?<masked:[a-z0-9-]+:[a-z2-7]{8}>"?'
TOKENS = Tokens(lambda: b"k" * 32, stable=True)


def usable_engines() -> list[str]:
    """Return the engines of this system: pure Python everywhere, libpcre2 where it is installed."""
    usable = []
    for engine in ENGINES:
        try:
            make_finder(engine, (), (b"probe",))
        except ValueError:
            continue
        usable.append(engine)
    return usable


def learned(*values: bytes, rule: str = "conf-key") -> Secrets:
    """Return secrets that were learned from nowhere."""
    secrets = Secrets()
    for value in values:
        secrets.add(value, rule)
    return secrets


def redactor(*values: bytes, engine: Optional[str] = None, **options: object) -> Redactor:
    """Return a redactor that knows some values."""
    return Redactor(learned(*values), TOKENS, engine=engine, **options)  # type: ignore[arg-type]


def redacted(
    by: Redactor, text: bytes, form: Form = Form.TEXT, counts: Optional[Counter[str]] = None
) -> bytes:
    """Return a text after redaction in one block."""
    return b"".join(by.redact([text], form, Counter() if counts is None else counts))


def cut(text: bytes, places: Iterable[int]) -> list[bytes]:
    """Return a text in blocks that begin at some places."""
    bounds = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[begin:end] for begin, end in zip(bounds, bounds[1:])]


def unmarked(example: str) -> bytes:
    """Return the text of an example without the marks around its secrets."""
    return example.replace("«", "").replace("»", "").encode()


def secrets_of(example: str) -> list[bytes]:
    """Return what stands between the marks of an example."""
    return [secret.encode() for secret in re.findall("«(.*?)»", example, re.DOTALL)]


def with_tokens(example: str) -> re.Pattern[bytes]:
    """Return what an example must become: all of it, with tokens where the marks are."""
    parts: Sequence[str] = re.split("[«»]", example)
    return re.compile(
        b"".join(TOKEN if at % 2 else re.escape(part.encode()) for at, part in enumerate(parts)), re.DOTALL
    )
