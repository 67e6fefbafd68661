"""A rule that takes more than linear time is found out before it is used."""

from __future__ import annotations

import pytest

from osvc_diag.redaction import Anchor, Rule, builtin_rules
from osvc_diag.redaction.pace import check_pace


def rule(pattern, *masked):
    return Rule("acme", "x", (Anchor(b"acme"),), masked, (), pattern)


@pytest.mark.parametrize("builtin", builtin_rules(), ids=lambda builtin: builtin.id)
def test_the_shipped_rules_take_linear_time(builtin):
    check_pace(builtin)


@pytest.mark.parametrize(
    "pattern",
    [rb"(?:\w*\s*)acme.*(?P<secret>z)$", rb"\w+\s*=\s*acme(?P<secret>\S+)"],
    ids=["before the anchor", "a leading class"],
)
def test_one_that_takes_quadratic_time_is_refused(pattern):
    with pytest.raises(ValueError, match="takes too long on a line of 16384 bytes"):
        check_pace(rule(pattern, "acme =«x»"))


def test_a_linear_one_is_not():
    check_pace(rule(rb"acme[ :=]+(?P<secret>\S+)", "acme: «x»", "ACME=«y»"))
