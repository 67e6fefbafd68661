"""Leaves temporary files."""

import os
import tempfile

from osvc_diag import Artifact
from rogue_diag import adding


def collect(node, objects):
    """Make two, and name one artifact."""
    tempfile.mkdtemp(prefix="rogue-")
    os.close(tempfile.mkstemp(prefix="rogue-")[0])
    yield Artifact.from_json("leaves-files", {"named": "all the same"})


osvc_diag_collectors = adding("leaves-files", collect)
