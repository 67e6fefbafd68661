"""Real exchanges and proxies on loopback, and bundles to send to them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Callable

import pytest
from sending_tools import SMALL_BODY

from osvc_diag.node.node import Node
from osvc_diag.run.library import diagnose
from osvc_diag.run.request import Issue

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


@pytest.fixture(scope="session")
def sample_bundle(sample_tree, tmp_path_factory) -> str:
    """A bundle of a real node, made once."""
    folder = tmp_path_factory.mktemp("bundle")
    issue = Issue(purpose="error message", impact="web is down")
    return diagnose(
        "prod/svc/web", node=Node.discover(root=sample_tree()), output=str(folder), issue=issue
    ).bundle


@pytest.fixture
def bundle(sample_bundle, tmp_path) -> str:
    """A copy of it, this test's own."""
    path = tmp_path / os.path.basename(sample_bundle)
    with open(sample_bundle, "rb") as source:
        path.write_bytes(source.read())
    path.chmod(0o600)
    return str(path)
