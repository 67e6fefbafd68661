"""Forks, and both go on; a third process leaves its session and sleeps."""

import os
import subprocess

from osvc_diag import Artifact
from rogue_diag import adding


def collect(node, objects):
    """Name one artifact, twice if the child is let."""
    subprocess.Popen(["sleep", "1000"], start_new_session=True)
    os.fork()
    yield Artifact.from_json("forks", {"named": "once"})


osvc_diag_collectors = adding("forks", collect)
