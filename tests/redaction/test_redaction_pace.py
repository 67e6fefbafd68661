"""A rule that takes more than linear time is found out before it is used."""

from __future__ import annotations

import pytest

from osvc_diag.redaction import Anchor, Rule
from osvc_diag.redaction.nested import OpenValue
from osvc_diag.redaction.pace import check_pace
from osvc_diag.redaction.pairs import find_pairs


def rule(pattern, *masked):
    return Rule("acme", "x", (Anchor(b"acme"),), masked, (), pattern)


@pytest.mark.parametrize(
    "pattern",
    [rb"\w*\s*acme(?P<secret>z)", rb"(?P<secret>\S+) of acme"],
    ids=["in front of the anchor", "the secret itself"],
)
def test_one_that_takes_quadratic_time_is_refused(pattern):
    with pytest.raises(
        ValueError, match=r"rule acme: its pattern '.*' takes too long on a line of 16384 bytes"
    ):
        check_pace(rule(pattern, "acme «x»"))


@pytest.mark.parametrize(
    "pattern", [rb"acme[ :=]+(?P<secret>\S+)", rb'acme"?\s{0,9}[:=]\s{0,9}"?(?P<secret>[^"\s]{1,200})']
)
def test_a_linear_one_is_not(pattern):
    check_pace(rule(pattern, "acme: «x»", "ACME=«y»"))


@pytest.mark.parametrize(
    "member",
    [
        '"name":"pw","value":[',
        "'name':'pw','value':[",
        '\\"name\\":\\"pw\\",\\"value\\":[',
        '"value":["name":"pw",',
    ],
)
def test_values_that_never_end_are_gone_through_once(member):
    """Each key went through the rest of the line again: minutes for what one line may hold."""
    line = (member * 12_000).encode()
    starts = [span.start for span in find_pairs(line)]
    assert starts == sorted(set(starts))


def test_blanks_behind_an_element_are_gone_through_once():
    opened = OpenValue()
    opened.after(b"<password>" + b" " * 250_000 + b"x")
    assert not opened.active
