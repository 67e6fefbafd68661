"""What a failed request means: tells a typing error from a bad line, and the proxy from the exchange."""

from __future__ import annotations

import re
import socket
import ssl
import time
from typing import TYPE_CHECKING, Optional
from urllib.parse import urlsplit

import urllib3.exceptions

from osvc_diag.exchange.errors import (
    CertificateError,
    NoSuchProxyError,
    ProxyLoginError,
    ProxyRefusedError,
    ProxyUnreachableError,
    TlsError,
    UnknownHostError,
)
from osvc_diag.exchange.line import TransientError
from osvc_diag.exchange.proxy import UNSET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osvc_diag.errors import ExchangeError
    from osvc_diag.exchange.proxy import ProxyChoice

PROXY_HINT = "name the proxy with --proxy, OSVC_DIAG_PROXY, or proxy = ... in the site file"
PROXY_DOWN_HINT = "see whether the proxy runs, and whether that is its port: {source} names it"
PROXY_LOGIN_HINT = (
    "put user:password into a file that only its owner can read, and name it by --proxy-credentials "
    "or OSVC_DIAG_PROXY_CREDENTIALS; NTLM and Kerberos need a local helper such as cntlm"
)
HTTPS_HINT = "does it speak TLS there? Then its URL begins with https://"
CA_HINT = "where a proxy intercepts TLS, name its CA with --ca-bundle FILE, or add it to the system's store"

