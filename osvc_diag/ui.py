"""Draws on a terminal: progress, tables, questions. The only module that imports rich."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from rich.console import Console  # noqa: TID251 - this is the one place
from rich.progress import (  # noqa: TID251
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table  # noqa: TID251
from rich.text import Text  # noqa: TID251

from osvc_diag import events
from osvc_diag.cli.output import Output
from osvc_diag.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from osvc_diag.errors import DiagError

REFRESHES = 8  # a second: enough to look alive, little enough for a struggling node
NAME_WIDTH = 48  # characters of the artifact's name in the progress line
_PHASES = {
    "plan": "planning",
    "learn": "learning secrets",
    "collect": "collecting",
    "assemble": "assembling",
    "verify": "verifying",
    "upload": "uploading",
}


@dataclass
class TerminalOutput(Output):
    """The twin of plain Output for a terminal; NO_COLOR is honoured by rich."""

    def __post_init__(self) -> None:
        self._console = Console(file=self.stderr, highlight=False)

    def warn(self, text: str) -> None:
        """Tell something that matters even when quiet."""
        self._console.print(Text("warning: " + printable(text), style="yellow"))

    def error(self, error: DiagError) -> None:
        """Tell what went wrong, and what to do next."""
        self._console.print(Text(f"osvc_diag: {printable(str(error), keep=chr(10))}", style="bold red"))
        if error.hint:
            self._console.print(Text(f"  hint: {printable(error.hint, keep=chr(10))}"))

    def table(
        self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, as_result: bool = False
    ) -> None:
        """Draw a table; see Output."""
        if as_result and not self.stdout.isatty():
            super().table(title, columns, rows, as_result=as_result)
            return
        if self.is_quiet and not as_result:
            return
        table = Table(
            title=title or None, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0)
        )
        for column in columns:
            table.add_column(column.lstrip(">"), justify="right" if column.startswith(">") else "left")
        for row in rows:
            table.add_row(*[Text(printable(cell), overflow="fold") for cell in row])
        console = Console(file=self.stdout, highlight=False) if as_result else self._console
        console.print(table)

    @contextlib.contextmanager
    def progress(self) -> Iterator[events.Listener]:
        """Yield a listener that draws one live line."""
        if self.is_quiet:
            yield self.tell
            return
        with Progress(
            TextColumn("{task.fields[phase]:<16}"),
            BarColumn(bar_width=24),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.description}", markup=False),
            console=self._console,
            transient=True,
            refresh_per_second=REFRESHES,
        ) as progress:
            yield _Line(progress, self).on_event

    @property
    def is_interactive(self) -> bool:
        """Whether somebody is there to answer."""
        return sys.stdin is not None and sys.stdin.isatty()

    def ask(self, question: str) -> Optional[str]:
        """Return what the user answers, or None where nobody is there."""
        if not self.is_interactive:
            return None
        try:
            return self._console.input(Text(printable(question) + " "))
        except EOFError:
            return None

    def _line(self, text: str) -> None:
        self._console.print(Text(printable(text, keep="\n")))


class _Line:
    """The live line: the phase, how far it is, and what is being read."""

    def __init__(self, progress: Progress, output: TerminalOutput) -> None:
        self._progress = progress
        self._output = output
        self._task: Optional[TaskID] = None

    def on_event(self, event: events.Event) -> None:
        """Show an event."""
        if isinstance(event, events.PhaseStarted):
            if self._task is not None:
                self._progress.remove_task(self._task)
            phase = _PHASES.get(event.phase, event.phase)
            self._task = self._progress.add_task("", total=event.total_bytes or None, phase=phase)
        elif isinstance(event, events.Advanced):
            if self._task is not None:
                self._progress.advance(self._task, event.byte_count)
        elif isinstance(event, events.ArtifactStarted):
            if self._task is not None:
                self._progress.update(self._task, description=printable(event.name)[-NAME_WIDTH:])
        else:
            self._output.tell(event)
