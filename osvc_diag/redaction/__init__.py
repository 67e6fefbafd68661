"""Takes secrets out of a stream of bytes, and searches a finished bundle for what was missed."""

from __future__ import annotations

from osvc_diag.redaction.builtin import RULE_SET_VERSION, builtin_rules
from osvc_diag.redaction.learn import learn
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
