"""One line in syslog, that nobody can forge by the name of a file."""

from __future__ import annotations

import os
import socket

import pytest

from osvc_diag.exchange.audit import audit_line, write_audit
from osvc_diag.exchange.opened import OpenedBundle


@pytest.fixture(params=[socket.SOCK_DGRAM, socket.SOCK_STREAM])
def log(request, tmp_path):
    """A system log: its address, and a function that reads one message."""
    with socket.socket(socket.AF_UNIX, request.param) as server:
        server.bind(str(tmp_path / "log"))
        server.settimeout(10)
        if request.param == socket.SOCK_STREAM:
            server.listen()

        def read() -> bytes:
            if request.param == socket.SOCK_DGRAM:
                return server.recv(65536)
            connection, _ = server.accept()
            with connection:
                return connection.recv(65536).rstrip(b"\n")

        yield str(tmp_path / "log"), read


def test_the_line_arrives_whatever_kind_of_socket_the_log_has(log) -> None:
    address, read = log
    assert write_audit("action=deliver", address=address)
    assert read() == f"<37>osvc_diag[{os.getpid()}]: action=deliver".encode()


def test_a_missing_log_is_told(tmp_path) -> None:
    assert not write_audit("x", address=str(tmp_path / "none"))


def test_a_name_cannot_forge_a_second_line_or_field(make_file) -> None:
    path = make_file(10, 'x outcome=delivered "\n<0>kernel: oops\x1b[0m\udcff.tar.gz')
    with OpenedBundle(path) as bundle:
        line = audit_line(bundle, exchange="https://h/a b", outcome="UnknownHostError", verified=False)
    assert "\n" not in line
    assert "\x1b" not in line
    assert "outcome=UnknownHostError" in line.split(" bundle=")[0]
    assert ' exchange="https://h/a b" tls=unverified' in line
    assert line.encode()
