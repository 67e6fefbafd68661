"""The shipped rules, in one list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osvc_diag.redaction import (
    rules_commands,
    rules_directives,
    rules_forms,
    rules_keys,
    rules_services,
    rules_tokens,
)

if TYPE_CHECKING:
    from osvc_diag.redaction.rule import Rule

RULE_SET_VERSION = "1"


def builtin_rules() -> tuple[Rule, ...]:
    """Return the shipped rules, in the order of their ids."""
    return tuple(
        sorted(
            (
                *rules_keys.RULES,
                *rules_commands.RULES,
                *rules_directives.RULES,
                *rules_forms.RULES,
                *rules_services.RULES,
                *rules_tokens.RULES,
            ),
            key=lambda rule: rule.id,
        )
    )
