"""Raises in the middle."""

from osvc_diag import Artifact
from rogue_diag import adding


def collect(node, objects):
    """Name one artifact, and raise."""
    yield Artifact.from_json("half-way", {"named": "before"})
    raise RuntimeError("disk on fire")


osvc_diag_collectors = adding("half-way", collect)
