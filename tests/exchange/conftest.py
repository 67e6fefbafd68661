"""Real exchanges and proxies on loopback, and bundles to send to them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Callable

import pytest
from sending_tools import SMALL_BODY

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(HERE)), "examples"))

from loopback_exchange import LoopbackExchange, running_exchange  # noqa: E402 - examples are not installed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def exchange() -> Iterator[LoopbackExchange]:
    """A bepasty with small bodies, shared by all tests of a worker: never stopped by a test."""
    with running_exchange("--max-body", str(SMALL_BODY)) as running:
        yield running


@pytest.fixture
def own_exchange() -> Iterator[LoopbackExchange]:
    """A bepasty of one test, to be killed and started again."""
    with running_exchange("--max-body", str(SMALL_BODY)) as running:
        yield running


@pytest.fixture
def make_file(tmp_path: Path) -> Callable[..., str]:
    """Write a file of random bytes, and return its path."""

    def make(size: int = 300_000, name: str = "osvc-diag_lab_node1_svc1.tar.gz") -> str:
        path = tmp_path / name
        path.write_bytes(os.urandom(size))
        return str(path)

    return make
