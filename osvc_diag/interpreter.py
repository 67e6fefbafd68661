"""Finds the Python that runs this, to have it run something else."""

from __future__ import annotations

import os
import re
import sys
from typing import Optional

_PYTHON = re.compile(r"(?:python|pypy)[\w.-]{0,16}")


def own_interpreter() -> Optional[str]:
    """Return its path; None where a program has Python built in: that must not be started a second time."""
    path = sys.executable or ""
    return path if _PYTHON.fullmatch(os.path.basename(path)) and os.access(path, os.X_OK) else None
