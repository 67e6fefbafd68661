"""Draws on a terminal: progress, tables, questions. The only module that imports rich."""

from __future__ import annotations

import contextlib
import re
import sys
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

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
from rich.table import Column  # noqa: TID251
from rich.text import Text  # noqa: TID251

from osvc_diag import events
from osvc_diag.cli.output import PROGRAM, Output
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
_COMMANDS = ("osvc-diag ", " om ", " pip ", " sudo ", " python3 ")  # texts with one of these may be copied
_AFTER_MARK = re.compile(r"(?<=[:;]) ")
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
        self._print(f"{PROGRAM}: {printable(str(error), keep=chr(10))}", "bold red")
        if error.hint:
            self._print(f"  hint: {printable(error.hint, keep=chr(10))}")
        self.steps(error.steps)

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
        if title:
            _print(console, title, "italic")
        _lay_out(console, columns, cells)

    @contextlib.contextmanager
    def progress(self) -> Iterator[events.Listener]:
        """Yield a listener that draws one live line."""
        if self.is_quiet:
            yield self.tell
            return
        columns = _progress_columns(self._console.width)
        progress = Progress(*columns, console=self._console, transient=True, refresh_per_second=REFRESHES)
        try:
            progress.start()
        except RuntimeError:  # no thread is to be had: the node is at its limits
            progress.stop()
            yield self.tell
            return
        with progress:
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
        for line in text.split("\n"):
            _print(self._console, _broken(line, self._console.width), style)


def _broken(line: str, width: int) -> str:
    """Break a sentence between words, never a path; a command can be copied as it is."""
    if cell_len(line.rstrip()) <= width:
        return line
    margin = line[: len(line) - len(line.lstrip())]
    first, *others = _words(line.strip())
    lines = [margin + first]
    for word in others:
        if cell_len(lines[-1]) + 1 + cell_len(word) <= width:
            lines[-1] += " " + word
        else:
            lines.append(f"{margin}  {word}")
    return "\n".join(lines)


def _words(sentence: str) -> Iterator[str]:
    """Yield the words; a command is one: it stands alone, or between marks as in `do so: sudo x; or ...`."""
    part = ""
    for piece in _AFTER_MARK.split(sentence):
        part = f"{part} {piece}" if part else piece
        if _goes_on(part):
            continue
        yield from _words_of(part)
        part = ""
    if part:
        yield from _words_of(part)


def _goes_on(part: str) -> bool:
    """Tell whether a command in it has not ended: a colon ends none, and within quotes nothing does."""
    starts = [at for at in (f" {part}".find(command) for command in _COMMANDS) if at >= 0]
    if not starts:
        return False
    quotes = part[max(0, min(starts) - 1) :].replace('"\'"', "").count("'")  # "'" is how one stands in quotes
    return bool(quotes % 2) or part.endswith(":")


def _words_of(part: str) -> list[str]:
    return [part] if any(command in f" {part}" for command in _COMMANDS) else part.split()


def _lay_out(console: Console, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; where it is too wide its last column is folded: sentences and long names stand there."""
    names = [column.lstrip(">") for column in columns]
    widths = [max(map(cell_len, cells)) for cells in zip(names, *rows)]
    margin = sum(widths[:-1]) + GUTTER * (len(widths) - 1)
    if margin + widths[-1] > console.width and console.width - margin < SENTENCE_WIDTH:
        _stack(console, names, rows)
        return
    for row in [names, *rows]:
        laid = [
            _padded(cell, width, is_number=column.startswith(">"))
            for cell, width, column in zip(row, widths, columns)
        ]
        style = "bold" if row is names else ""
        lines = _folded(laid.pop().rstrip(), console.width - margin)
        if cell_len(lines[0]) <= console.width - margin:
            laid.append(lines.pop(0))
        _print(console, (" " * GUTTER).join(laid), style)
        for line in lines:
            # A long name has a line of its own, further left where it fits only there.
            indents = (indent for indent in (margin, GUTTER) if indent + cell_len(line) <= console.width)
            _print(console, " " * next(indents, 0) + line, style)


def _folded(text: str, width: int) -> list[str]:
    """Break a text between words; a word that is too long, such as a path, stays whole."""
    if cell_len(text) <= width:
        return [text]
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]


def _padded(cell: str, width: int, *, is_number: bool) -> str:
    room = " " * (width - cell_len(cell))
    return room + cell if is_number else cell + room


def _stack(console: Console, names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table that is too wide: each row's first cell on a line of its own, the others below it."""
    for first, *others in rows:
        _print(console, first)
        told = ", ".join(f"{name} {cell}" for name, cell in zip(names[1:], others) if cell)
        if told:
            _print(console, _broken(f"  {told}", console.width))


def _print(console: Console, line: str, style: str = "") -> None:
    """Print a line; where it is too long the terminal itself breaks it, so that it can be copied."""
    console.print(Text(line, style=style), soft_wrap=True)


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
