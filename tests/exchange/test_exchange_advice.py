"""The hint below a failure is about what was done: it never advises what the user did already."""

from __future__ import annotations

import datetime as dt
import socket

import pytest
import trustme
from fault_server import PASS, Fault, running_faults
from loopback_exchange import running_exchange
from loopback_proxy import running_proxy
from sending_tools import send
from socks_server import running_socks
from uploading import upload, with_login

from osvc_diag.errors import UsageError
from osvc_diag.exchange import errors
from osvc_diag.exchange.login import Login
from osvc_diag.exchange.proxy import Proxy, ProxyChoice
from osvc_diag.settings import read_credentials

NONE = ProxyChoice(None, "--proxy")
NOW = dt.datetime.now(dt.timezone.utc)


@pytest.fixture
def nobody():
    """The address of a port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets the port
        yield f"127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def make_login(tmp_path):
    def make(text: str, name: str = "login.secret") -> str:
        path = tmp_path / name
        path.write_text(text + "\n")
        path.chmod(0o600)
        return str(path)

    return make


def tls_exchange(folder, **dates):
    """Run a bepasty with a certificate for 127.0.0.1 alone."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    certificate = authority.issue_cert("127.0.0.1", **dates)
    certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    return running_exchange("--cert", str(folder / "cert.pem"), "--key", str(folder / "key.pem"))


def failure(kind: type[Exception], path: str, url: str, **more) -> tuple[str, str]:
    """Return the text and the hint of what an upload raises."""
    with pytest.raises(kind) as caught:
        send(path, url, **more)
    return str(caught.value), caught.value.hint


@pytest.mark.parametrize(
    "dates",
    [
        {"not_before": NOW - dt.timedelta(days=9), "not_after": NOW - dt.timedelta(days=1)},
        {"not_before": NOW + dt.timedelta(days=1), "not_after": NOW + dt.timedelta(days=9)},
    ],
    ids=["expired", "not yet valid"],
)
def test_a_certificate_out_of_its_time_is_for_its_owner_or_this_nodes_clock(
    dates, make_file, tmp_path
) -> None:
    with tls_exchange(tmp_path, **dates) as exchange:
        _, hint = failure(
            errors.CertificateError, make_file(), exchange.url, ca_bundle=str(tmp_path / "ca.pem")
        )
    assert "renew it" in hint
    assert "clock wrong? It says" in hint
    assert "--ca-bundle" not in hint


def test_a_certificate_of_another_host_is_laid_to_the_url_first(make_file, tmp_path) -> None:
    with tls_exchange(tmp_path) as exchange:
        url = exchange.url.replace("127.0.0.1", "localhost")
        text, hint = failure(errors.CertificateError, make_file(), url, ca_bundle=str(tmp_path / "ca.pem"))
        _, unknown = failure(errors.CertificateError, make_file(), exchange.url)
    assert text.startswith(f"the certificate of {url[8:]} is not one to trust: ")
    assert hint.startswith("is the host in the URL")
    assert unknown.startswith("where a proxy intercepts TLS")


def test_http_where_tls_is_spoken_is_told(make_file, tmp_path) -> None:
    with tls_exchange(tmp_path) as exchange:
        url = exchange.url.replace("https", "http")
        for choice in (NONE, ProxyChoice(None, "nothing")):
            text, hint = failure(errors.GaveUpError, make_file(), url, proxy=choice)
            assert url[7:] in text
            assert "https://" in hint


@pytest.mark.parametrize(
    "body",
    [
        b"<center>The plain HTTP request was sent to HTTPS port</center>",
        b"Reason: You're speaking plain HTTP to an SSL-enabled server port.",
        b"Client sent an HTTP request to an HTTPS server.",
    ],
)
def test_a_server_that_says_so_itself_is_not_tried_again(body, exchange, make_file) -> None:
    fault = Fault("answer", status=400, body=body)
    with running_faults(exchange.url, lambda method, path: fault) as server:
        text, hint = failure(errors.TlsError, make_file(), server.url)
    assert "speaks TLS on this port" in text
    assert "https://" in hint
    assert len(server.seen) == 1


def test_a_refused_login_names_the_place_that_has_it(bundle, exchange, make_login) -> None:
    wrong = make_login("support:wr0ng")
    done = upload("--yes", "--exchange", exchange.url, "--exchange-credentials", wrong, bundle)
    assert f"does not accept the login in {wrong} (403)" in done.stderr
    assert "correct user and password there" in done.stderr
    done = upload("--yes", bundle, OSVC_DIAG_EXCHANGE=with_login(exchange.url, "wr0ng"))
    assert "does not accept the login in OSVC_DIAG_EXCHANGE (403)" in done.stderr
    assert "wr0ng" not in done.stderr


