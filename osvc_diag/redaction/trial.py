"""Tries a rule of a third party on its own examples: one that does not mask them masks too little."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from osvc_diag.errors import RedactionError
from osvc_diag.printable import quoted
from osvc_diag.redaction.engine import make_finder
from osvc_diag.redaction.masker import LineMasker
from osvc_diag.redaction.pace import bare, check_pace
from osvc_diag.redaction.secrets import Secrets
from osvc_diag.redaction.tokens import TOKEN, Tokens

if TYPE_CHECKING:
    from osvc_diag.redaction.engine import LineFinder
    from osvc_diag.redaction.rule import Rule

_MARKED = re.compile("«([^«»\n]+)»")
_SHOWN = "<masked>"
_CUTS = 512  # places where the line before an example may end


def try_rule(rule: Rule) -> None:
    """Mask a rule's examples as its lines will be, by this rule alone; then see that it takes linear time.

    A pattern that takes exponential time does not come back: have this done where it can be ended.

    Raises:
        TypeError, ValueError: it cannot be used; the text names the rule and the example.
    """
    rule.check()
    if not rule.masked:
        raise ValueError(f"rule {rule.id}: masked has no example: give one, with the secret in « and »")
    masker = LineMasker(Secrets(), Tokens.random(), [rule])
    finder = make_finder("re", rule.anchors, ())
    for example in rule.masked:
        if not re.fullmatch(f"[^«»]*(?:{_MARKED.pattern}[^«»]*)+", example):
            raise ValueError(f"rule {rule.id}: masked holds {quoted(example)}: write the secret in « and »")
        for line in example.split("\n"):
            if _MARKED.search(line):
                _find(rule, finder, line)
            _compare(rule, masker, line)
    for example in rule.kept:
        for line in example.split("\n"):
            _compare(rule, masker, line)
    check_pace(rule)


def _find(rule: Rule, finder: LineFinder, line: str) -> None:
    """Refuse a rule whose anchors do not name a line that it masks, wherever that stands in a log."""
    text = bare(line)
    if not finder.find(text):
        what = f"no anchor stands in its example {quoted(line)}"
        raise ValueError(f"rule {rule.id}: {what}, so that no line like it is found")
    for end in range(1, min(len(text), _CUTS)):
        if all(offset <= end for offset in finder.find(text[:end] + b"\n" + text)):
            what = f"an anchor goes over the end of a line before {quoted(line)}"
            raise ValueError(f"rule {rule.id}: {what}, so that this one is not found: write [^...\\n]")


def _compare(rule: Rule, masker: LineMasker, line: str) -> None:
    """Refuse a rule that masks more of a line than is marked, or less."""
    try:
        masked = masker.mask(bare(line), Counter())
    except RedactionError as error:
        raise ValueError(f"rule {rule.id}: {error}: its example {quoted(line)}") from None
    shown = TOKEN.sub(_SHOWN.encode(), masked).decode("utf-8", "surrogateescape")
    if shown == _MARKED.sub(_SHOWN, line):
        return
    what = "it does not mask what is marked in" if _MARKED.search(line) else "it changes"
    raise ValueError(f"rule {rule.id}: {what} its example {quoted(line)}: that becomes {quoted(shown)}")
