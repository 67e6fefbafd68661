"""A small company proxy on loopback, for trying out: CONNECT and plain HTTP, with a login or without.

python examples/loopback_proxy.py [--login user:password]
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hmac
import select
import socket
import socketserver
import ssl
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Optional
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD_LIMIT = 65536  # bytes
BLOCK = 65536  # bytes
IDLE = 60  # seconds without a byte in either direction, after which a connection is closed


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128
    proxy: LoopbackProxy

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Bear what a client does to its connection."""


@dataclass
class LoopbackProxy:
    """A running proxy."""

    port: int
    login: Optional[str] = None
    """`user:password` that it wants, or None."""
    delay: float = 0.0
    """Seconds added to each connection, and so to each plain request."""
    seen: list[str] = field(default_factory=list)
    """What it was asked for: `CONNECT host:port`, `POST http://host/path`."""

    @property
    def url(self) -> str:
        """Its URL, without a login."""
        return f"http://127.0.0.1:{self.port}"

    def admits(self, head: list[str]) -> bool:
        """Tell whether a request carries the login."""
        if self.login is None:
            return True
        wanted = "Basic " + base64.b64encode(self.login.encode()).decode()
        given = [line.partition(":")[2].strip() for line in head if _name(line) == "proxy-authorization"]
        return bool(given) and hmac.compare_digest(given[0], wanted)


@contextlib.contextmanager
def running_proxy(
    login: Optional[str] = None,
    *,
    port: int = 0,
    context: Optional[ssl.SSLContext] = None,
    delay: float = 0.0,
) -> Iterator[LoopbackProxy]:
    """Run a proxy on loopback.

    Args:
        login: `user:password`, or None for a proxy that lets everybody through.
        port: 0 takes a free one.
        context: for a proxy that speaks TLS with its clients; tunnels alone, then.
        delay: seconds added to each connection.
    """
    with _Server(("127.0.0.1", port), _Handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        server.proxy = LoopbackProxy(server.server_address[1], login, delay)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server.proxy
        finally:
            server.shutdown()
            thread.join()


class _Handler(socketserver.BaseRequestHandler):
    """One connection of a client: one request, or one tunnel."""

    request: socket.socket

    def handle(self) -> None:
        proxy = self.server.proxy  # type: ignore[attr-defined]
        received = _read_head(self.request)
        if received is None:
            return
        head, rest = received
        method, target, version = [*head[0].split(" "), "", ""][:3]
        proxy.seen.append(f"{method} {target}")
        if not proxy.admits(head[1:]):
            self._answer("407 Proxy Authentication Required", "Proxy-Authenticate: Basic realm=loopback\r\n")
            return
        time.sleep(proxy.delay)
        place = target if method == "CONNECT" else urlsplit(target).netloc
        host, _, port = place.rpartition(":")
        try:
            upstream = socket.create_connection((host or place, int(port or 80)), timeout=10)
        except (OSError, ValueError):
            self._answer("502 Bad Gateway", "")
            return
        with upstream:
            if method == "CONNECT":
                self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                upstream.sendall(_rewritten(head, method, target, version) + rest)
            _relay(self.request, upstream)

    def _answer(self, status: str, headers: str) -> None:
        # What was sent is read first: a reset would swallow the answer.
        self.request.sendall(
            f"HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )
        self.request.shutdown(socket.SHUT_WR)
        self.request.settimeout(5)
        with contextlib.suppress(OSError):
            while self.request.recv(BLOCK):
                pass


def _read_head(client: socket.socket) -> Optional[tuple[list[str], bytes]]:
    """Return the lines of a request's head, and what came after it."""
    client.settimeout(IDLE)
    received = b""
    while b"\r\n\r\n" not in received:
        block = client.recv(BLOCK)
        if not block or len(received) > HEAD_LIMIT:
            return None
        received += block
    head, _, rest = received.partition(b"\r\n\r\n")
    return head.decode("latin-1").split("\r\n"), rest


def _rewritten(head: list[str], method: str, target: str, version: str) -> bytes:
    parts = urlsplit(target)
    path = parts.path or "/"
    if parts.query:
        path += f"?{parts.query}"
    dropped = {"proxy-authorization", "proxy-connection", "connection"}
    kept = [line for line in head[1:] if _name(line) not in dropped]
    return "\r\n".join([f"{method} {path} {version}", *kept, "Connection: close", "", ""]).encode("latin-1")


def _relay(client: socket.socket, upstream: socket.socket) -> None:
    """Pass bytes both ways until one side ends."""
    client.settimeout(None)
    upstream.settimeout(None)
    other = {client: upstream, upstream: client}
    while True:
        ready, _, _ = select.select([client, upstream], [], [], IDLE)
        if not ready:
            return
        for side in ready:
            block = side.recv(BLOCK)
            # What TLS has decrypted already, select does not see.
            while isinstance(side, ssl.SSLSocket) and side.pending():
                block += side.recv(BLOCK)
            if not block:
                return
            other[side].sendall(block)


def _name(line: str) -> str:
    return line.partition(":")[0].strip().lower()


def main() -> None:
    """Run one until Ctrl-C."""
    parser = argparse.ArgumentParser(description="A small proxy on loopback, for trying out only.")
    parser.add_argument("--login", metavar="USER:PASSWORD", help="the login that it wants")
    with running_proxy(parser.parse_args().login) as proxy, contextlib.suppress(KeyboardInterrupt):
        print(proxy.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
