"""Gives artifacts names that lead out of the bundle, are taken, or are none."""

from osvc_diag import Artifact
from osvc_diag.plugin.sources import DocumentSource
from rogue_diag import adding


def collect(node, objects):
    """Name them, and a good one among them."""
    for name in ("file/../../etc/cron.d/rogue", "/etc/cron.d/rogue", "manifest.json", "", "x" * 70_000):
        yield Artifact(name, DocumentSource(dict))
    yield Artifact("file/etc/opensvc/node.conf", DocumentSource(dict))
    yield "no artifact"
    yield Artifact.from_json("bad-names", {"named": "all the same"})


osvc_diag_collectors = adding("bad-names", collect)
