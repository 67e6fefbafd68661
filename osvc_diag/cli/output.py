"""What a command says: its result on stdout, all else on stderr, in plain lines."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Optional, TextIO

from osvc_diag import events
from osvc_diag.errors import DiagError
from osvc_diag.printable import printable
from osvc_diag.units import counted, format_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

STDOUT, STDERR = 1, 2
PROGRAM = "osvc-diag"
"""What errors begin with, also under `python -m osvc_diag`: hints name the commands to type by it."""


@dataclass
class Output:
    """Plain lines: for pipes, logs and schedulers. `osvc_diag.ui` has its twin for terminals."""

    is_quiet: bool = False
    is_verbose: bool = False
    is_json: bool = False
    """Whether the result is wanted as JSON."""
    has_result: bool = field(default=False, init=False)
    """Whether a result was printed."""
    stdout: TextIO = field(default_factory=lambda: _or_nowhere(sys.stdout))
    stderr: TextIO = field(default_factory=lambda: _or_nowhere(sys.stderr))

    def result(self, text: str) -> None:
        """Print what the command was run for: the only thing on stdout.

        Raises:
            DiagError: stdout cannot be written; the text of the error has the result.
        """
        self.has_result = True
        try:
            self.stdout.write(text + "\n")
            self.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            # What is still buffered would fail once more when the process ends.
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), self.stdout.fileno())
            raise DiagError(f"cannot write to stdout: {error.strerror}; the result is: {text}") from error

    def keep_stdout(self) -> None:
        """From now on have results alone on stdout: what anybody else in this process prints goes to stderr.

        For the rest of the process: a third party's code may go on in a thread that was left behind.
        """
        try:
            is_first = self.stdout.fileno() == STDOUT
        except (OSError, ValueError):
            return
        if not is_first or not isinstance(self.stdout, io.TextIOWrapper):
            return
        theirs = self.stdout
        theirs.flush()
        fd = os.dup(STDOUT)
        self.stdout = open(fd, "w", encoding=theirs.encoding, errors=theirs.errors)  # noqa: SIM115 - kept open
        # Where the program was started without stderr, that number may be any file's by now.
        os.dup2(os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC) if sys.stderr is None else STDERR, STDOUT)
        theirs.reconfigure(line_buffering=True)

    def say(self, text: str = "") -> None:
        """Tell something, unless it should be quiet."""
        if not self.is_quiet:
            self._line(text)

    def detail(self, text: str) -> None:
        """Tell something that only `-v` asks for."""
        if self.is_verbose:
            self._line(text)

    def warn(self, text: str) -> None:
        """Tell something that matters even when quiet."""
        self._line(f"warning: {text}")

    def error(self, error: DiagError) -> None:
        """Tell what went wrong, and what to do next."""
        self._line(f"{PROGRAM}: {error}")
        if error.hint:
            self._line(f"  hint: {error.hint}")
        self.steps(error.steps)

    def steps(self, steps: Iterable[str]) -> None:
        """Tell what to do now, a line each, even when quiet; a command has a line of its own."""
        for step in steps:
            self._line(f"  {step}")

    def table(
        self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, as_result: bool = False
    ) -> None:
        """Print a table.

        Args:
            title: its heading; may be empty.
            columns: headings; one that begins with `>` is for numbers.
            rows: cells of text, which may come from anywhere.
            as_result: whether it is what the command was run for.
        """
        if self.is_quiet and not as_result:
            return
        lines = "\n".join(table_lines(title, columns, rows))
        if as_result:
            self.result(lines)
        else:
            self.stderr.write(lines + "\n")

    @contextlib.contextmanager
    def progress(self) -> Iterator[events.Listener]:
        """Yield a listener that shows what happens."""
        yield self.tell

    @property
    def is_interactive(self) -> bool:
        """Whether somebody is there to answer."""
        return False

    def ask(self, question: str) -> Optional[str]:
        """Return what the user answers, or None where nobody is there."""
        del question
        return None

    def tell(self, event: events.Event) -> None:
        """Tell of an event in a line, if at all."""
        if isinstance(event, (events.Advanced, events.ArtifactStarted)):
            return
        if isinstance(event, events.Warned):
            self.warn(event.message)
        elif isinstance(event, events.Planned):
            self.say(
                f"{counted(event.artifacts, 'artifact')}, at most {format_size(event.source_bytes)} to read; "
                f"a bundle of about {format_size(event.expected_bytes)} comes to {event.folder}, "
                "if logs compress as they usually do"
            )
        elif isinstance(event, events.PhaseStarted):
            self.detail(event.phase)
        elif isinstance(event, events.ArtifactFinished) and self.is_verbose:
            asked = f"  ({', '.join(event.collectors)})" if event.collectors else ""
            self.detail(f"{event.state:<10}{printable(event.name)}{asked}")

    def _line(self, text: str) -> None:
        self.stderr.write(printable(text, keep="\n") + "\n")
        self.stderr.flush()


def error_as_json(error: DiagError) -> dict[str, object]:
    """Return an error for programs."""
    return {
        "error": type(error).__name__,
        "message": str(error),
        "hint": error.hint,
        "exit_code": error.exit_code,
    }


def _or_nowhere(stream: Optional[TextIO]) -> TextIO:
    """Return the stream, or one into nothing where the program was started without it."""
    return stream or open(os.devnull, "w", encoding="utf-8")


def table_lines(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Lay a table out in columns as wide as their widest cell."""
    cells = [[printable(cell) for cell in row] for row in rows]
    names = [name.lstrip(">") for name in columns]
    widths = [max([len(name), *(len(row[at]) for row in cells)]) for at, name in enumerate(names)]
    if title:
        yield title
    for row in [names, *cells]:
        laid = [
            cell.rjust(width) if column.startswith(">") else cell.ljust(width)
            for cell, width, column in zip(row, widths, columns)
        ]
        yield "  ".join(laid).rstrip()
