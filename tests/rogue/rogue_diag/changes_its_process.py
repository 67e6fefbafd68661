"""Changes whatever a process shares: folder, umask, locale, variables, signals, modules, descriptors."""

import builtins
import contextlib
import locale
import os
import signal
import sys

from osvc_diag import Artifact
from rogue_diag import adding

os.chdir("/tmp")
os.umask(0)
os.environ["PATH"] = "/nowhere"
with contextlib.suppress(locale.Error):
    locale.setlocale(locale.LC_ALL, "")
for _number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
    signal.signal(_number, lambda *_: None)
sys.setrecursionlimit(50_000)
builtins.open = None


def collect(node, objects):
    """Name one artifact."""
    yield Artifact.from_json("changes-its-process", {"named": "all the same"})


osvc_diag_collectors = adding("changes-its-process", collect)
