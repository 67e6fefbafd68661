"""Redaction alone, engine against engine and `tar czf`: python bench/redaction.py [--size MB] [--rounds N].

Each runs as a process of its own through the same log, of which one line in a thousand has a secret; about a
hundred spellings are learned, and nothing is written. What is searched is the log as it is, secrets and all:
more work than a redacted one. Everything is made in a temporary folder and removed.
"""

from __future__ import annotations

import argparse
import base64
import os
import random
import sys
import tempfile
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from measure import MB, Contestant, compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osvc_diag.redaction import Secrets

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
SAMPLE = os.path.join(ROOT, "examples", "node", "var", "log", "opensvc", "node.log")
BLOCK = 256 * 1024  # bytes
SECRET_SHARE = 0.001  # of the lines
LEARNED = 18  # values, in five to six spellings each


def main() -> None:
    """Measure what the options ask for, or be the process that is measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=100, help="MB of logs (default 100; targets are for 512)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", nargs=2, metavar=("WORK", "FILE"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.work:
        work(*args.work)
        return
    with tempfile.TemporaryDirectory(prefix="osvc-diag-bench-") as folder:
        path = os.path.join(folder, "node.log")
        make_log(path, args.size * MB)
        own = (sys.executable, os.path.abspath(__file__), "--work")
        compare(
            f"a log of {args.size} MB, {len(secrets().literals)} spellings learned",
            [
                Contestant("tar czf", ("tar", "czf", path + ".tgz", "-C", folder, "node.log")),
                *(
                    Contestant(f"{done}, {engine or 'as chosen'}", (*own, f"{task}:{engine}", path))
                    for task, done in (("redact", "redacted"), ("search", "searched as verify does"))
                    for engine in (*engines(), "")
                ),
                Contestant("read", (*own, "read", path)),
                Contestant("bare interpreter", (sys.executable, "-c", "")),
            ],
            rounds=args.rounds,
            size=args.size * MB,
        )


def work(kind: str, path: str) -> None:
    """Go through a log once."""
    sys.path.insert(0, ROOT)
    from osvc_diag.form import Form  # noqa: PLC0415 - in the measured process alone
    from osvc_diag.redaction import Redactor, SecretSearch, Tokens  # noqa: PLC0415

    task, _, engine = kind.partition(":")
    counts: Counter[str] = Counter()
    if task == "read":
        out: Iterator[object] = blocks(path)
    elif task == "search":
        out = iter(SecretSearch(secrets(), engine=engine or None).search(blocks(path)))
    else:
        out = Redactor(secrets(), Tokens.random(), engine=engine or None).redact(
            blocks(path), Form.LOG, counts
        )
    for _ in out:
        pass


def engines() -> list[str]:
    """Return the engines that are usable here."""
    sys.path.insert(0, ROOT)
    from osvc_diag.redaction.engine import ENGINES, make_finder  # noqa: PLC0415

    usable = []
    for engine in ENGINES:
        try:
            make_finder(engine, (), (b"probe",))
        except ValueError:
            print(f"{engine} is not usable here")
            continue
        usable.append(engine)
    return usable


def secrets() -> Secrets:
    """Learn values as they stand in the configuration of a node."""
    sys.path.insert(0, ROOT)
    from osvc_diag.redaction import learn  # noqa: PLC0415

    lines = [f"[env]\npw{number} = {value}" for number, value in enumerate(values())]
    return learn([("svc1.conf", "\n".join(lines).encode())], ["svc1", "node1"])


def values() -> list[str]:
    """Return secrets: passwords, keys in base64, random uuids."""
    dice = random.Random(2)
    keys = [base64.b64encode(dice.randbytes(18)).decode() for _ in range(LEARNED // 2)]
    return keys + [f"Pa{dice.randrange(10**6)}sw{dice.choice('xyzKQ')}" for _ in range(LEARNED - len(keys))]


def blocks(path: str) -> Iterator[bytes]:
    """Yield a file's bytes."""
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            yield block


def make_log(path: str, size: int) -> None:
    """Write the sample's lines over and over, some with a secret, half of those a learned one."""
    with open(SAMPLE, encoding="utf-8", errors="replace") as sample:
        texts = [line[24:] for line in sample if line[:2] == "20"]
    dice = random.Random(1)
    time = datetime(2026, 10, 1)  # noqa: DTZ001 - logs have no zone
    learned = values()
    written = 0
    with open(path, "w", encoding="utf-8") as log:
        while written < size:
            time += timedelta(milliseconds=dice.randint(1, 400))
            text = dice.choice(texts)
            if dice.random() < SECRET_SHARE:
                what = dice.choice((f"--password x{dice.random()}", f"said {dice.choice(learned)}"))
                text = f"INFO n:node1 o:svc1 r:app#1 sc:n | app {what}\n"
            line = f"{time:%Y-%m-%d %H:%M:%S},{time.microsecond // 1000:03d} {text}"
            log.write(line)
            written += len(line)


if __name__ == "__main__":
    main()
