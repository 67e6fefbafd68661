"""Takes secrets out of a stream of bytes, and searches a finished bundle for what was missed."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from osvc_diag.redaction.learn import learn  # at once: it is called as its module is

if TYPE_CHECKING:
    from osvc_diag.redaction.builtin import RULE_SET_VERSION, builtin_rules
    from osvc_diag.redaction.redactor import Redactor
    from osvc_diag.redaction.rule import Anchor, Rule, Span
    from osvc_diag.redaction.search import Hit, SecretSearch
    from osvc_diag.redaction.secrets import Literal, Secrets
    from osvc_diag.redaction.tokens import TOKEN, Tokens

__all__ = [
    "RULE_SET_VERSION",
    "TOKEN",
    "Anchor",
    "Hit",
    "Literal",
    "Redactor",
    "Rule",
    "SecretSearch",
    "Secrets",
    "Span",
    "Tokens",
    "builtin_rules",
    "learn",
]

_HOMES = {
    "RULE_SET_VERSION": "builtin",
    "TOKEN": "tokens",
    "Anchor": "rule",
    "Hit": "search",
    "Literal": "secrets",
    "Redactor": "redactor",
    "Rule": "rule",
    "SecretSearch": "search",
    "Secrets": "secrets",
    "Span": "rule",
    "Tokens": "tokens",
    "builtin_rules": "builtin",
}


def __getattr__(name: str) -> object:
    """Import a name when it is first asked for: a plugin's process needs the rules' class alone."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value
