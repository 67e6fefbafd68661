"""Which of the two agents a tree belongs to, and its version, as far as the tree tells; nothing is run."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from osvc_diag.node.finding import PACKAGE_ROOT
from osvc_diag.objects.layout import Layout, live_log
from osvc_diag.objects.naming import GO_AGENT, PYTHON_AGENT
from osvc_diag.reading.trees import NotTakenError, Trees

if TYPE_CHECKING:
    from collections.abc import Iterator

UNKNOWN = "unknown"

_VERSION_FILE = "opensvc/utilities/version/version.py"
_VERSION_LIMIT = 4096  # bytes
_ARGUMENTS_LIMIT = 65536  # bytes
_VERSION = re.compile(rb"""^version\s{0,9}=\s{0,9}["']([A-Za-z0-9._+~-]{1,64})["']""", re.MULTILINE)

# What the Python agent's daemon says when it starts: ` |  opensvc agent: 2.1-1742`.
_STARTED = b" |  opensvc agent: "
_STARTED_VERSION = re.compile(rb"[A-Za-z0-9._+~-]{1,64}")
_LOG_LIMIT = 8 * 1024 * 1024  # bytes from the end of node.log; it is rotated at 5 MiB
_BLOCK = 256 * 1024  # bytes


@dataclass(frozen=True)
class Agent:
    """The agent of a node."""

    kind: str = UNKNOWN
    """`b2.1`, `om3` or `unknown`."""
    version: Optional[str] = None


def detect_agent(trees: Trees, layout: Layout, base: str) -> Agent:
    """Look for what only one of the agents leaves.

    Args:
        trees: of the agent's folders.
        layout: where they are.
        base: the folder that stands for `/`.
    """
    try:
        names = set(trees.listdir(layout.var))
    except (OSError, NotTakenError):
        names = set()
    if "capabilities-v3.json" in names:  # also where the Python agent was before
        return Agent(GO_AGENT)
    version = _version_in_code(layout, base) or _version_in_log(trees, layout)
    if version or "capabilities.json" in names or _is_run_by_python(trees, layout) or _has_log(trees, layout):
        return Agent(PYTHON_AGENT, version)
    return Agent()


def _is_run_by_python(trees: Trees, layout: Layout) -> bool:
    try:
        return b"opensvc.daemon" in trees.read(f"{layout.var}/osvcd.pid.args", _ARGUMENTS_LIMIT)
    except (OSError, NotTakenError):
        return False


def _has_log(trees: Trees, layout: Layout) -> bool:
    """Tell whether there is any log: om3 writes to the journal."""
    try:
        return any(live_log(name) for name in trees.listdir(layout.log))
    except (OSError, NotTakenError):
        return False


def _version_in_code(layout: Layout, base: str) -> Optional[str]:
    """Read the version that the package wrote beside the agent's code."""
    is_package = layout == Layout.package(base)
    home = os.path.join(base, PACKAGE_ROOT.lstrip("/")) if is_package else os.path.dirname(layout.etc)
    try:
        content = Trees([home], base=base).read(os.path.join(home, _VERSION_FILE), _VERSION_LIMIT)
    except (OSError, NotTakenError):
        return None
    match = _VERSION.search(content)
    return match[1].decode() if match else None


def _version_in_log(trees: Trees, layout: Layout) -> Optional[str]:
    """Return what the daemon said of itself when it last started, as far as node.log reaches back."""
    for block in _backwards(trees, f"{layout.log}/node.log"):
        at = block.rfind(_STARTED)
        if at >= 0:
            match = _STARTED_VERSION.match(block, at + len(_STARTED))
            return match[0].decode() if match else None
    return None


def _backwards(trees: Trees, path: str) -> Iterator[bytes]:
    """Yield blocks from the end of a file, each with the beginning of the one after it."""
    try:
        opened = trees.open(path)
    except (OSError, NotTakenError):
        return
    try:
        end = opened.status.st_size
        floor = max(0, end - _LOG_LIMIT)
        overlap = len(_STARTED) + 64
        while end > floor:
            begin = max(floor, end - _BLOCK)
            yield os.pread(opened.fd, end - begin + overlap, begin)
            end = begin
    except OSError:
        return
    finally:
        os.close(opened.fd)
