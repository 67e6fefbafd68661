"""Prints more than any pipe takes, on both outputs."""

import os
import sys

from osvc_diag import Artifact
from rogue_diag import adding


def collect(node, objects):
    """Print, and name one artifact."""
    print("x" * 1_000_000)
    print("y" * 1_000_000, file=sys.stderr)
    os.write(1, b"z" * 1_000_000)
    yield Artifact.from_json("prints", {"named": "all the same"})


osvc_diag_collectors = adding("prints", collect)