_OUT_OF_TIME = frozenset({9, 10})  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED
_OTHER_NAME = frozenset({62, 64})  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
RESET, BROKE = "the connection was reset", "the connection broke"
_BROKEN = frozenset({RESET, BROKE})
"""What a server does that is spoken to without TLS and wants it."""
_UNREACHED = (
    ConnectionRefusedError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.NewConnectionError,
)
_SOCKS_LOGIN = "SOCKS5AuthError"  # of PySocks, which need not be installed
_SOCKS_REFUSALS = frozenset({"SOCKS4Error", "SOCKS5Error"})
_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")
_MAX_CHAIN = 16
_NO_TLS_REASONS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE")
_NO_COMMON_TLS = ("HANDSHAKE_FAILURE", "PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "NO_PROTOCOLS_AVAILABLE")


def translate(error: Exception, *, host: str, choice: ProxyChoice, is_plain: bool) -> Exception:
    """Return what to raise for an exception of the network: an ExchangeError, or a TransientError.

    Args:
        error: from urllib3 or the socket; nothing of its text is kept, save a status and a TLS reason.
        host: of the exchange.
        choice: the proxy.
        is_plain: whether the exchange is spoken to without TLS.
    """
    chain = list(_chain(error))
    by_proxy = choice.proxy is not None and (
        choice.proxy.is_socks or any(isinstance(link, urllib3.exceptions.ProxyError) for link in chain)
    )
    place = f"the proxy {choice.proxy}" if by_proxy else host
    for link in chain:
        told = _told_by(link, place=place, host=host, choice=choice, is_plain=is_plain)
        if told is not None:
            return told
    # Only once it answers is what goes wrong a matter of the exchange behind it.
    is_unreached = any(isinstance(link, _UNREACHED) for link in chain)
    if by_proxy and is_unreached:
        down = PROXY_DOWN_HINT.format(source=choice.source)
        return TransientError(f"{place}: {_reason(chain)}", hint=down, lasting=ProxyUnreachableError)
    reason = _reason(chain)
    hint = HTTPS_HINT if is_plain and reason in _BROKEN else _reach_hint(choice)
    return TransientError(f"{place}: {reason}", hint=hint)


def _told_by(
    link: BaseException, *, place: str, host: str, choice: ProxyChoice, is_plain: bool
) -> Optional[Exception]:
    """Return what one exception of the chain alone tells; None where it tells nothing."""
    kind = type(link).__name__
    tunnel = _TUNNEL.search(str(link))
    if isinstance(link, ssl.SSLError):
        return _tls(link, place)
    if isinstance(link, socket.gaierror):
        unknown = _unknown(host, choice)
        if link.errno != socket.EAI_AGAIN:
            return unknown
        # No name server answers: on a machine that just woke up it soon does.
        return TransientError(f"{unknown}, for now", hint=unknown.hint, lasting=type(unknown))
    if kind == _SOCKS_LOGIN:
        return proxy_login_error(choice)
    if kind in _SOCKS_REFUSALS:
        return _not_reached(host, choice, port=_port(host, is_plain=is_plain))
    return tunnel_error(int(tunnel.group(1)), host=host, choice=choice) if tunnel else None


def tunnel_error(status: int, *, host: str, choice: ProxyChoice) -> Exception:
    """Return what to raise when the proxy refuses to open a connection to the exchange."""
    if status in {401, 407}:  # tinyproxy says 401 where 407 is meant
        return proxy_login_error(choice)
    if status in {502, 503, 504, 500}:
        return _not_reached(host, choice, f" ({status})", port=_port(host, is_plain=False))
    return proxy_refused_error(status, host=host, choice=choice, is_plain=False)


def _not_reached(host: str, choice: ProxyChoice, status: str = "", *, port: int) -> TransientError:
    return TransientError(
        f"the proxy {choice.proxy} could not reach {host}{status}",
        hint=f"from the proxy's own host: is the exchange's name known, and port {port} open?",
    )


def proxy_login_error(choice: ProxyChoice) -> ExchangeError:
    """Return the error of a 407, or of what SOCKS has in its place."""
    login = choice.proxy.login if choice.proxy else None
    status = "" if choice.proxy and choice.proxy.is_socks else " (407)"
    if login is None:
        return ProxyLoginError(f"the proxy {choice.proxy} wants a login{status}", hint=PROXY_LOGIN_HINT)
    what, hint = "does not accept the login", PROXY_LOGIN_HINT
    if login.source:
        what += f" in {login.source}"
        hint = "correct user and password there; NTLM and Kerberos need a local helper such as cntlm"
    return ProxyLoginError(f"the proxy {choice.proxy} {what}{status}", hint=hint)


def proxy_refused_error(status: int, *, host: str, choice: ProxyChoice, is_plain: bool) -> ExchangeError:
    """Return the error of a proxy whose rules exclude the exchange; plain http goes without CONNECT."""
    with_port = host if urlsplit(f"//{host}").port else f"{host}:443"
    wanted = f"http://{host}" if is_plain else f"CONNECT {with_port}"
    return ProxyRefusedError(
        f"the proxy {choice.proxy} does not let {host} through ({status})",
        hint=f"ask its administrators to allow {wanted}; docs/behind-a-proxy.md is for them",
    )


def _tls(error: ssl.SSLError, place: str) -> Optional[TlsError]:
    if isinstance(error, ssl.SSLCertVerificationError):
        return certificate_error(error, place)
    reason = (error.reason or "").upper()
    if any(word in reason for word in _NO_TLS_REASONS):
        return TlsError(
            f"{place} does not speak TLS on this port", hint="is it an http:// URL, or another port?"
        )
    if any(word in reason for word in _NO_COMMON_TLS):
        return TlsError(
            f"no TLS version or cipher in common with {place} ({reason})", hint="TLS 1.2 is needed"
        )
    return None


def certificate_error(error: ssl.SSLCertVerificationError, place: str) -> CertificateError:
    """Return the error of a certificate that was refused, and what helps against that very reason."""
    why = (error.verify_message or "verification failed").rstrip(".")
    return CertificateError(
        f"the certificate of {place} is not one to trust: {why}", hint=_certificate_hint(error)
    )


def _certificate_hint(error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code in _OUT_OF_TIME:
        clock = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
        return f"tell whoever runs it to renew it; or is this node's clock wrong? It says {clock}"
    if error.verify_code in _OTHER_NAME:
        return f"is the host in the URL the one it is meant for? Else: {CA_HINT}"
    return CA_HINT


def _port(host: str, *, is_plain: bool) -> int:
    return urlsplit(f"//{host}").port or (80 if is_plain else 443)


def _unknown(host: str, choice: ProxyChoice) -> ExchangeError:
    if choice.proxy is not None:
        return NoSuchProxyError(f"the host of the proxy {choice.proxy} is unknown", hint=PROXY_HINT)
    name = urlsplit(f"//{host}").hostname
    return UnknownHostError(f"the host {name} is unknown on this node", hint=_reach_hint(choice))


def _reach_hint(choice: ProxyChoice) -> Optional[str]:
    if choice.proxy is not None:
        return None
    if choice.source == "no_proxy":
        return "no_proxy exempts this host from the proxy; --proxy URL overrides that"
    if choice.source != UNSET:
        return (
            f"{choice.source} says to ask no proxy: are host and port of the exchange right, "
            "and may this node reach them?"
        )
    return f"if this network has a proxy: {PROXY_HINT}"


def _reason(chain: list[BaseException]) -> str:
    for kind, words in _WORDS:
        if any(isinstance(link, kind) for link in chain):
            return words
    return BROKE


_WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (ConnectionRefusedError, "connection refused"),
    (ConnectionResetError, RESET),
    (BrokenPipeError, RESET),
    (urllib3.exceptions.NewConnectionError, "no connection"),  # before its parent
    (urllib3.exceptions.ConnectTimeoutError, "no connection in time"),
    (urllib3.exceptions.ReadTimeoutError, "no answer in time"),
    (TimeoutError, "no answer in time"),
    (socket.timeout, "no answer in time"),
    (ssl.SSLError, "the TLS connection broke"),
)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and what it came from, whichever way it is kept."""
    pending = [error]
    seen: set[int] = set()
    while pending and len(seen) < _MAX_CHAIN:
        link = pending.pop(0)
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        candidates = (
            link.__cause__,
            link.__context__,
            getattr(link, "original_error", None),
            getattr(link, "reason", None),
            *link.args,
        )
        pending += [other for other in candidates if isinstance(other, BaseException)]
