"""A rule of a third party is tried on its own examples: one that does not mask them is refused."""

from __future__ import annotations

from typing import Any

import pytest

from osvc_diag.redaction import Anchor, Rule, Span
from osvc_diag.redaction.trial import try_rule


def rule(**fields: Any) -> Rule:
    """Return a rule that is right, but for these fields."""
    right = {
        "id": "acme",
        "purpose": "x",
        "anchors": (Anchor(rb"ticket"),),
        "masked": ("joe has ticket «8f3kq02mz»",),
        "kept": ("a ticket",),
        "pattern": rb"(?i:ticket) (?P<secret>\w{8,})",
    }
    return Rule(**{**right, **fields})


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"masked": ("Ticket «8f3kq02mz», TICKET «ABCDEFGH»",)},
        {"masked": ("a line before\nticket «8f3kq02mz»\nand one behind",)},
        {"kept": ()},
        {"anchors": (Anchor(rb"tick(?:et|ed)[^\n;]"),)},
        {"anchors": (Anchor(rb"ticket"), Anchor(rb"\(\?ticket"))},
        {"masked": ("joe has ticket «8f3kq02mz»", "\udcff ticket «8f3kq02mz»")},
        {"masked": ("ümlaut ticket «8f3kq02mz»",)},
    ],
    ids=str,
)
def test_a_rule_that_does_what_its_examples_say_is_taken(fields: dict[str, Any]) -> None:
    try_rule(rule(**fields))


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        (
            {"pattern": rb"ticket (?P<secret>\d+)"},
            "its example 'joe has ticket «8f3kq02mz»': that becomes 'joe has ticket <masked>f3kq02mz'",
        ),
        (
            {"kept": ("some ticket officers",)},
            "it changes its example 'some ticket officers': that becomes 'some ticket <masked>'",
        ),
        ({"masked": ()}, "masked has no example"),
        (
            {"anchors": (Anchor(rb"ticket[^;]+;"),), "masked": ("ticket «8f3kq02mz» ;",), "kept": ()},
            "an anchor goes over the end of a line before 'ticket «8f3kq02mz» ;'",
        ),
        ({"anchors": (Anchor(rb"tick(et|ed)"),)}, "an anchor groups by (?:...) alone"),
        ({"anchors": (Anchor(rb"tick(?P<x>et)"),)}, "an anchor groups by (?:...) alone"),
        ({"masked": ("joe has ticket 8f3kq02mz",)}, "write the secret in « and »"),
        ({"masked": ("joe has ticket «8f3kq02mz",)}, "write the secret in « and »"),
        ({"masked": ("joe has ticket «8f3k\nq02mz»",)}, "write the secret in « and »"),
        (
            {"anchors": (Anchor(rb"badge"),)},
            "no anchor stands in its example 'joe has ticket «8f3kq02mz»'",
        ),
        ({"anchors": (Anchor(rb"ticket", caseless=False),), "masked": ("Ticket «8f3kq02mz»",)}, "no anchor"),
        ({"pattern": b"", "find": lambda line: [Span(0, 1)]}, "it does not mask what is marked"),
        ({"pattern": b"", "find": lambda line: 1 // 0}, "its example 'joe has ticket «8f3kq02mz»'"),
        ({"pattern": rb"(?P<secret>a{1000}){99999999999}"}, "no regular expression"),
        ({"pattern": rb"\w*\s*ticket (?P<secret>\w{8,})"}, "takes too long on a line"),
    ],
)
def test_one_that_does_not_is_refused_by_its_name_and_the_example(
    fields: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValueError, match="rule acme: ") as caught:
        try_rule(rule(**fields))
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"pattern": r"ticket (?P<secret>\w+)"}, "rule acme: pattern is a str: write rb'...'"),
        ({"anchors": Anchor(b"x")}, "rule acme: anchors is a tuple: write (Anchor(rb'...'),)"),
        ({"anchors": (b"x",)}, "rule acme: anchors is a tuple: write (Anchor(rb'...'),)"),
        ({"anchors": (Anchor("x"),)}, "rule acme: an anchor is no text: write Anchor(rb'...')"),  # type: ignore[arg-type]
        ({"masked": "ticket «x»"}, "rule acme: masked is a tuple: write ('text with «secret»',)"),
        ({"kept": "tickets"}, "rule acme: kept is a tuple: write ('text',)"),
    ],
    ids=str,
)
def test_a_field_of_a_wrong_type_is_told_with_what_to_write(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(TypeError) as caught:
        rule(**fields)
    assert str(caught.value) == problem
