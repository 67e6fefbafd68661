"""One HTTP request and its answer; whatever the network does becomes an error of ours.

urllib3 is used without requests on top: no .netrc, no proxy variable, no other trust store can come in from
the side, and no redirect is followed, because nothing here would do it.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional
from urllib.parse import urlsplit

import urllib3
import urllib3.exceptions
from urllib3.exceptions import HTTPError

from osvc_diag import __version__
from osvc_diag.exchange.causes import translate
from osvc_diag.exchange.errors import SocksMissingError
from osvc_diag.exchange.line import TransientError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from osvc_diag.exchange.line import Line
    from osvc_diag.exchange.login import Login
    from osvc_diag.exchange.proxy import ProxyChoice

IN_FLIGHT = 4  # requests at a time, and so connections kept
MAX_ANSWER = 256 * 1024  # bytes; the exchange's own answers have a few hundred

_ERRORS = 400  # the first HTTP status of them
_BLOCK = 64 * 1024  # bytes; each block has a time limit of its own, so that a slow line is no dead line


@dataclass(frozen=True)
class Answer:
    """What came back; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_html(self) -> bool:
        """Whether a person was meant to read it."""
        kind = self.headers.get("content-type", "").lower()
        return "html" in kind or self.body.lstrip()[:9].lower().startswith((b"<!doctype", b"<html"))

    @property
    def is_cut(self) -> bool:
        """Whether the connection may have ended among the headers: http.client takes that for their end.

        A header at the cut may be half there, such as the Location that becomes the link of a receipt.
        """
        length = self.headers.get("content-length", "")
        is_framed = length.isdigit() or "chunked" in self.headers.get("transfer-encoding", "")
        return self.status < _ERRORS and not self.body and not is_framed


class Transport:
    """The way to one exchange, through one proxy or none. Safe in threads."""

    def __init__(
        self, base: str, *, choice: ProxyChoice, context: ssl.SSLContext, login: Optional[Login], line: Line
    ) -> None:
        """Prepare it; nothing is sent yet.

        Args:
            base: URL of the exchange, without a login.
            choice: the proxy.
            context: for the exchange, and for a proxy that speaks TLS itself.
            login: for the exchange; it goes to this host alone.
            line: deadline, time limits and the stop signal.
        """
        self._base = base.rstrip("/")
        self._prefix = urlsplit(self._base).path
        self.host = urlsplit(self._base).netloc
        """Of the exchange, with its port where the URL has one."""
        self.choice = choice
        self._line = line
        self.login = login
        self._pools = _pools(choice, context)
        if context.verify_mode == ssl.CERT_NONE:
            # The user asked for it and is warned once, in our words; not by urllib3 at every request.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def close(self) -> None:
        """Close the idle connections."""
        self._pools.clear()

    def own_place(self, location: str) -> Optional[tuple[str, str]]:
        """Return a Location as path below the exchange's URL, and fragment; None where it leads elsewhere."""
        try:
            parts = urlsplit(location)
        except ValueError:
            return None
        if parts.hostname not in {None, urlsplit(self._base).hostname} or not parts.path.startswith(
            self._prefix + "/"
        ):
            return None
        return parts.path[len(self._prefix) :], parts.fragment

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Optional[Mapping[str, str]] = None,
        body: Sequence[bytes] = (),
        stream: Optional[Iterator[bytes]] = None,
        length: int = 0,
    ) -> Answer:
        """Send one request.

        Args:
            method: GET or POST.
            path: below the exchange's URL, with a leading slash.
            headers: besides the login.
            body: pieces in memory, sent one after the other.
            stream: instead of `body`, an iterator that yields exactly `length` bytes.
            length: see `stream`.

        Raises:
            TransientError: a try later may do.
            ExchangeError: it will not: one of `errors`.
            UploadTimeoutError: the deadline has passed.
        """
        sent = dict(headers or {})
        sent["User-Agent"] = f"osvc-diag/{__version__}"
        if self.login is not None:
            sent["Authorization"] = self.login.basic()
        payload: Optional[Iterator[memoryview]] = None
        if method == "POST":
            length = length if stream is not None else sum(map(len, body))
            sent["Content-Length"] = str(length)
            payload = self._paced(stream if stream is not None else iter(body))
        try:
            return self._exchange(method, self._base + path, sent, payload)
        except (HTTPError, OSError, ValueError) as error:
            # `from None`: urllib3's texts may hold addresses, and a password in a SOCKS proxy's URL.
            raise translate(
                error, host=self.host, choice=self.choice, is_plain=self._base.startswith("http:")
            ) from None

    def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], payload: Optional[Iterator[memoryview]]
    ) -> Answer:
        left = self._line.remaining()
        policy = self._line.policy
        response = self._pools.urlopen(
            method,
            url,
            body=payload,
            headers=dict(headers),
            timeout=urllib3.Timeout(
                connect=min(policy.connect_timeout, left), read=min(policy.read_timeout, left)
            ),
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
            enforce_content_length=True,
        )
        try:
            content = bytearray()
            for block in response.stream(_BLOCK):
                content += block
                if len(content) > MAX_ANSWER:
                    break
                self._line.remaining()
            else:
                response.release_conn()
        finally:
            response.close()
        names = {name.lower(): value for name, value in response.headers.items()}
        answer = Answer(response.status, names, bytes(content))
        if answer.is_cut:
            raise TransientError(f"{self.host}: its answer was cut off")
        return answer

    def _paced(self, pieces: Iterator[bytes]) -> Iterator[memoryview]:
        """Cut into blocks; stop between two of them when the delivery ends."""
        for piece in pieces:
            view = memoryview(piece)
            for start in range(0, len(view), _BLOCK):
                if self._line.stopped:
                    raise TransientError("the upload was stopped")
                self._line.remaining()
                yield view[start : start + _BLOCK]


def _pools(choice: ProxyChoice, context: ssl.SSLContext) -> urllib3.PoolManager:
    proxy = choice.proxy
    if proxy is None:
        return urllib3.PoolManager(maxsize=IN_FLIGHT, ssl_context=context)
    if proxy.is_socks:
        return _socks_pools(choice, context)
    headers = {"proxy-authorization": proxy.login.basic()} if proxy.login else {}
    return urllib3.ProxyManager(
        proxy.url,
        maxsize=IN_FLIGHT,
        proxy_headers=headers,
        ssl_context=context,
        proxy_ssl_context=context,
    )


def _socks_pools(choice: ProxyChoice, context: ssl.SSLContext) -> urllib3.PoolManager:
    try:
        from urllib3.contrib.socks import SOCKSProxyManager  # noqa: PLC0415 - an optional package
    except ImportError as error:
        raise SocksMissingError(
            f"{choice.proxy} is a SOCKS proxy, and PySocks is not installed",
            hint="pip install 'osvc-diag[socks]', or name an HTTP proxy",
        ) from error
    proxy = choice.proxy
    assert proxy is not None
    login = proxy.login
    # socks5h: the proxy resolves the exchange's name, as an HTTP proxy does.
    url = proxy.url.replace("socks5:", "socks5h:", 1)
    return SOCKSProxyManager(
        url,
        username=login.user if login else None,
        password=login.password if login else None,
        maxsize=IN_FLIGHT,
        ssl_context=context,
    )
