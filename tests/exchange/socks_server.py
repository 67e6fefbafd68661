"""A small SOCKS5 proxy on loopback that resolves names itself."""

from __future__ import annotations

import contextlib
import select
import socket
import socketserver
import struct
import threading
from typing import TYPE_CHECKING, Any, Optional

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    login: Optional[tuple[bytes, bytes]]
    seen: list[tuple[str, int]]
    names: dict[str, str]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error."""


class _Handler(socketserver.BaseRequestHandler):
    request: socket.socket

    def handle(self) -> None:
        server: _Server = self.server
        _, count = self._take(2)
        self._take(count)
        if server.login is None:
            self.request.sendall(b"\x05\x00")
        else:
            self.request.sendall(b"\x05\x02")
            _, length = self._take(2)
            user = self._take(length)
            password = self._take(self._take(1)[0])
            accepted = (user, password) == server.login
            self.request.sendall(b"\x01\x00" if accepted else b"\x01\x01")
            if not accepted:
                return
        _, _, _, kind = self._take(4)
        host = socket.inet_ntoa(self._take(4)) if kind == 1 else self._take(self._take(1)[0]).decode()
        (port,) = struct.unpack("!H", self._take(2))
        server.seen.append((host, port))
        with socket.create_connection((server.names.get(host, host), port), timeout=10) as upstream:
            self.request.sendall(b"\x05\x00\x00\x01" + bytes(6))
            other = {self.request: upstream, upstream: self.request}
            while True:
                ready, _, _ = select.select(list(other), [], [], 10)
                for side in ready:
                    block = side.recv(65536)
                    if not block:
                        return
                    other[side].sendall(block)

    def _take(self, count: int) -> bytes:
        taken = b""
        while len(taken) < count:
            block = self.request.recv(count - len(taken))
            if not block:
                raise ConnectionError
            taken += block
        return taken


@contextlib.contextmanager
def running_socks(login: str = "", names: Optional[dict[str, str]] = None) -> Iterator[_Server]:
    """Run one; `seen` tells what it was asked for, and `names` what it resolves to what."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        user, _, password = login.encode().partition(b":")
        server.login = (user, password) if login else None
        server.seen, server.names = [], names or {}
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
