"""Whole bundles, as multiples of `tar czf` in the same run: python bench/bundle.py [--size MB] [--rounds N].

`tar czf` neither redacts nor hashes nor verifies. Everything is made in a temporary folder and removed.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
from datetime import datetime, timedelta

from measure import MB, Contestant, compare

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLE = os.path.join(os.path.dirname(HERE), "examples", "node")
DIAG = (sys.executable, "-m", "osvc_diag")
SECRET_SHARE = 0.001  # of the lines


def main() -> None:
    """Measure what the options ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=200, help="MB of logs (default 200)")
    parser.add_argument("--objects", type=int, default=1000, help="for many small files (default 1000)")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="osvc-diag-bench-") as folder:
        big = make_big_node(os.path.join(folder, "big"), args.size * MB)
        many = make_many_objects(os.path.join(folder, "many"), args.objects)
        out = os.path.join(folder, "out")
        os.mkdir(out)
        measure_big(big, out, args.size * MB, args.rounds)
        measure_window(big, out, args.rounds)
        measure_many(many, out, args.rounds)
        measure_small(out, args.rounds)


def measure_big(node: str, out: str, size: int, rounds: int) -> None:
    """Measure a bundle of one big log."""
    whole = ("node", "--root", node, "--log-size", "100G", "--output", out, "-q")
    compare(
        f"a log of {size // MB} MB, everything on",
        [tar(node, out), Contestant("osvc_diag", (*DIAG, *whole))],
        rounds=rounds,
        size=size,
    )


def measure_window(node: str, out: str, rounds: int) -> None:
    """Measure an hour of a big log."""
    path = os.path.join(node, "var/log/opensvc/node.log")
    with open(path, "rb") as log:
        log.seek(os.path.getsize(path) // 2)
        log.readline()
        middle = log.readline()[:19].decode()
    until = str(datetime.fromisoformat(middle) + timedelta(minutes=10))
    window = ("node", "--root", node, "--since", middle, "--until", until, "--output", out, "-q")
    compare(
        "ten minutes out of its middle",
        [tar(node, out), Contestant("osvc_diag --since --until", (*DIAG, *window))],
        rounds=rounds,
    )


def measure_many(node: str, out: str, rounds: int) -> None:
    """Measure many small files."""
    compare(
        "many objects with small files",
        [tar(node, out), Contestant("osvc_diag '**'", (*DIAG, "**", "--root", node, "--output", out, "-q"))],
        rounds=rounds,
    )


def measure_small(out: str, rounds: int) -> None:
    """Measure start-up, and one object of an idle node."""
    compare(
        "start-up",
        [
            Contestant("python -c pass", (sys.executable, "-c", "pass")),
            Contestant("osvc_diag --help", (*DIAG, "--help")),
            Contestant(
                "osvc_diag prod/svc/web", (*DIAG, "prod/svc/web", "--root", SAMPLE, "--output", out, "-q")
            ),
        ],
        rounds=rounds,
    )


def tar(node: str, out: str) -> Contestant:
    """Return the stock tool on the same files."""
    return Contestant("tar czf", ("tar", "czf", os.path.join(out, "stock.tgz"), "-C", node, "."))


def make_big_node(node: str, size: int) -> str:
    """Make a node whose node.log is the sample's lines over and over, some with a secret."""
    shutil.copytree(SAMPLE, node)
    path = os.path.join(node, "var/log/opensvc/node.log")
    with open(path, encoding="utf-8", errors="replace") as sample:
        texts = [line[24:] for line in sample if line[:2] == "20"]
    dice = random.Random(1)
    time = datetime(2026, 10, 1)  # noqa: DTZ001 - logs have no zone
    written = 0
    with open(path, "w", encoding="utf-8") as log:
        while written < size:
            time += timedelta(milliseconds=dice.randint(1, 400))
            text = dice.choice(texts)
            if dice.random() < SECRET_SHARE:
                text = f"INFO n:node1 o:svc1 r:app#1 sc:n | app --password Sup3rS3cret {dice.random()}\n"
            line = f"{time:%Y-%m-%d %H:%M:%S},{time.microsecond // 1000:03d} {text}"
            log.write(line)
            written += len(line)
    return node


def make_many_objects(node: str, count: int) -> str:
    """Make a node with many services: a conf, a log and four state files each, 5 KB in all."""
    shutil.copytree(SAMPLE, node)
    line = "2026-11-22 19:54:44,727 INFO n:node1 o:svc1 sc:y | resources after tags[] filter: app#1\n"
    for number in range(count):
        name = f"load{number}"
        var = os.path.join(node, "var/lib/opensvc/svc", name)
        os.makedirs(os.path.join(var, "app#1"))
        files = {
            os.path.join(
                node, "etc/opensvc", f"{name}.conf"
            ): f"[DEFAULT]\nid = {number}\n\n[env]\npw = s{number}Xyq\n",
            os.path.join(node, "var/log/opensvc", f"{name}.log"): line * 45,
            os.path.join(var, "status.json"): '{"status": "up", "frozen": 0, "resources": {}}' * 10,
            os.path.join(var, "frozen"): "",
            os.path.join(var, "app#1/status.last"): '{"status": "up", "label": "simple: sleep", "log": []}',
            os.path.join(var, "app#1/status.history"): "2026-11-22 19:54:44 up\n" * 8,
        }
        for path, content in files.items():
            with open(path, "w", encoding="utf-8") as file:
                file.write(content)
    return node


if __name__ == "__main__":
    main()
