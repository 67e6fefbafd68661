"""Has a redaction rule that takes longer than anybody lives."""

from osvc_diag import hookimpl
from osvc_diag.redaction import Anchor, Rule


@hookimpl
def osvc_diag_redaction_rules():
    """Give the rule."""
    return [Rule("rogue", "x", (Anchor(b"rogue"),), ("rogue«aa»x",), (), b"rogue(?P<secret>(?:a+)+)x")]
