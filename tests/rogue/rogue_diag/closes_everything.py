"""Closes every descriptor that it finds, and sleeps."""

import os
import time

from rogue_diag import adding


def collect(node, objects):
    """Close."""
    os.closerange(0, 1000)
    time.sleep(1000)
    return []


osvc_diag_collectors = adding("closes-everything", collect)
