"""Through real proxies, with and without a login and TLS, to a real exchange behind a real web server."""

from __future__ import annotations

import contextlib
import ssl
import subprocess
import sys
import threading
from urllib.parse import urlsplit

import pytest
import trustme
from loopback_exchange import running_exchange
from loopback_proxy import running_proxy
from real_parts import running_nginx, running_squid, running_tinyproxy
from sending_tools import Events, is_whole, send
from socks_server import running_socks

from osvc_diag.events import Warned
from osvc_diag.exchange import errors
from osvc_diag.exchange.login import Login
from osvc_diag.exchange.proxy import Proxy, ProxyChoice

LOGIN = "alice:s3cr3t"


@contextlib.contextmanager
def own_proxy(login: str = ""):
    with running_proxy(login or None) as proxy:
        yield proxy.url


PROXIES = {"own": own_proxy, "squid": running_squid, "tinyproxy": running_tinyproxy}


def named(url: str, login: str = "") -> ProxyChoice:
    user, _, password = login.partition(":")
    proxy = Proxy.parse(url)
    return ProxyChoice(proxy.with_login(Login(user, password) if login else None), "--proxy")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A company's own certificate authority."""
    return trustme.CA()


@pytest.fixture(scope="module")
def tls_exchange(authority, tmp_path_factory):
    """A bepasty that speaks TLS as 127.0.0.1 and localhost, and the file of the authority behind it."""
    folder = tmp_path_factory.mktemp("tls")
    certificate = authority.issue_cert("127.0.0.1", "localhost", "sfx.test")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    with running_exchange("--cert", str(folder / "cert.pem"), "--key", str(folder / "key.pem")) as exchange:
        exchange.ca_file = str(folder / "ca.pem")
        yield exchange


def arrived(exchange, receipt, path: str) -> bool:
    with open(path, "rb") as file:
        return exchange.data(receipt.item) == file.read()


@pytest.mark.parametrize("name", PROXIES)
def test_a_plain_exchange_is_reached_through_a_proxy(name, exchange, make_file) -> None:
    path = make_file(700_000)
    with PROXIES[name]() as url:
        receipt = send(path, exchange.url, proxy=named(url))
    assert receipt.proxy == url
    assert is_whole(exchange, receipt.item, path)


@pytest.mark.parametrize("name", PROXIES)
def test_an_exchange_with_tls_is_reached_through_a_proxy(name, tls_exchange, make_file) -> None:
    path = make_file(3_000_000)
    with PROXIES[name]() as url:
        receipt = send(path, tls_exchange.url, proxy=named(url), ca_bundle=tls_exchange.ca_file)
    assert arrived(tls_exchange, receipt, path)


@pytest.mark.parametrize("name", PROXIES)
@pytest.mark.parametrize("tls", [False, True])
def test_a_proxy_with_a_login_lets_the_right_one_through_alone(
    name, tls, exchange, tls_exchange, make_file
) -> None:
    path = make_file(300_000)
    target = tls_exchange if tls else exchange
    more = {"ca_bundle": tls_exchange.ca_file} if tls else {}
    with PROXIES[name](LOGIN) as url:
        with pytest.raises(errors.ProxyLoginError, match="wants a login"):
            send(path, target.url, proxy=named(url), **more)
        with pytest.raises(errors.ProxyLoginError, match="does not accept the login") as caught:
            send(path, target.url, proxy=named(url, "alice:wr0ng"), **more)
        assert "wr0ng" not in f"{caught.value} {caught.value.hint}"
        assert "--proxy-credentials" in caught.value.hint
        receipt = send(path, target.url, proxy=named(url, LOGIN), **more)
    assert receipt.proxy == url.replace("//", "//***@")
    assert arrived(target, receipt, path)


