"""Memory stays flat, whatever the size of a log."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

WRITE_AND_VERIFY = """
import resource, sys
from bundle_making import LiteralSearch, entry, make_manifest
from osvc_diag.bundle.verify import verify
from osvc_diag.bundle.writer import BundleWriter

class Search:
    def search(self, blocks):
        for block in blocks:
            pass
        return iter(())

block = b"2026-11-22 20:00:00,000 INFO n:node1 | a line of a log\\n" * 4000
with BundleWriter(sys.argv[1], "b.tar.gz") as writer:
    with writer.member("file/log", 0) as sink:
        for _ in range(int(sys.argv[2])):
            sink.write(block)
    manifest = make_manifest(artifacts=tuple(map(entry, writer.members)))
    assert verify(writer.seal([("manifest.json", manifest.to_json())]), Search()).ok
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak(folder, blocks: int) -> int:
    """Return the peak memory of writing and verifying a log of so many blocks of 220 KB, in KiB."""
    arguments = [sys.executable, "-c", WRITE_AND_VERIFY, str(folder), str(blocks)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, os.path.dirname(__file__)])}
    done = subprocess.run(arguments, env=environment, check=True, capture_output=True, text=True)
    return int(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ru_maxrss is in KiB on Linux only")
def test_a_log_of_130_mb_takes_no_more_memory_than_one_of_4_mb(tmp_path) -> None:
    assert peak(tmp_path, 600) - peak(tmp_path, 20) < 8 * 1024
