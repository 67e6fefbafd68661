"""A disk that never answers costs a run its node, and not the admin's terminal."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Callable

import pytest

from osvc_diag.errors import NodeSilentError
from osvc_diag.node.answering import PATIENCE, all_answered, answered, patience_within
from osvc_diag.node.node import Node
from osvc_diag.reading.neighbours import Neighbours
from osvc_diag.reading.patience import STALL
from osvc_diag.reading.trees import Trees
from osvc_diag.run import configuration

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def dead(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Have what is named in this list never answer: neither a folder that is listed, nor a conf that is read."""
    names: list[str] = []
    over = threading.Event()

    def stuck(real: Callable) -> Callable:
        def look(tree: object, path: str, *limits: int) -> object:
            if os.path.basename(path) in names:
                over.wait(60)
            return real(tree, path, *limits)

        return look

    monkeypatch.setattr(Trees, "listdir", stuck(Trees.listdir))
    monkeypatch.setattr(Neighbours, "read", stuck(Neighbours.read))
    yield names
    over.set()


def test_what_answers_is_returned_and_what_it_raises_is_raised() -> None:
    assert answered(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        answered(lambda: 1 // 0)


def test_the_looks_before_the_one_that_hangs_are_done() -> None:
    seen = []
    over = threading.Event()

    def steps() -> Iterator[None]:
        for number in range(5):
            seen.append(number)
            yield
        over.wait(60)

    with pytest.raises(NodeSilentError):
        all_answered(steps, patience=0.1)
    over.set()
    assert seen == [0, 1, 2, 3, 4]


def test_a_run_waits_for_its_node_within_its_time_but_long_enough_for_a_slow_disk() -> None:
    assert [patience_within(limit) for limit in (None, 0.1, 20, 3600)] == [PATIENCE, STALL, 20, PATIENCE]


def test_a_folder_that_does_not_answer_is_an_error_that_says_so(dead: list[str], sample_tree) -> None:
    dead.append("opensvc")
    with pytest.raises(
        NodeSilentError, match=r"the node's files do not answer: no answer for 0\.1 s"
    ) as told:
        answered(lambda: Node.discover(sample_tree()), patience=0.1)
    assert told.value.exit_code == 2
    assert "mount" in (told.value.hint or "")


def test_a_configuration_that_does_not_answer_ends_the_learning(
    dead: list[str], sample_tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = Node.discover(sample_tree())
    dead.append("cluster.conf")
    monkeypatch.setattr(configuration, "all_answered", lambda steps: all_answered(steps, patience=0.1))
    with pytest.raises(NodeSilentError):
        configuration.Learning(node)
