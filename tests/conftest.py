"""Real nodes for the tests: unpacked once for each worker, and never written to."""

from __future__ import annotations

import contextlib
import csv
import encodings.idna  # noqa: F401 - an ordinary user may have no way to an interpreter of root's
import os
import signal
import subprocess
import sys
import tarfile
import tempfile
from typing import TYPE_CHECKING, Callable

import pytest
from hypothesis import settings

from osvc_diag.node.node import Node

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")


# A machine that is busy is no failure.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# Under nohup, or in the background of a script, what tests start would inherit that these are ignored.
with contextlib.suppress(ValueError):  # not in the main thread
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def unpack_sample(folder: str, node: str = "node1", layout: str = "fhs") -> str:
    """Unpack a sample node into a folder, with its modes and times.

    Args:
        folder: an empty one.
        node: `node1` or `node2`.
        layout: `fhs`, as a package installs, or `dev`, below a root path.
    """
    with tarfile.open(os.path.join(DATA, f"{node}.{layout}.tar.gz")) as tar:
        if hasattr(tarfile, "fully_trusted_filter"):
            tar.extraction_filter = tarfile.fully_trusted_filter
        tar.extractall(folder)
    return folder


@pytest.fixture(scope="session")
def sample_tree(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Return the root of a sample node that all tests share: `sample_tree("node1", "fhs")`. Never write to it."""
    unpacked: dict[tuple[str, str], str] = {}

    def tree(node: str = "node1", layout: str = "fhs") -> str:
        if (node, layout) not in unpacked:
            folder = tmp_path_factory.mktemp(f"{node}-{layout}-")
            unpacked[node, layout] = unpack_sample(str(folder), node, layout)
        return unpacked[node, layout]

    return tree


@pytest.fixture
def own_tree(tmp_path: Path) -> Callable[..., str]:
    """Return the root of a sample node that is this test's own, to be written to."""

    def tree(node: str = "node1", layout: str = "fhs") -> str:
        folder = tmp_path / f"{node}-{layout}"
        folder.mkdir()
        return unpack_sample(str(folder), node, layout)

    return tree


@pytest.fixture
def open_tree() -> Iterator[str]:
    """Return the root of node1, this test's own, that any user of the machine may enter."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield unpack_sample(folder)


@contextlib.contextmanager
def ordinary_user() -> Iterator[None]:
    """Have no more rights than anybody, for a while; a user who is not root already is one."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture(name="ordinary_user")
def _ordinary_user() -> Callable[[], contextlib.AbstractContextManager[None]]:
    return ordinary_user


@pytest.fixture(scope="session")
def secrets() -> list[str]:
    """Return the values that were planted in the sample nodes: none of them may be in a bundle."""
    with open(os.path.join(DATA, "secrets.tsv"), encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        next(rows)
        return [row[0] for row in rows if row]


@pytest.fixture
def live_node(tmp_path: Path) -> Callable[[], Node]:
    """Return this machine as a node with empty folders below tmp_path; read again whenever it is called."""
    folders = {name: tmp_path / "agent" / name for name in ("etc", "log", "var")}
    for folder in folders.values():
        folder.mkdir(parents=True)

    def node() -> Node:
        return Node.from_paths(
            name="node1", zone="UTC", **{name: str(path) for name, path in folders.items()}
        )

    return node


_HOLD = """
import os, sys
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT | os.O_APPEND)
os.write(fd, bytes.fromhex(sys.stdin.readline()))
os.unlink(sys.argv[1])
print(fd, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holding_process() -> Iterator[Callable[..., tuple[int, int]]]:
    """Start a process that writes a file, deletes it and keeps it open; return its pid and descriptor.

    `holding_process(path, content, *arguments)`: the arguments only stand in its command line.
    """
    processes: list[subprocess.Popen[str]] = []

    def hold(path: str, content: bytes, *arguments: str) -> tuple[int, int]:
        command = [sys.executable, "-c", _HOLD, path, *arguments]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        assert process.stdin is not None
        assert process.stdout is not None
        print(content.hex(), file=process.stdin, flush=True)
        return process.pid, int(process.stdout.readline())

    yield hold
    for process in processes:
        process.communicate()


@pytest.fixture
def ended_pid() -> int:
    """Return the pid of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid
