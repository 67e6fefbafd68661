"""Tries out whether a rule of a third party takes linear time: one that does not would stop a run."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from osvc_diag.printable import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osvc_diag.redaction.rule import Rule

LONG = 16 * 1024  # bytes of a line
SLOWEST = 0.25  # seconds of processor time for one; a linear pattern takes milliseconds
REMEDY = "no two repetitions may find the same text"
FILLERS = (b"a", b"0", b" ", b"=", b"/", b'"', b"\\", b"a=", b"a ", b"a:", b'"a",')


def check_pace(rule: Rule) -> None:
    """Try a rule on long lines of what its anchors and examples hold.

    A pattern that takes exponential time does not come back: have this done where it can be ended.

    Raises:
        ValueError: it took too long on one of them.
    """
    for line in _long_lines(rule):
        begin = time.thread_time()
        for _ in rule.spans(line):
            pass
        if time.thread_time() - begin > SLOWEST:
            raise too_slow(rule)


def too_slow(rule: Rule) -> ValueError:
    """Return what is to be told of a rule that takes longer than anybody waits."""
    pattern = quoted(rule.pattern.decode("utf-8", "backslashreplace"))
    what = f"its pattern {pattern} takes" if rule.pattern else "its find function takes"
    return ValueError(f"rule {rule.id}: {what} too long on a line of {LONG} bytes: {REMEDY}")


def _long_lines(rule: Rule) -> Iterator[bytes]:
    examples = [bare(text) for text in (*rule.masked, *rule.kept)]
    begun = [bare(text.partition("«")[0]) for text in rule.masked]
    anchors = [anchor.pattern.replace(b"\\", b"") for anchor in rule.anchors]
    for text in filter(None, examples):
        yield (text * (LONG // len(text) + 1))[:LONG]
    for start in dict.fromkeys((*begun, *anchors)):
        for filler in FILLERS:
            yield start + (filler * LONG)[: LONG - len(start)] + b"!"


def bare(example: str) -> bytes:
    """Return an example of a rule without the marks of what is secret in it."""
    return example.replace("«", "").replace("»", "").encode("utf-8", "surrogateescape")
