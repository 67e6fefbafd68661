"""Computes documents that are no JSON, too large, raise, or never come; whatever is behind those is lost."""

import threading

from osvc_diag import Artifact
from rogue_diag import adding


def fail():
    """Raise."""
    raise ValueError("no answer from the array")


def collect(node, objects):
    """Name them; they are computed in the order of their names."""
    yield Artifact.from_json("computes-badly/1", lambda: {("no", "key"): 1})
    yield Artifact.from_json("computes-badly/2", lambda: "x" * (20 << 20))
    yield Artifact.from_json("computes-badly/3", fail)
    yield Artifact.from_json("computes-badly/4", {"good": True})
    yield Artifact.from_json("computes-badly/5", threading.Event().wait)
    yield Artifact.from_json("computes-badly/6", {"good": True})


osvc_diag_collectors = adding("computes-badly", collect, timeout=2.0)
