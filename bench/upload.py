"""Uploads, as multiples of `curl -F` in the same run: python bench/upload.py [--size MB] [--rounds N].

Everything goes through a proxy on loopback to a bepasty on loopback; all data is made here and removed. The
proxy is a tinyproxy where one is installed, else the example's own.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
import tempfile
from typing import TYPE_CHECKING

from measure import MB, Contestant, compare

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path[:0] = [os.path.join(ROOT, "examples"), os.path.join(ROOT, "tests", "exchange")]

from loopback_exchange import SENDER_LOGIN, running_exchange  # noqa: E402 - examples are not installed
from loopback_proxy import running_proxy  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

DELAY = 0.05  # seconds added to each request, as a far exchange does


def main() -> None:
    """Measure what the options ask for, or be the process that is measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=500, help="MB (default 500)")
    parser.add_argument("--far-size", type=int, default=50, help="MB for the far exchange (default 50)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--send", nargs=4, metavar=("FILE", "URL", "PROXY", "FLIGHT"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.send:
        send(*args.send)
        return
    with tempfile.TemporaryDirectory(prefix="osvc-diag-bench-") as folder, running_exchange() as exchange:
        with any_proxy() as (name, proxy):
            path = make_file(folder, args.size * MB)
            compare(
                f"{args.size} MB through {name} on loopback",
                [
                    then_clean(exchange.storage, "curl -F", curl(path, exchange.url, proxy)),
                    then_clean(exchange.storage, "osvc_diag", own(path, exchange.url, proxy, 4)),
                    then_clean(
                        exchange.storage, "osvc_diag, one chunk at a time", own(path, exchange.url, proxy, 1)
                    ),
                ],
                rounds=args.rounds,
                size=args.size * MB,
            )
        with running_proxy(delay=DELAY) as far:
            path = make_file(folder, args.far_size * MB)
            compare(
                f"{args.far_size} MB, {DELAY * 1000:.0f} ms added to each request",
                [
                    then_clean(exchange.storage, "one chunk at a time", own(path, exchange.url, far.url, 1)),
                    then_clean(exchange.storage, "four in flight", own(path, exchange.url, far.url, 4)),
                ],
                rounds=args.rounds,
                size=args.far_size * MB,
            )


def send(path: str, url: str, proxy: str, flight: str) -> None:
    """Upload one file, and nothing else: what a bundle needs besides is measured elsewhere."""
    from osvc_diag.exchange import bepasty_web  # noqa: PLC0415 - in the measured process alone
    from osvc_diag.exchange.bepasty import BepastyExchange  # noqa: PLC0415
    from osvc_diag.exchange.interface import Conditions  # noqa: PLC0415
    from osvc_diag.exchange.login import Login  # noqa: PLC0415
    from osvc_diag.exchange.opened import OpenedBundle  # noqa: PLC0415
    from osvc_diag.exchange.progress import drop_progress  # noqa: PLC0415
    from osvc_diag.exchange.proxy import choose_proxy  # noqa: PLC0415

    bepasty_web.IN_FLIGHT = int(flight)
    choice = choose_proxy(url, explicit=proxy, environ={})
    with OpenedBundle(path) as bundle:
        conditions = Conditions(login=Login.parse(SENDER_LOGIN), proxy=choice)
        BepastyExchange(url).deliver(bundle, conditions, lambda _event: None)
    drop_progress(path)


def own(path: str, url: str, proxy: str, flight: int) -> tuple[str, ...]:
    """Return the command that uploads with this many chunks in flight."""
    return (sys.executable, os.path.abspath(__file__), "--send", path, url, proxy, str(flight))


def curl(path: str, url: str, proxy: str) -> tuple[str, ...]:
    """Return the command of the support page, through the proxy."""
    if shutil.which("curl") is None:
        raise SystemExit("curl is not installed: there is nothing to compare with")
    form = ("-F", f"file=@{path}", "-F", "maxlife-unit=DAYS", "-F", "maxlife-value=7")
    return ("curl", "-sS", "-f", "--noproxy", "", "-x", proxy, "-u", SENDER_LOGIN, *form, f"{url}/+upload")


def then_clean(storage: str, name: str, command: tuple[str, ...]) -> Contestant:
    """Return a contestant that empties the server's folder afterwards: it would fill the disk."""
    return Contestant(name, ("sh", "-c", f'"$@" && rm -f {storage}/*', "sh", *command))


def make_file(folder: str, size: int) -> str:
    """Write random bytes, as a bundle is, and return the path."""
    path = os.path.join(folder, f"bundle-{size}.tar.gz")
    with open(path, "wb") as file:
        file.writelines(os.urandom(min(MB, size - start)) for start in range(0, size, MB))
    return path


@contextlib.contextmanager
def any_proxy() -> Iterator[tuple[str, str]]:
    """Run a tinyproxy where one is installed, else the example's own proxy; yield its name and URL."""
    from real_parts import running_tinyproxy  # noqa: PLC0415 - a helper of the tests

    if shutil.which("tinyproxy"):
        with running_tinyproxy() as url:
            yield "tinyproxy", url
    else:
        with running_proxy() as proxy:
            yield "the example's proxy", proxy.url


if __name__ == "__main__":
    main()
