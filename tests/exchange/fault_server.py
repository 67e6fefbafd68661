"""Stands before an exchange and does to its requests what bad lines, proxies and servers do."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, Optional
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

BLOCK = 65536
LARGE = 100_000  # bytes of a body that some proxy does not let through
STALL = 1.0  # seconds; more than an impatient client waits

HTML = b"<!DOCTYPE html><html><body>Please log in to the hotel's network</body></html>"


@dataclass(frozen=True)
class Fault:
    """What happens to one request. `at` is where: a fraction of the request or of the answer."""

    kind: str = "pass"
    at: float = 0.0
    status: int = 200
    headers: tuple[str, ...] = ()
    body: bytes = b"{}"


PASS = Fault()

CUTTING = ("reset", "stall", "truncate")  # before the server has the whole request
LOSING = ("drop_answer", "cut_answer", "close_answer", "stall_answer")  # after it has
REPEATING = ("twice", "late_twice")
ANSWERING = (
    Fault("answer", status=500),
    Fault("answer", status=502),
    Fault("answer", status=503, headers=("Retry-After: 0",)),
    Fault("answer", status=429, headers=("Retry-After: 0",)),
    Fault("answer", status=408),
    Fault("answer", status=504, headers=("Content-Type: text/html",), body=HTML),
)


def random_fault(source: random.Random, rate: float) -> Fault:
    """Draw what happens to the next request."""
    if source.random() >= rate:
        return PASS
    kind = source.choice([*CUTTING, *LOSING, *REPEATING, "answer", "answer", "too_large"])
    if kind == "answer":
        return source.choice(ANSWERING)
    # Stalls cost the tests real time: fewer of them.
    if kind.startswith("stall") and source.random() < 0.8:
        kind = "reset"
    return Fault(kind, at=source.random())


@dataclass
class FaultServer:
    """The running thing; `script` is asked once for each request."""

    port: int
    upstream: tuple[str, int]
    script: Callable[[str, str], Fault]
    seen: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path and the kind of fault, in order of arrival."""
    meeting: Optional[threading.Barrier] = None
    """Where requests of the kind `meet` wait for each other."""
    released: threading.Event = field(default_factory=threading.Event)
    """Until then, requests of the kind `hold` get no answer."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def fault_for(self, method: str, path: str) -> Fault:
        with self.lock:
            fault = self.script(method, path)
            self.seen.append((method, path, fault.kind))
        return fault


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128
    faults: FaultServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is part of the play."""


@contextlib.contextmanager
def running_faults(upstream: str, script: Callable[[str, str], Fault]) -> Iterator[FaultServer]:
    """Run one before a server.

    Args:
        upstream: URL of the server.
        script: called with method and path of each request, one at a time.
    """
    parts = urlsplit(upstream)
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.faults = FaultServer(server.server_address[1], (parts.hostname, parts.port), script)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server.faults
        finally:
            server.shutdown()
            thread.join()


class _Handler(socketserver.BaseRequestHandler):
    request: socket.socket

    def handle(self) -> None:
        self.request.settimeout(10)
        received = _read_head(self.request)
        if received is None:
            return
        head, body = received
        lines = head.decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ")
        length = _length(lines)
        faults: FaultServer = self.server.faults
        fault = faults.fault_for(method, path)
        if fault.kind in CUTTING:
            self._cut(fault, head, body, length, faults)
            return
        while len(body) < length:
            block = self.request.recv(BLOCK)
            if not block:
                return
            body += block
        if fault.kind == "answer":
            self.request.sendall(_answer(fault))
            return
        if fault.kind == "too_large" and length > LARGE:
            self.request.sendall(_answer(Fault(status=413)))
            return
        if fault.kind == "hold":
            faults.released.wait(60)
        if fault.kind == "meet":
            assert faults.meeting is not None
            faults.meeting.wait()
        request = _closing(head) + body
        answer = _ask(faults.upstream, request)
        if fault.kind == "twice":
            answer = _ask(faults.upstream, request)
        self._give(answer, fault)
        if fault.kind == "late_twice":
            time.sleep(0.01)
            _ask(faults.upstream, request)

    def _cut(self, fault: Fault, head: bytes, body: bytes, length: int, faults: FaultServer) -> None:
        wanted = int(length * fault.at)
        while len(body) < wanted:
            block = self.request.recv(BLOCK)
            if not block:
                return
            body += block
        if fault.kind == "stall":
            self._wait_for_client()
            return
        if fault.kind == "truncate":
            with contextlib.suppress(OSError), socket.create_connection(faults.upstream, timeout=5) as server:
                server.sendall(_closing(head) + body[:wanted])
        _reset(self.request)

    def _give(self, answer: bytes, fault: Fault) -> None:
        if fault.kind == "drop_answer":
            _reset(self.request)
        elif fault.kind == "cut_answer":
            self.request.sendall(answer[: int(len(answer) * fault.at)])
            _reset(self.request)
        elif fault.kind == "close_answer":
            self.request.sendall(answer[: int(len(answer) * fault.at)])
        elif fault.kind == "stall_answer":
            self._wait_for_client()
        else:
            self.request.sendall(answer)

    def _wait_for_client(self) -> None:
        """Say nothing until the client has had enough."""
        self.request.settimeout(STALL)
        with contextlib.suppress(OSError):
            while self.request.recv(BLOCK):
                pass


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _read_head(connection: socket.socket) -> Optional[tuple[bytes, bytes]]:
    received = b""
    while b"\r\n\r\n" not in received:
        block = connection.recv(BLOCK)
        if not block:
            return None
        received += block
    head, _, rest = received.partition(b"\r\n\r\n")
    return head, rest


def _length(lines: list[str]) -> int:
    for line in lines:
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            return int(value)
    return 0


def _closing(head: bytes) -> bytes:
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([*lines, b"Connection: close", b"", b""])


def _ask(upstream: tuple[str, int], request: bytes) -> bytes:
    with socket.create_connection(upstream, timeout=10) as server:
        server.sendall(request)
        answer = b""
        while block := server.recv(BLOCK):
            answer += block
    return answer


def _answer(fault: Fault) -> bytes:
    lines = [f"HTTP/1.1 {fault.status} Told So", *fault.headers]
    if not any(header.lower().startswith("content-type") for header in fault.headers):
        lines.append("Content-Type: application/json")
    lines += [f"Content-Length: {len(fault.body)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode() + fault.body
