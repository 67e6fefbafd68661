"""Draws on a terminal: progress, tables, questions. The only module that imports rich."""

from __future__ import annotations

import contextlib
import sys
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Optional

from rich.cells import cell_len  # noqa: TID251 - this is the one place
from rich.console import Console  # noqa: TID251
from rich.progress import (  # noqa: TID251
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column, Table  # noqa: TID251
from rich.text import Text  # noqa: TID251

from osvc_diag import events
from osvc_diag.cli.output import Output
from osvc_diag.printable import printable
from osvc_diag.units import format_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from osvc_diag.errors import DiagError

REFRESHES = 8  # a second: enough to look alive, little enough for a struggling node
NAME_WIDTH = 48  # characters of the artifact's name in the progress line
BAR_WIDTH = 24  # characters
WIDE = 100  # columns of a terminal from which on all of the progress line fits
NARROW = 60  # columns below which only the phase and the bytes do
GUTTER = 2  # characters between the columns of a table
SENTENCE_WIDTH = 24  # columns of a terminal that sentences in the last column of a table need at least
_COMMANDS = ("osvc-diag", " om ", "pip ", "sudo ", "python3 ")  # texts with one of these may be copied
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
        self._print("warning: " + printable(text), "yellow")

    def error(self, error: DiagError) -> None:
        """Tell what went wrong, and what to do next."""
        self._print(f"osvc_diag: {printable(str(error), keep=chr(10))}", "bold red")
        if error.hint:
            self._print(f"  hint: {printable(error.hint, keep=chr(10))}")

    def table(
        self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, as_result: bool = False
    ) -> None:
        """Draw a table; see Output."""
        if as_result and not self.stdout.isatty():
            super().table(title, columns, rows, as_result=as_result)
            return
        if self.is_quiet and not as_result:
            return
        console = Console(file=self.stdout, highlight=False) if as_result else self._console
        cells = [[printable(cell) for cell in row] for row in rows]
        names = [column.lstrip(">") for column in columns]
        is_folded = _width([names, *cells]) > console.width
        if is_folded and not _folds([names, *cells], console.width):
            _stack(console, title, names, cells)
            return
        table = Table(
            title=title or None, title_justify="left", box=None, pad_edge=False, padding=(0, GUTTER, 0, 0)
        )
        for at, (name, column) in enumerate(zip(names, columns)):
            is_last = at == len(names) - 1
            justify: Literal["left", "right"] = "right" if column.startswith(">") else "left"
            table.add_column(name, justify=justify, no_wrap=not (is_folded and is_last))
        for row in cells:
            table.add_row(*map(Text, row))
        console.print(table)

    @contextlib.contextmanager
    def progress(self) -> Iterator[events.Listener]:
        """Yield a listener that draws one live line."""
        if self.is_quiet:
            yield self.tell
            return
        columns = _progress_columns(self._console.width)
        with Progress(
            *columns, console=self._console, transient=True, refresh_per_second=REFRESHES
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
        self._print(printable(text, keep="\n"))

    def _print(self, text: str, style: str = "") -> None:
        lines = "\n".join(_broken(line, self._console.width) for line in text.split("\n"))
        self._console.print(Text(lines, style=style), soft_wrap=True)


def _broken(line: str, width: int) -> str:
    """Break a sentence between words, never a path; a command can be copied as it is."""
    if cell_len(line) <= width or any(command in line for command in _COMMANDS):
        return line
    margin = line[: len(line) - len(line.lstrip())]
    return textwrap.fill(
        line, width, subsequent_indent=margin + "  ", break_long_words=False, break_on_hyphens=False
    )


def _folds(rows: Sequence[Sequence[str]], width: int) -> bool:
    """Tell whether a table that is too wide fits once the sentences in its last column are folded."""
    room = width - _width([row[:-1] for row in rows]) - GUTTER if len(rows[0]) > 1 else 0
    words = [word for row in rows for word in row[-1].split()]
    return room >= max([SENTENCE_WIDTH, *map(cell_len, words)])


def _width(rows: Sequence[Sequence[str]]) -> int:
    """Return the columns that a table needs."""
    return sum(max(map(cell_len, cells)) + GUTTER for cells in zip(*rows)) - GUTTER


def _stack(console: Console, title: str, names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table that is too wide: each row's first cell on a line of its own, the others below it."""
    if title:
        console.print(Text(title, style="italic"), soft_wrap=True)
    for first, *others in rows:
        console.print(Text(first), soft_wrap=True)
        told = ", ".join(f"{name} {cell}" for name, cell in zip(names[1:], others) if cell)
        if told:
            console.print(Text(f"  {told}"), soft_wrap=True)


def _progress_columns(width: int) -> list[ProgressColumn]:
    """Return what fits into a line of a terminal."""
    columns: list[ProgressColumn] = [TextColumn("{task.fields[phase]:<16}")]
    if width >= NARROW:
        columns.append(BarColumn(bar_width=BAR_WIDTH))
    columns.append(_Bytes(table_column=Column(no_wrap=True)))
    if width >= WIDE:
        columns += [TimeElapsedColumn(), TimeRemainingColumn()]
    if width >= NARROW:
        name = Column(no_wrap=True, overflow="crop")
        columns.append(TextColumn("{task.description}", markup=False, table_column=name))
    return columns


class _Bytes(ProgressColumn):
    """How many bytes of how many, and how fast; nothing in a phase that counts none."""

    def render(self, task: Task) -> Text:
        """Return the text of the column."""
        if task.total is None:
            return Text("")
        rate = f", {format_size(task.speed)}/s" if task.speed else ""
        return Text(f"{format_size(task.completed)} of {format_size(task.total)}{rate}")


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
