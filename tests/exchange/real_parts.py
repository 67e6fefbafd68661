"""Starts the servers of a distribution on loopback, where they are installed."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

START_LIMIT = 20  # seconds


def find_program(*names: str) -> str:
    """Return the path of the first that is installed; where none is, the test is skipped, and fails in CI."""
    for name in names:
        found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
        if found:
            return found
    reason = f"none of {', '.join(names)} is installed"
    if os.environ.get("CI"):
        pytest.fail(f"{reason}: in CI nothing may be left untried")
    pytest.skip(reason)


def free_port() -> int:
    """Return a port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running_program(command: Sequence[str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends; yield when it listens."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        wait_for_port(port, process)
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until somebody listens there."""
    limit = time.monotonic() + START_LIMIT
    while time.monotonic() < limit:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        threading.Event().wait(0.05)
    raise RuntimeError(f"{process.args!r} does not listen")


@contextlib.contextmanager
def running_squid(login: str = "") -> Iterator[str]:
    """Run a squid, with a login where one is given; yield its URL without it."""
    program = find_program("squid", "squid3")
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)  # it gives up root
        lines = [
            f"http_port 127.0.0.1:{port}",
            "cache deny all",
            "shutdown_lifetime 0 seconds",
            "access_log none",
            f"cache_log {folder}/cache.log",
            f"pid_filename {folder}/squid.pid",
            f"coredump_dir {folder}",
            "pinger_enable off",
            "visible_hostname loopback",
            "acl blocked dstdomain blocked.example",
            "http_access deny blocked",
        ]
        if login:
            helper = _write_helper(folder, login)
            lines += [
                f"auth_param basic program {helper}",
                "auth_param basic children 2",
                "acl known proxy_auth REQUIRED",
                "http_access allow known",
            ]
        else:
            lines.append("http_access allow all")
        lines.append("http_access deny all")
        conf = os.path.join(folder, "squid.conf")
        with open(conf, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        with running_program([program, "-N", "-f", conf], port):
            yield f"http://127.0.0.1:{port}"


def _write_helper(folder: str, login: str) -> str:
    """Write a program that tells squid whether a login is the right one."""
    user, _, password = login.partition(":")
    path = os.path.join(folder, "helper")
    with open(path, "w", encoding="utf-8") as file:
        file.write(
            "#!/bin/sh\nwhile read -r user password; do\n"
            f'if [ "$user $password" = "{user} {password}" ]; then echo OK; else echo ERR; fi\ndone\n'
        )
    os.chmod(path, 0o755)
    return path


@contextlib.contextmanager
def running_tinyproxy(login: str = "") -> Iterator[str]:
    """Run a tinyproxy, with a login where one is given; yield its URL without it."""
    program = find_program("tinyproxy")
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        lines = [f"Port {port}", "Listen 127.0.0.1", "Timeout 60", "MaxClients 50", "LogLevel Critical"]
        if login:
            lines.append("BasicAuth " + login.replace(":", " "))
        conf = os.path.join(folder, "tinyproxy.conf")
        with open(conf, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        with running_program([program, "-d", "-c", conf], port):
            yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def running_nginx(upstream: str, *, max_body: str = "1m") -> Iterator[str]:
    """Run an nginx before a server, as one stands before a bepasty; yield its URL."""
    program = find_program("nginx")
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        temp = "".join(
            f"{kind}_temp_path {folder}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        conf = os.path.join(folder, "nginx.conf")
        with open(conf, "w", encoding="utf-8") as file:
            file.write(
                f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\n"
                "events {}\nhttp {\naccess_log off;\n"
                f"{temp}client_max_body_size {max_body};\n"
                f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass {upstream}; }} }}\n}}\n"
            )
        with running_program([program, "-p", folder, "-c", conf, "-e", f"{folder}/error.log"], port):
            yield f"http://127.0.0.1:{port}"
