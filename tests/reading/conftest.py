"""What the tests of reading share: an ordinary user, and logs made of records."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

NOBODY = 65534

# Imports first: the ordinary user may not be able to read the interpreter's folders.
_PRELUDE = """
import os, sys
from osvc_diag.reading.trees import NotTakenError, Trees
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
def outcome(call, *arguments):
    try:
        return call(*arguments)
    except (OSError, NotTakenError) as error:
        return type(error).__name__
"""


@pytest.fixture
def public_path():
    """A folder that every user may enter, unlike pytest's own."""
    folder = tempfile.mkdtemp()
    os.chmod(folder, 0o755)
    yield Path(folder)
    shutil.rmtree(folder)


@pytest.fixture
def as_ordinary_user():
    """Run a piece of code in a process of its own that is not root's; return what it prints."""

    def run(code: str, *arguments: object) -> str:
        done = subprocess.run(
            [sys.executable, "-c", _PRELUDE + textwrap.dedent(code), *map(str, arguments)],
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.stdout.strip()

    return run
