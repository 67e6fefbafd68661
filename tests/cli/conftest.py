"""Commands run in the process of the tests: what a program changes of its own process, they leave alone."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from osvc_diag.cli import collect, main

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _unchanged_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the signal handlers back, and change nothing else: priorities, the heap, the limit of dumps."""
    monkeypatch.setattr(main, "leave_no_dump", lambda: None)
    for change in ("step_back", "use_one_heap"):
        monkeypatch.setattr(collect, change, lambda: None)
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before):
        signal.signal(number, handler)
