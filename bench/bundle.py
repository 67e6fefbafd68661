"""Whole bundles as multiples of `tar czf`, in one table: make bench, or python bench/bundle.py [OPTIONS].

`tar czf` neither redacts nor hashes nor verifies. Its archive is what gzip -6 makes, which ours is compared with.
Everything is made in a temporary folder (--folder) and removed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile

from generate import big_node, last_hour, long_line_node, rotated_node
from measure import MB, Contestant, Table
from objects import make_objects

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLE = os.path.join(os.path.dirname(HERE), "examples", "node")
DIAG = (sys.executable, "-m", "osvc_diag")
ALL = ("logs", "window", "memory", "objects", "start")
LIBPCRE2 = "osvc_diag.libpcre2"
ROTATED = 100  # logs
HUGE = 10_000  # MB
MANY = 50_000  # objects


class Bench:
    """What all measurements share: where they happen, and the table."""

    def __init__(self, folder: str, table: Table) -> None:
        self.folder = folder
        self.out = os.path.join(folder, "out")
        self.table = table
        os.mkdir(self.out)

    def path(self, name: str) -> str:
        """Return a path for a node to be made."""
        return os.path.join(self.folder, name)

    def tar(self, node: str, *, name: str = "tar czf", how: tuple[str, ...] = ("-z",)) -> Contestant:
        """Return the stock tool on a node's files."""
        archive = os.path.join(self.out, "stock.tgz")
        return Contestant(name, ("tar", "-c", *how, "-f", archive, "-C", node, "."), output=self.out)

    def diag(self, name: str, *args: str, node: str, without: tuple[str, ...] = ()) -> Contestant:
        """Return osvc_diag on a node's files; hide modules as if they were not installed."""
        environ = {"PYTHONPATH": os.path.join(HERE, "without"), "BENCH_WITHOUT": ",".join(without)}
        # What is measured is the work, not how politely it steps back behind others'.
        command = (*DIAG, *args, "--root", node, "--output", self.out, "-q", "--no-low-priority")
        return Contestant(name, command, environ if without else None, self.out)


def measure_logs(bench: Bench, args: argparse.Namespace) -> None:
    """Measure a bundle of big logs, with what speeds it up and without."""
    node = big_node(bench.path("logs"), args.size * MB)
    whole = ("node", "svc1", "--log-size", "100G")
    contestants = [
        bench.tar(node),
        bench.diag("osvc_diag, all that is installed", *whole, node=node),
        bench.diag("osvc_diag, libpcre2 alone", *whole, node=node, without=("isal", "hyperscan")),
        bench.diag("osvc_diag, pure Python", *whole, node=node, without=("isal", "hyperscan", LIBPCRE2)),
        bench.diag("osvc_diag --compress small", *whole, "--compress", "small", node=node),
    ]
    if shutil.which("pigz"):
        contestants.insert(1, bench.tar(node, name="tar -I pigz", how=("-I", "pigz")))
    bench.table.compare(f"{args.size} MB of logs, everything on", contestants, size=args.size * MB)
    shutil.rmtree(node)


def measure_window(bench: Bench, args: argparse.Namespace) -> None:
    """Measure the last hour of a big log."""
    size = args.window_size
    node = big_node(bench.path("window"), size * MB)
    since = last_hour(int(size * MB * 0.75))
    contestants = [
        Contestant("cat to nowhere", ("sh", "-c", f"cat {node}/var/log/opensvc/node.log >/dev/null")),
        bench.diag("osvc_diag node --since", "node", "--since", since, node=node),
    ]
    bench.table.compare(f"the last hour of {size} MB of logs", contestants)
    shutil.rmtree(node)


def measure_memory(bench: Bench, args: argparse.Namespace) -> None:
    """Measure memory: one endless line, many rotated logs, and far more of a log where that is asked for."""
    nodes = {
        f"one line of {args.size} MB": lambda path: long_line_node(path, args.size * MB),
        f"{ROTATED} rotated logs": lambda path: rotated_node(path, ROTATED),
    }
    if args.huge:
        nodes[f"{HUGE} MB of logs"] = lambda path: big_node(path, HUGE * MB)
    table = bench.table.with_rounds(0)
    for title, make in nodes.items():
        node = make(bench.path("memory"))
        bare = Contestant("bare interpreter", (sys.executable, "-c", "pass"))
        whole = bench.diag("osvc_diag", "node", "--log-size", "100G", node=node)
        table.compare(f"memory: {title}", [bench.tar(node), whole, bare])
        shutil.rmtree(node)


def measure_objects(bench: Bench, args: argparse.Namespace) -> None:
    """Measure many small files."""
    for count in (args.objects // 2, args.objects, *((MANY,) if args.many else ())):
        node = bench.path("objects")
        make_objects(node, count)
        contestants = [bench.tar(node), bench.diag("osvc_diag '**'", "**", node=node)]
        bench.table.compare(f"{count} objects with 3 small files each", contestants)
        shutil.rmtree(node)


def measure_start(bench: Bench, _args: argparse.Namespace) -> None:
    """Measure start-up, and one object of an idle node."""
    bundle = bench.path("shown.tar.gz")
    subprocess.run(
        (*DIAG, "prod/svc/web", "--root", SAMPLE, "--output", bundle, "-q"),
        stdout=subprocess.DEVNULL,
        check=False,  # 10 where the sample lacks something
    )
    contestants = [
        Contestant("python -c pass", (sys.executable, "-c", "pass")),
        Contestant("osvc_diag --version", (*DIAG, "--version")),
        Contestant("osvc_diag --help", (*DIAG, "--help")),
        Contestant("osvc_diag show", (*DIAG, "show", bundle)),
        bench.diag("osvc_diag prod/svc/web", "prod/svc/web", node=SAMPLE),
    ]
    bench.table.compare("start-up, and one object", contestants)


def main() -> None:
    """Measure what the options ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("only", nargs="*", metavar="WHAT", help=f"of {' '.join(ALL)} (default all)")
    parser.add_argument("--size", type=int, default=1000, help="MB of logs (default 1000)")
    parser.add_argument("--window-size", type=int, default=1000, help="MB of logs for --since (default 1000)")
    parser.add_argument("--objects", type=int, default=5000, help="with small files (default 5000)")
    parser.add_argument("--huge", action="store_true", help=f"memory with {HUGE} MB of logs, too")
    parser.add_argument("--many", action="store_true", help=f"{MANY} objects, too")
    parser.add_argument("--rounds", type=int, default=3, help="after one that warms up (default 3)")
    parser.add_argument("--folder", help="where the files are made (default: the system's temporary folder)")
    args = parser.parse_args()
    unknown = set(args.only) - set(ALL)
    if unknown:
        parser.error(f"no such measurement: {', '.join(sorted(unknown))}; there are {', '.join(ALL)}")
    with tempfile.TemporaryDirectory(prefix="osvc-diag-bench-", dir=args.folder) as folder:
        bench = Bench(folder, Table(args.rounds))
        for name in args.only or ALL:
            globals()[f"measure_{name}"](bench, args)


if __name__ == "__main__":
    main()
