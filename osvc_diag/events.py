"""What the library tells while it works; a listener draws, logs or ignores it."""

from __future__ import annotations

from typing import Callable, NamedTuple, Union


class PhaseStarted(NamedTuple):
    """A stage of the line begins: `plan`, `learn`, `collect`, `assemble`, `verify` or `upload`."""

    phase: str
    total_bytes: int = 0
    """What the phase expects to go through, in bytes; 0 where it cannot tell."""


class Planned(NamedTuple):
    """What will be taken, before a byte of it is read."""

    artifacts: int
    source_bytes: int
    """Read at most."""
    expected_bytes: int
    """About how large the bundle will be."""
    folder: str
    """Where it will be."""


class ArtifactStarted(NamedTuple):
    """An artifact is being read; `name` is its name in the bundle, redacted."""

    name: str


class Advanced(NamedTuple):
    """So many more bytes of the current phase went through."""

    byte_count: int


class ArtifactFinished(NamedTuple):
    """An artifact is done, in one of the manifest's states."""

    name: str
    state: str
    collectors: tuple[str, ...] = ()
    """Who asked for it."""


class Warned(NamedTuple):
    """Something that the user should know now, in a sentence; it holds no secret."""

    message: str


Event = Union[PhaseStarted, Planned, ArtifactStarted, Advanced, ArtifactFinished, Warned]
Listener = Callable[[Event], None]


def ignore(_event: Event) -> None:
    """Listen to nothing."""