def test_a_proxy_whose_rules_exclude_the_exchange_is_told_apart_from_the_exchange(make_file) -> None:
    with running_squid() as url:
        for target, more, allowed in (
            ("https://blocked.example", {}, "CONNECT blocked.example:443"),
            ("http://blocked.example", {"insecure": True}, "http://blocked.example"),
        ):
            with pytest.raises(
                errors.ProxyRefusedError, match=r"does not let blocked\.example through"
            ) as caught:
                send(make_file(), target, proxy=named(url), **more)
            assert f"allow {allowed};" in caught.value.hint


@pytest.mark.parametrize("name", PROXIES)
def test_an_exchange_that_the_proxy_cannot_reach_is_laid_to_neither_login_nor_rules(name, make_file) -> None:
    with PROXIES[name]() as url, pytest.raises(errors.GaveUpError, match=r"50\d"):
        send(make_file(), "https://sfx.invalid", proxy=named(url))


def test_a_proxy_that_is_down_is_named(make_file) -> None:
    with own_proxy() as url:
        pass
    with pytest.raises(errors.ProxyUnreachableError, match=f"the proxy {url}: connection refused"):
        send(make_file(), "https://sfx.invalid", proxy=named(url))


def test_a_proxy_that_itself_speaks_tls_is_verified_too(authority, tls_exchange, make_file, tmp_path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    path = make_file(300_000)
    with running_proxy(LOGIN, context=context) as proxy:
        url = f"https://localhost:{proxy.port}"
        receipt = send(path, tls_exchange.url, proxy=named(url, LOGIN), ca_bundle=tls_exchange.ca_file)
        assert arrived(tls_exchange, receipt, path)
        other = tmp_path / "other.pem"
        trustme.CA().cert_pem.write_to_path(other)
        with pytest.raises(errors.CertificateError, match="the certificate of the proxy"):
            send(path, tls_exchange.url, proxy=named(url, LOGIN), ca_bundle=str(other))


def test_a_socks_proxy_resolves_the_name_itself(tls_exchange, make_file) -> None:
    path = make_file(300_000)
    port = urlsplit(tls_exchange.url).port
    for scheme in ("socks5", "socks5h"):
        with running_socks(LOGIN, {"sfx.test": "127.0.0.1"}) as socks:
            choice = named(f"{scheme}://127.0.0.1:{socks.server_address[1]}", LOGIN)
            receipt = send(path, f"https://sfx.test:{port}", proxy=choice, ca_bundle=tls_exchange.ca_file)
            assert ("sfx.test", port) in socks.seen
        assert arrived(tls_exchange, receipt, path)


def test_a_socks_proxy_that_does_not_take_the_login_shows_none(make_file) -> None:
    with running_socks(LOGIN) as socks:
        choice = named(f"socks5h://127.0.0.1:{socks.server_address[1]}", "alice:wr0ng")
        with pytest.raises(errors.ProxyLoginError, match="does not accept the login") as caught:
            send(make_file(), "https://sfx.test", proxy=choice)
    assert "wr0ng" not in f"{caught.value} {caught.value.hint}"


def test_a_socks_proxy_without_its_package_is_told(make_file) -> None:
    """In another process: here the package is installed."""
    code = (
        "import sys; sys.modules['socks'] = None\n"
        "from sending_tools import send, ProxyChoice\n"
        "from osvc_diag.exchange.errors import SocksMissingError\n"
        "from osvc_diag.exchange.proxy import Proxy\n"
        "try: send(sys.argv[1], 'https://x', proxy=ProxyChoice(Proxy.parse('socks5://p'), '--proxy'))\n"
        "except SocksMissingError as error: print(error.hint)\n"
    )
    command = [sys.executable, "-W", "ignore", "-c", code, make_file()]
    here = __file__.rpartition("/")[0]
    done = subprocess.run(command, capture_output=True, text=True, cwd=here, check=True)
    assert "osvc-diag[socks]" in done.stdout


def test_a_certificate_of_an_unknown_authority_is_refused_at_once(tls_exchange, make_file) -> None:
    with pytest.raises(errors.CertificateError, match="not one to trust") as caught:
        send(make_file(), tls_exchange.url)
    assert "--ca-bundle" in caught.value.hint


def test_a_certificate_for_another_name_is_refused(tls_exchange, make_file) -> None:
    url = f"https://other.test:{urlsplit(tls_exchange.url).port}"
    with running_socks("", {"other.test": "127.0.0.1"}) as socks:
        choice = named(f"socks5h://127.0.0.1:{socks.server_address[1]}")
        with pytest.raises(errors.CertificateError, match="not one to trust: Hostname mismatch"):
            send(make_file(), url, ca_bundle=tls_exchange.ca_file, proxy=choice)


def test_insecure_is_loud_and_stands_in_the_receipt(tls_exchange, make_file) -> None:
    events = Events()
    path = make_file(1000)
    receipt = send(path, tls_exchange.url, insecure=True, on_event=events)
    assert receipt.insecure
    assert any("TLS IS NOT VERIFIED" in event.message for event in events.of(Warned))
    assert arrived(tls_exchange, receipt, path)
    assert not send(make_file(1001), tls_exchange.url, ca_bundle=tls_exchange.ca_file).insecure


def test_http_on_a_tls_port_and_tls_on_an_http_port_are_told(exchange, tls_exchange, make_file) -> None:
    with pytest.raises(errors.TlsError, match="does not speak TLS"):
        send(make_file(), exchange.url.replace("http:", "https:"))
    with pytest.raises(errors.ExchangeError):
        send(make_file(), tls_exchange.url.replace("https:", "http:"))


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_ca_bundle_that_cannot_be_used_is_told(content, tmp_path, make_file) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(errors.CertificateError, match=r"ca\.pem cannot be used"):
        send(make_file(), "https://sfx.invalid", ca_bundle=str(path))


def test_a_netrc_is_never_consulted(exchange, make_file, tmp_path, monkeypatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login support password support\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with pytest.raises(errors.LoginRefusedError):
        send(make_file(), exchange.url, login=None)


def test_no_variable_changes_the_way_once_it_is_chosen(exchange, make_file, monkeypatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    monkeypatch.setenv("CURL_CA_BUNDLE", "/nowhere")
    path = make_file(1000)
    assert is_whole(exchange, send(path, exchange.url).item, path)


def test_behind_an_nginx_bodies_of_one_mebibyte_pass(make_file) -> None:
    path = make_file(3_500_000)
    with running_exchange() as exchange, running_nginx(exchange.url) as url:
        receipt = send(path, url)
        assert receipt.method == "web"
        assert arrived(exchange, receipt, path)


def test_behind_an_nginx_with_a_smaller_limit_than_told_chunks_shrink(make_file) -> None:
    path = make_file(2_000_000)
    with running_exchange() as exchange, running_nginx(exchange.url, max_body="200k") as url:
        receipt = send(path, url)
        assert arrived(exchange, receipt, path)


def test_behind_an_nginx_that_lets_nothing_through_that_is_told(make_file) -> None:
    too_large = pytest.raises(errors.BodyTooLargeError, match="413")
    with running_exchange() as exchange, running_nginx(exchange.url, max_body="20k") as url, too_large:
        send(make_file(500_000), url)


def test_an_upload_outlives_a_restart_of_the_proxy(exchange, make_file) -> None:
    path = make_file(1_500_000)
    proxies = contextlib.ExitStack()
    proxy = proxies.enter_context(running_proxy())
    restarted = threading.Event()

    def on_event(event) -> None:
        if not restarted.is_set() and len(proxy.seen) > 4:
            restarted.set()
            proxies.close()
            proxies.enter_context(running_proxy(port=proxy.port))

    with proxies:
        receipt = send(path, exchange.url, proxy=named(proxy.url), on_event=on_event)
    assert restarted.is_set()
    assert is_whole(exchange, receipt.item, path)
