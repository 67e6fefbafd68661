"""One heap for all threads, less memory at the peak; and no image of it on a disk."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

HEAPS = """
import sys, threading
from osvc_diag.cli.memory import use_one_heap
if sys.argv[1] == "one":
    use_one_heap()
hold = [threading.Thread(target=lambda: [bytes(1000) for _ in range(1000)]) for _ in range(8)]
for thread in hold:
    thread.start()
for thread in hold:
    thread.join()
print(open("/proc/self/maps").read().count("---p 00000000 00:00 0"))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="heaps are looked at as Linux shows them")
def test_threads_get_no_heap_of_their_own() -> None:
    def reserved(how: str) -> int:
        done = subprocess.run([sys.executable, "-c", HEAPS, how], check=True, capture_output=True, text=True)
        return int(done.stdout)

    assert reserved("one") <= reserved("many")


CRASH = """
import os, resource, signal, sys
_, most = resource.getrlimit(resource.RLIMIT_CORE)
resource.setrlimit(resource.RLIMIT_CORE, (most, most))
from osvc_diag.cli import main
main._run = lambda _: os.kill(os.getpid(), signal.SIGABRT)
main.main([])
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="dumps are told as Linux tells them")
def test_a_crash_leaves_no_dump(tmp_path) -> None:
    done = subprocess.run([sys.executable, "-c", CRASH], check=False, cwd=tmp_path, capture_output=True)
    assert done.returncode == -signal.SIGABRT
    assert not list(tmp_path.iterdir())
