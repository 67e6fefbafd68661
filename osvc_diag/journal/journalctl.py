"""One run of journalctl, which the core's own runner bounds: its lines, and how it ended."""

from __future__ import annotations

import contextlib
import itertools
import secrets
import threading
from typing import TYPE_CHECKING, Optional

from osvc_diag.commands.ending import Cause, Ending
from osvc_diag.commands.programs import SYSTEM_FOLDERS
from osvc_diag.commands.running import Running
from osvc_diag.journal.records import lines
from osvc_diag.plugin.sources import Command, Stream
from osvc_diag.printable import printable
from osvc_diag.reading.blocks import BrokenOffError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TIMEOUT = 120.0  # seconds, without those that it waits for its reader
NO_LIMIT = 1 << 62  # bytes: what is kept of its output is decided here, record by record
ENDING = 10.0  # seconds for its end, once nobody reads it any more
SAID = 300  # characters of what it said that are told

_numbers = itertools.count()


class Journalctl:
    """A run; a context manager, after which it is over."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        deadline: Optional[float] = None,
        folders: Sequence[str] = SYSTEM_FOLDERS,
    ) -> None:
        """Start it in the background.

        Args:
            argv: its command line.
            deadline: on the clock of time.monotonic; None is never.
            folders: where journalctl is looked for.
        """
        self.command = Command(tuple(argv), TIMEOUT, NO_LIMIT, environ=(("TZ", "UTC"),))
        mark = f"{secrets.token_hex(8)}-journal-{next(_numbers)}-"
        self._running = Running(self.command, (Stream.OUT, Stream.ERR), mark)
        self._thread = threading.Thread(
            target=self._running.run,
            args=(deadline, frozenset(), tuple(folders)),
            name="osvc_diag journalctl",
            daemon=True,
        )
        self._thread.start()

    def __enter__(self) -> Journalctl:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def lines(self) -> Iterator[bytes]:
        """Yield its lines without their ends, none of them larger than MAX_LINE."""
        return lines(self._blocks())

    def _blocks(self) -> Iterator[bytes]:
        output = self._running.output(Stream.OUT)
        with contextlib.suppress(BrokenOffError):
            yield from output.read(lambda: True, self._look_after)

    def stop(self) -> None:
        """Have it end, if it has not."""
        if self._running.ending is None:
            self._running.stop(Cause.UNREAD)
        for stream in self._running.streams:
            if self._running.ending is None:
                self._running.output(stream).give_up()
        self._thread.join(ENDING)

    @property
    def ending(self) -> Ending:
        """How it ended; asked once its lines are through."""
        self._thread.join(ENDING)
        return self._running.ending or Ending(Cause.UNREAD)

    def said(self) -> str:
        """Return the first line of what it wrote to its standard error; asked once it is over."""
        output = self._running.output(Stream.ERR)
        text = b""
        with contextlib.suppress(BrokenOffError):
            text = b"".join(output.read(lambda: True, self._look_after))
        kept = [line.strip() for line in text.decode("utf-8", "replace").splitlines() if line.strip()]
        more = f" (and {len(kept) - 1} more lines)" if len(kept) > 1 else ""
        return printable(kept[0][:SAID]) + more if kept else ""

    def _look_after(self) -> None:
        if self._running.is_stuck:
            self._running.stop(Cause.UNREAD)
            self._running.finish(Ending(Cause.NOT_STARTED, detail="journalctl does not answer"))
