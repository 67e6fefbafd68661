"""Runs one command and waits for it: for a question of the user's own, beside any bundle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from osvc_diag.commands.pool import CommandPool
from osvc_diag.plugin.artifact import Artifact
from osvc_diag.plugin.sources import Command, CommandSource, Stream
from osvc_diag.reading.outcome import Outcome


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    out: str
    err: str
    rc: Optional[int]
    """Its exit code; negative for the signal that ended it; None where it did not end, or never ran."""
    reason: str
    """Why it is not whole, or what its code was; empty where all is well."""


def run_once(command: Command) -> Answer:
    """Run a command under its own limits; nothing of it outlives this."""
    artifacts = [Artifact(f"cmd/{stream.value}", CommandSource(command, stream)) for stream in Stream]
    pool = CommandPool()
    outcomes = [Outcome() for _ in artifacts]
    try:
        pool.start(artifacts)
        texts = [b"".join(pool.blocks(*pair)) for pair in zip(artifacts, outcomes)]
    finally:
        pool.close()
    ending = outcomes[0].ending
    out, err = (text.decode("utf-8", "replace") for text in texts)
    return Answer(out, err, ending.rc if ending else None, outcomes[0].reason)
