"""A support exchange and a company proxy on loopback: try an upload without sending anything anywhere.

    python examples/loopback_exchange.py          starts both, prints how to use them, ends with Ctrl-C

It needs the packages of the `test` extra. The server is a real bepasty; its folder is removed at the end.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Optional
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SENDER_LOGIN = "support:support"
"""For those who send, as at the real exchange: they may create, and neither read nor list."""

START_LIMIT = 30  # seconds


@dataclass
class LoopbackExchange:
    """A bepasty in a process of its own, that can be stopped, killed and started again on the same port."""

    storage: str
    """Folder in which it keeps its items: NAME.data and NAME.meta."""
    options: Sequence[str] = ()
    """For the command line of the server."""
    staff_password: str = field(default_factory=lambda: secrets.token_urlsafe(16), repr=False)
    """May do everything: what a support engineer has."""
    url: str = ""
    process: Optional[subprocess.Popen[bytes]] = None

    def start(self) -> None:
        """Start it; the second time on the port of the first."""
        port = str(urlsplit(self.url).port or 0)
        command = [sys.executable, __file__, "--serve", self.storage, "--port", port, *self.options]
        environ = {**os.environ, "LOOPBACK_STAFF": self.staff_password}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environ)
        assert self.process.stdout is not None
        line = self.process.stdout.readline().decode().strip()
        if not line:
            raise RuntimeError("the exchange did not start: are the packages of the test extra installed?")
        self.url = line

    def stop(self, how: int = signal.SIGTERM) -> None:
        """End it: with SIGKILL, as a crash does."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None

    def items(self) -> list[str]:
        """Return the names of all items, complete or not."""
        return sorted(name[:-5] for name in os.listdir(self.storage) if name.endswith(".meta"))

    def data(self, item: str) -> bytes:
        """Return the bytes of an item as they lie on the server's disk."""
        with open(os.path.join(self.storage, f"{item}.data"), "rb") as file:
            return file.read()

    def meta(self, item: str) -> dict[str, Any]:
        """Return what the server knows of a complete item, asked with the staff's login."""
        return dict(json.loads(self._get(f"/apis/rest/items/{item}"))["file-meta"])

    def fetch(self, item: str) -> bytes:
        """Return the bytes of a complete item as a support engineer gets them."""
        return self._get(f"/apis/rest/items/{item}/download")

    def _get(self, path: str) -> bytes:
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=START_LIMIT)
        login = base64.b64encode(f"staff:{self.staff_password}".encode()).decode()
        with contextlib.closing(connection):
            connection.request("GET", parts.path + path, headers={"Authorization": f"Basic {login}"})
            answer = connection.getresponse()
            content = answer.read()
        if answer.status != 200:  # noqa: PLR2004 - an HTTP status
            raise LookupError(f"{path}: {answer.status}")
        return content


@contextlib.contextmanager
def running_exchange(*options: str) -> Iterator[LoopbackExchange]:
    """Run a bepasty on a free loopback port; its items are removed at the end.

    Args:
        options: `--max-body BYTES`, `--max-file BYTES`, `--prefix /PATH`, `--cert FILE --key FILE`.
    """
    with tempfile.TemporaryDirectory(prefix="osvc-diag-exchange-") as storage:
        exchange = LoopbackExchange(storage, options)
        exchange.start()
        try:
            yield exchange
        finally:
            exchange.stop()


def serve(arguments: argparse.Namespace) -> None:
    """Run the server in this process until a signal ends it."""
    from bepasty.app import create_app  # noqa: PLC0415 - only the server needs it
    from bepasty.config import Config  # noqa: PLC0415 - only the server needs it
    from cheroot.ssl.builtin import BuiltinSSLAdapter  # noqa: PLC0415 - only the server needs it
    from cheroot.wsgi import Server  # noqa: PLC0415 - only the server needs it

    staff = os.environ.pop("LOOPBACK_STAFF", "") or secrets.token_urlsafe(16)
    settings = {
        "SECRET_KEY": secrets.token_urlsafe(32),
        "STORAGE_FILESYSTEM_DIRECTORY": arguments.serve,
        "PERMISSIONS": {
            SENDER_LOGIN.partition(":")[2]: "create",
            staff: "admin,list,create,modify,read,delete",
        },
        "SESSION_COOKIE_SECURE": False,
        "APP_BASE_PATH": arguments.prefix or None,
        "MAX_BODY_SIZE": arguments.max_body,
        "MAX_ALLOWED_FILE_SIZE": arguments.max_file,
    }
    for name, value in settings.items():
        if value is not None:
            setattr(Config, name, value)
    server = Server(("127.0.0.1", arguments.port or _free_port()), create_app(), numthreads=16, timeout=30)
    if arguments.cert:
        server.ssl_adapter = BuiltinSSLAdapter(arguments.cert, arguments.key)
    server.prepare()
    scheme = "https" if arguments.cert else "http"
    print(f"{scheme}://127.0.0.1:{server.bind_addr[1]}{arguments.prefix}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    with contextlib.suppress(KeyboardInterrupt):
        server.serve()


def _free_port() -> int:
    """Return a port that the server can have now, and again after a crash."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    """Run an exchange and a proxy, or only the server that `running_exchange` starts."""
    parser = argparse.ArgumentParser(
        description="A support exchange and a proxy on loopback, for trying out."
    )
    parser.add_argument("--serve", metavar="STORAGE", help="run the server alone, on this folder")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--max-body", type=int, metavar="BYTES", help="of a request, as the server tells it")
    parser.add_argument("--max-file", type=int, metavar="BYTES")
    parser.add_argument("--prefix", default="", metavar="/PATH", help="of the server's URL")
    parser.add_argument("--cert", metavar="FILE", help="speak TLS")
    parser.add_argument("--key", metavar="FILE")
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments)
        return
    from loopback_proxy import running_proxy  # noqa: PLC0415 - only here

    with running_exchange() as exchange, running_proxy() as proxy, contextlib.suppress(KeyboardInterrupt):
        host = urlsplit(exchange.url).netloc
        print(f"exchange: http://{SENDER_LOGIN}@{host}\nproxy:    {proxy.url}")
        print(f"staff:    http://staff:{exchange.staff_password}@{host}/+list", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
