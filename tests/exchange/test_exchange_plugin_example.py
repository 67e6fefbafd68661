"""The exchange of examples/ leaves bundles on a real server, by TLS and a real proxy, or says why it cannot."""

from __future__ import annotations

import base64
import http.server
import os
import shutil
import ssl
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
import trustme
from loopback_proxy import running_proxy

import osvc_diag
from osvc_diag import ExchangeError, UsageError
from osvc_diag.events import PhaseStarted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXAMPLES = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(__file__))), "examples")
LOGIN = "joe:ge:heim"
sys.path.insert(0, EXAMPLES)

import exchange_plugin as plugin  # noqa: E402 - examples are not installed


class Dav(http.server.BaseHTTPRequestHandler):
    """Takes what is put into /in, from joe alone."""

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        expected = "Basic " + base64.b64encode(LOGIN.encode()).decode()
        status = 401 if self.headers["Authorization"] != expected else 201
        status = 409 if not self.path.startswith("/in/") else status
        if status == 201:
            self.server.taken[self.path] = content
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class DavServer(http.server.ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that do not trust it."""


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def server(authority) -> Iterator[http.server.HTTPServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with DavServer(("127.0.0.1", 0), Dav) as running:
        running.socket = context.wrap_socket(running.socket, server_side=True, do_handshake_on_connect=False)
        running.taken = {}
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def url(server) -> str:
    server.taken.clear()
    return f"put://127.0.0.1:{server.server_address[1]}/in/"


@pytest.fixture
def ca_bundle(authority, tmp_path: Path) -> str:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return str(tmp_path / "ca.pem")


def test_a_bundle_arrives_whole_and_its_receipt_says_where(diag_node, url, server, ca_bundle) -> None:
    receipt = diag_node.deliver(plugin, url, login=LOGIN, ca_bundle=ca_bundle)
    [(path, content)] = server.taken.items()
    assert receipt.link == url.replace("put:", "https:") + receipt.item
    assert path == f"/in/{receipt.item}"
    assert (len(content), receipt.exchange) == (receipt.size, url)


def test_it_goes_through_a_proxy_with_a_login(diag_node, url, server, ca_bundle) -> None:
    with running_proxy("moe:secret9") as proxy:
        place = proxy.url.replace("://", "://moe:secret9@")
        receipt = diag_node.deliver(plugin, url, login=LOGIN, proxy=place, ca_bundle=ca_bundle)
        assert len(server.taken) == 1
    assert "secret9" not in receipt.to_json()


@pytest.mark.parametrize(
    ("login", "change", "told"),
    [
        (None, "", "does not take the bundle: 401 Unauthorized"),
        (LOGIN, "elsewhere", "does not take the bundle: 409 Conflict"),
    ],
)
def test_what_the_server_refuses_is_told_and_nothing_is_delivered(
    login, change, told, diag_node, url, ca_bundle
) -> None:
    with pytest.raises(ExchangeError, match=told):
        diag_node.deliver(
            plugin, url.replace("/in/", f"/{change or 'in'}/"), login=login, ca_bundle=ca_bundle
        )


def test_a_certificate_that_nobody_named_is_not_trusted(diag_node, url, server) -> None:
    with pytest.raises(ExchangeError, match="CERTIFICATE_VERIFY_FAILED"):
        diag_node.deliver(plugin, url, login=LOGIN)
    assert server.taken == {}


def test_a_url_without_a_server_is_a_mistake_of_the_user(diag_node) -> None:
    with pytest.raises(UsageError, match="put:///in names no server"):
        diag_node.deliver(plugin, "put:///in")


def test_in_a_folder_of_plugins_it_serves_the_command_line(url, server, ca_bundle, tmp_path) -> None:
    folder = tmp_path / "diag.d"
    folder.mkdir(mode=0o755)
    shutil.copy(os.path.join(EXAMPLES, "exchange_plugin.py"), folder / "put.py")
    (folder / "put.py").chmod(0o644)
    login = tmp_path / "login"
    login.write_text(LOGIN)
    login.chmod(0o600)
    done = subprocess.run(
        [
            sys.executable, "-m", "osvc_diag", "prod/svc/web", "--root", os.path.join(EXAMPLES, "node"),
            "--only", "object-conf", "--output", str(tmp_path / "b.tar.gz"), "--plugin-dir", str(folder),
            "--exchange", url, "--exchange-credentials", str(login), "--ca-bundle", ca_bundle, "--upload",
        ],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == url.replace("put:", "https:") + "b.tar.gz"
    assert server.taken["/in/b.tar.gz"] == (tmp_path / "b.tar.gz").read_bytes()


def test_what_it_imports_is_public() -> None:
    assert plugin.ExchangeError is osvc_diag.ExchangeError
    assert osvc_diag.PhaseStarted is PhaseStarted
