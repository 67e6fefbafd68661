"""Looks at a node's own files in a thread that can be left behind: what they lie on may hang."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, Optional, TypeVar

from osvc_diag.errors import NodeSilentError
from osvc_diag.reading.patience import STALL, PatientReader, StalledError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PATIENCE = 60.0  # seconds for a look at all of a node's folders; thousands of objects take one or two

T = TypeVar("T")


def patience_within(timeout: Optional[float]) -> float:
    """Return how long a run waits for its node, in seconds: a disk that is merely slow costs it no bundle.

    Args:
        timeout: of the run, in seconds; None is unlimited.
    """
    return PATIENCE if timeout is None else min(max(timeout, STALL), PATIENCE)


def answered(look: Callable[[], T], *, patience: float = PATIENCE) -> T:
    """Return what a look at the node's files comes to.

    Args:
        look: called in the thread.
        patience: seconds that it may take.

    Raises:
        NodeSilentError: it took longer.
        Exception: whatever it raises.
    """
    values: list[T] = []

    def steps() -> Iterator[None]:
        values.append(look())
        yield

    all_answered(steps, patience=patience)
    return values[0]


def all_answered(steps: Callable[[], Iterable[object]], *, patience: float = STALL) -> None:
    """Go through many looks at the node's files.

    Args:
        steps: called, and iterated, in the thread.
        patience: seconds that each of them may take.

    Raises:
        NodeSilentError: one took longer.
        Exception: whatever one raises.
    """
    patient = PatientReader(stall=patience)
    try:
        # Empty blocks are signs of life, and never come out.
        for _ in patient.blocks(lambda: (b"" for _step in steps())):
            pass
    except StalledError as error:
        raise NodeSilentError(
            f"the node's files do not answer: {error}",
            hint="mount and dmesg may tell which file system below its folders hangs",
        ) from error
    finally:
        patient.close()
