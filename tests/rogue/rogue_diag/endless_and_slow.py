"""Names artifacts for ever, one now and then."""

import itertools
import time

from osvc_diag import Artifact
from rogue_diag import adding


def collect(node, objects):
    """Never end."""
    for number in itertools.count():
        yield Artifact.from_file(f"{node.layout.etc}/node.conf")
        time.sleep(0.2 + number)


osvc_diag_collectors = adding("endless-and-slow", collect, timeout=1.0)
