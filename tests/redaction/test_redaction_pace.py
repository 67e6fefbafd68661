"""A rule that takes more than linear time is found out before it is used."""

from __future__ import annotations

import pytest

from osvc_diag.redaction import Anchor, Rule
from osvc_diag.redaction.pace import check_pace


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
