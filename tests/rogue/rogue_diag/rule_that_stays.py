"""Has a redaction rule that is a function: the host would have to call it for every line."""

from osvc_diag import hookimpl
from osvc_diag.redaction import Anchor, Rule, Span


@hookimpl
def osvc_diag_redaction_rules():
    """Give the rule."""
    return [Rule("rogue", "x", (Anchor(b"rogue"),), ("rogue«x»",), (), find=lambda line: [Span(5, 6)])]
