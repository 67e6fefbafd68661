"""An exchange in one file, for <etc>/diag.d: leaves bundles on a server that takes HTTP PUT, such as WebDAV.

put://dav.example.com/bundles/ is https://dav.example.com/bundles/. docs/writing-an-exchange.md tells more.
"""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING, Optional
from urllib.parse import quote, urlsplit

from osvc_diag import Advanced, ExchangeError, PhaseStarted, Receipt, UsageError, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osvc_diag import Conditions, Exchange, Listener, OpenedBundle

PATIENCE = 60.0  # seconds without a byte


@hookimpl
def osvc_diag_exchange(url: str) -> Optional[Exchange]:
    """Own put."""
    return PutExchange(url) if url.startswith("put:") else None


class PutExchange:
    """A folder of a server."""

    def __init__(self, url: str) -> None:
        """Read `put://host[:port]/folder/`.

        Raises:
            UsageError: it names no server.
        """
        parts = urlsplit(url)
        if not parts.hostname:
            raise UsageError(f"{url} names no server", hint="write put://dav.example.com/folder/")
        self.url = url
        self._host, self._port = parts.hostname, parts.port or 443
        self._folder = parts.path.rstrip("/")

    def deliver(self, bundle: OpenedBundle, conditions: Conditions, on_event: Listener) -> Receipt:
        """Put it there in one request.

        Raises:
            ExchangeError: the server cannot be reached, or does not take it.
        """
        on_event(PhaseStarted("upload", bundle.size))
        path = f"{self._folder}/{quote(bundle.name)}"
        headers = {"Content-Length": str(bundle.size)}
        if conditions.login is not None:
            headers["Authorization"] = conditions.login.basic()
        connection = self._connection(conditions)
        try:
            connection.request("PUT", path, _told(bundle, on_event), headers)
            with connection.getresponse() as answer:
                is_taken = answer.status in {200, 201, 204}
        except (OSError, http.client.HTTPException) as error:
            raise ExchangeError(f"{self._host}:{self._port}: {error}", hint="is it there?") from error
        finally:
            connection.close()
        if not is_taken:
            raise ExchangeError(
                f"{self._host} does not take the bundle: {answer.status} {answer.reason}",
                hint="401 and 403: name a login by --exchange-credentials; 409: the folder is not there",
            )
        bundle.check_unchanged()
        return Receipt(
            exchange=self.url,
            method="put",
            link=f"https://{self._host}:{self._port}{path}",
            item=bundle.name,
            size=bundle.size,
            sha256=bundle.sha256,
        )

    def _connection(self, conditions: Conditions) -> http.client.HTTPSConnection:
        proxy = conditions.proxy.proxy
        place = (self._host, self._port) if proxy is None else (proxy.host, proxy.port)
        connection = http.client.HTTPSConnection(
            *place, timeout=min(PATIENCE, conditions.time_limit), context=conditions.tls_context()
        )
        if proxy is None:
            return connection
        if proxy.scheme != "http":
            raise ExchangeError(f"{proxy} is none for put:", hint="name an http:// proxy, or none")
        login = {} if proxy.login is None else {"Proxy-Authorization": proxy.login.basic()}
        connection.set_tunnel(self._host, self._port, login)
        return connection


def _told(bundle: OpenedBundle, on_event: Listener) -> Iterator[bytes]:
    """Yield the bundle, and tell how far it is."""
    for block in bundle.blocks():
        yield block
        on_event(Advanced(len(block)))
