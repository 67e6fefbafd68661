"""Does its work, and has a thread and an exit function that never end."""

import atexit
import threading
import time

from osvc_diag import Artifact
from rogue_diag import adding

threading.Thread(target=time.sleep, args=(1000,)).start()
atexit.register(time.sleep, 1000)


def collect(node, objects):
    """Name one artifact."""
    yield Artifact.from_json("never-leaves", {"named": "all the same"})


osvc_diag_collectors = adding("never-leaves", collect)
