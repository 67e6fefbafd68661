from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Callable

import pytest
from making_journals import journal_path, make_om3_node, sample_export, write_journal

if TYPE_CHECKING:
    from pathlib import Path

    from osvc_diag.node.node import Node


@pytest.fixture(scope="session")
def sample_journal(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the file of the sample journal; never write to it."""
    folder = tmp_path_factory.mktemp("journal")
    return write_journal(str(folder / "system.journal"), sample_export())


@pytest.fixture
def om3(tmp_path: Path) -> Node:
    """Return a node of om3 that has no journal yet."""
    return make_om3_node(tmp_path)


@pytest.fixture
def give_journal(om3: Node, sample_journal: str) -> Callable[..., str]:
    """Put a journal where the node has it, the sample one where no other is given; return its path."""

    def give(source: str = sample_journal, *, volatile: bool = False, name: str = "system.journal") -> str:
        path = journal_path(om3.root, volatile=volatile).replace("system.journal", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copy(source, path)
        return path

    return give
