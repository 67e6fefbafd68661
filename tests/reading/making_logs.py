"""Logs for the tests, and the plain truth about them: record by record, without any bisection."""

from __future__ import annotations

import os
import random
from datetime import datetime, timedelta, timezone

from osvc_diag.form import Form
from osvc_diag.plugin.artifact import Artifact
from osvc_diag.plugin.sources import LogSource
from osvc_diag.reading.bounds import Bounds
from osvc_diag.reading.sources import Outcome, SourceReader
from osvc_diag.reading.trees import Trees
from osvc_diag.window import Window

UTC = timezone.utc
START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
TRACEBACK = b'Traceback (most recent call last):\n  File "x.py", line 3, in f\n\nKeyError: 2026\n'


def record(time: datetime, message: bytes = b"| do sync_all", end: bytes = b"\n") -> bytes:
    """A line as the agent writes it; the time's own fields are shown."""
    shown = time.strftime("%Y-%m-%d %H:%M:%S") + f",{time.microsecond // 1000:03d}"
    return shown.encode() + b" INFO n:node1 " + message + end


def steady_log(count: int, *, start: datetime = START, step: float = 1.0, width: int = 100) -> bytes:
    """Records in order, `step` seconds apart."""
    message = b"| " + b"x" * (width - 40)
    return b"".join(record(start + timedelta(seconds=step * number), message) for number in range(count))


def restless_log(seed: int, count: int, *, inversion: timedelta, span: timedelta) -> bytes:
    """Records that stand up to `inversion` from their place, with tracebacks, long lines and empty ones."""
    chance = random.Random(seed)
    lines = [b"a line before any record\n"] * chance.randrange(2)
    for number in range(count):
        place = START + span * number / count
        time = place + inversion * chance.uniform(-0.5, 0.5)
        lines.append(record(time, b"| " + b"x" * chance.randrange(200), chance.choice([b"\n", b"\r\n"])))
        kind = chance.randrange(20)
        if kind == 0:
            lines.append(TRACEBACK)
        elif kind == 1:
            lines.append(b"\n\n")
        elif kind == 2:
            lines.append(b"binary \x00\xff\xfe " + b"y" * chance.randrange(9000) + b"\n")
    return b"".join(lines)


def brute_force(log: bytes, since: datetime | None, until: datetime | None) -> bytes:
    """What a window holds of a log in UTC, by reading every line."""
    kept, wanted = [], since is None
    for line in _lines(log):
        try:
            shown = datetime.strptime(line[:23].decode("ascii") + "Z", "%Y-%m-%d %H:%M:%S,%f%z")
        except ValueError:
            pass
        else:
            wanted = (since is None or shown >= since) and (until is None or shown < until)
        if wanted:
            kept.append(line)
    return b"".join(kept)


def _lines(log: bytes) -> list[bytes]:
    return [line + b"\n" for line in log.split(b"\n")[:-1]] + [log.split(b"\n")[-1]]


class Logs:
    """A folder of logs, read as a run reads them."""

    def __init__(self, folder: object, *, budget: int = 1 << 40) -> None:
        self.folder = str(folder)
        self.budget = budget
        self.begin()

    def begin(self, *, since: datetime | None = None, until: datetime | None = None, zone=UTC) -> None:
        """Begin a run: budgets are full again."""
        self.reader = SourceReader(Trees([self.folder]), Bounds.of(Window(since, until), zone), self.budget)

    def write(self, name: str, content: bytes, *, mtime: datetime = START + timedelta(days=30)) -> str:
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(content)
        os.utime(path, (mtime.timestamp(), mtime.timestamp()))
        return path

    def stream(self, name: str, outcome: Outcome, *, family: str = "node.log", age: int = 0):
        source = LogSource(os.path.join(self.folder, name), family, age)
        return self.reader.read(Artifact(f"file/{name}", source, form=Form.LOG), outcome)

    def read(self, name: str, **how: object) -> tuple[bytes, Outcome]:
        """Read a log whole; of a plain one, check that the account adds up."""
        outcome = Outcome()
        text = b"".join(self.stream(name, outcome, **how))
        if not name.endswith((".gz", ".bz2", ".xz")):
            assert len(text) + outcome.left_out_bytes == outcome.source_bytes
        return text, outcome