def test_an_exchange_that_wants_a_login_where_none_was_given_says_that(exchange, make_file) -> None:
    text, hint = failure(errors.LoginRefusedError, make_file(), exchange.url, login=None)
    assert "wants a login, and none was given (403)" in text
    assert "--exchange-credentials" in hint


def test_a_refused_login_of_a_proxy_names_the_place_that_has_it(bundle, exchange, make_login) -> None:
    wrong = make_login("joe:wr0ng")
    arguments = ("--yes", "--exchange", exchange.url, bundle)
    with running_proxy("joe:right") as proxy:
        done = upload("--proxy", proxy.url, "--proxy-credentials", wrong, *arguments)
        assert f"does not accept the login in {wrong} (407)" in done.stderr
        done = upload(*arguments, OSVC_DIAG_PROXY=with_login(proxy.url, "wr0ng"))
        assert "does not accept the login in OSVC_DIAG_PROXY (407)" in done.stderr
    assert "wr0ng" not in done.stderr


def test_a_socks_proxy_that_wants_a_login_or_another_one_is_not_called_dead(make_file) -> None:
    with running_socks("joe:right") as socks:
        proxy = Proxy.parse(f"socks5://127.0.0.1:{socks.server_address[1]}")
        text, _ = failure(
            errors.ProxyLoginError, make_file(), "https://sfx.test", proxy=ProxyChoice(proxy, "--proxy")
        )
        assert text.endswith("wants a login")
        wrong = ProxyChoice(proxy.with_login(Login("joe", "wr0ng", "here")), "--proxy")
        text, hint = failure(errors.ProxyLoginError, make_file(), "https://sfx.test", proxy=wrong)
    assert text.endswith("does not accept the login in here")
    assert "wr0ng" not in text + hint


@pytest.mark.parametrize("url", ["http://{nobody}", "https://sfx.invalid"])
def test_who_said_none_is_not_asked_for_a_proxy(url, nobody, make_file) -> None:
    _, hint = failure(errors.ExchangeError, make_file(), url.format(nobody=nobody), proxy=NONE)
    assert hint.startswith("--proxy says to ask no proxy")
    _, hint = failure(errors.ExchangeError, make_file(), url.format(nobody=nobody))
    assert hint.startswith("if this network has a proxy")


def test_a_proxy_that_is_not_there_is_what_the_hint_is_about(nobody, make_file) -> None:
    choice = ProxyChoice(Proxy.parse(f"http://{nobody}"), "OSVC_DIAG_PROXY")
    _, hint = failure(errors.ProxyUnreachableError, make_file(), "https://sfx.invalid", proxy=choice)
    assert hint == "see whether the proxy runs, and whether that is its port: OSVC_DIAG_PROXY names it"


def test_a_proxy_that_excludes_a_plain_exchange_is_not_asked_for_a_tunnel(exchange, make_file) -> None:
    fault = Fault("answer", status=403, headers=("Server: squid",))
    with running_faults(exchange.url, lambda method, path: fault) as server:
        choice = ProxyChoice(Proxy.parse(server.url), "--proxy")
        _, hint = failure(
            errors.ProxyRefusedError, make_file(), "http://sfx.test", proxy=choice, insecure=True
        )
        _, tunnel = failure(errors.ProxyRefusedError, make_file(), "https://sfx.test", proxy=choice)
    assert hint.startswith("ask its administrators to allow http://sfx.test; ")
    assert tunnel.startswith("ask its administrators to allow CONNECT sfx.test:443; ")


def test_nothing_is_said_to_be_sent_before_anything_was_and_no_way_is_doubted_after(
    exchange, make_file
) -> None:
    reset = Fault("reset")
    choice = ProxyChoice(None, "nothing")
    with running_faults(exchange.url, lambda method, path: Fault("answer", status=503)) as server:
        _, hint = failure(errors.GaveUpError, make_file(), server.url, proxy=choice)
    assert hint.startswith("nothing was sent in this run")

    def script(method: str, path: str) -> Fault:
        return reset if method == "POST" and path != "/+upload/new" else PASS

    with running_faults(exchange.url, script) as server:
        _, hint = failure(errors.GaveUpError, make_file(), server.url, proxy=choice)
    assert hint.startswith("the bundle and what was sent so far are kept")


def test_port_and_path_are_told(nobody, exchange, make_file) -> None:
    text, _ = failure(errors.GaveUpError, make_file(), f"http://{nobody}")
    assert f"{nobody}: connection refused" in text
    text, _ = failure(errors.NotAnExchangeError, make_file(), f"{exchange.url}/nothere/")
    assert f"nothing at {exchange.url}/nothere takes bundles" in text


def test_a_credentials_file_without_a_colon_is_named_with_what_it_should_hold(make_login) -> None:
    path = make_login("geheim")
    with pytest.raises(UsageError, match=path) as caught:
        read_credentials(path)
    assert "user:password" in caught.value.hint
    assert "geheim" not in f"{caught.value} {caught.value.hint}"
