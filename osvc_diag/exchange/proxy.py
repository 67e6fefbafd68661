"""Which proxy stands between this node and the exchange, and who says so."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Optional
from urllib.parse import urlsplit

from osvc_diag.errors import UsageError
from osvc_diag.exchange.login import MASK, Login, split_login

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

UNSET = "nothing"  # as a source: no option, variable or file says anything
DIRECT = "none"  # as in --proxy none: no proxy, whatever the environment says

_SOCKS = ("socks4", "socks4a", "socks5", "socks5h")
_DEFAULT_PORTS = {"http": 3128, "https": 443, **dict.fromkeys(_SOCKS, 1080)}
_OWN_SCHEMES = ("http", "https", "file", "mailto")
_EXCHANGE_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Proxy:
    """An HTTP, HTTPS or SOCKS proxy; neither `str` nor `repr` shows its login."""

    scheme: str
    host: str
    port: int
    login: Optional[Login] = field(default=None, repr=False)

    @classmethod
    def parse(cls, text: str, *, source: str = "") -> Proxy:
        """Read `[scheme://][user:password@]host[:port]`; the scheme is http and the port 3128 by default.

        Args:
            text: as it was written.
            source: who named it, for messages about its login.

        Raises:
            UsageError: it is no proxy's URL; the text is not shown, for it may hold a password.
        """
        text = text.strip()
        bare, login = split_login(text if "://" in text else f"http://{text}", source=source)
        parts = urlsplit(bare)
        scheme = parts.scheme.lower()
        if scheme not in _DEFAULT_PORTS:
            raise UsageError(
                f"not a scheme of a proxy: {scheme!r}", hint=f"one of {', '.join(sorted(_DEFAULT_PORTS))}"
            )
        if not parts.hostname or parts.path.strip("/") or parts.query:
            raise UsageError(
                "not the URL of a proxy", hint="write http://proxy.example.com:3128, or none for no proxy"
            )
        return cls(scheme, parts.hostname, parts.port or _DEFAULT_PORTS[scheme], login)

    @property
    def url(self) -> str:
        """Its URL without the login."""
        return f"{self.scheme}://{_bracketed(self.host)}:{self.port}"

    @property
    def is_socks(self) -> bool:
        """Whether it speaks SOCKS."""
        return self.scheme in _SOCKS

    def with_login(self, login: Optional[Login]) -> Proxy:
        """Return the same proxy with a login, unless its URL has one already."""
        return self if self.login or login is None else replace(self, login=login)

    def __str__(self) -> str:
        if self.login is None:
            return self.url
        return f"{self.scheme}://{MASK}@{_bracketed(self.host)}:{self.port}"


@dataclass(frozen=True)
class ProxyChoice:
    """The proxy for one URL, or None for a direct connection."""

    proxy: Optional[Proxy]
    source: str
    """Who decided: an option, a variable, the site file, `no_proxy`, or nothing at all."""

    def __str__(self) -> str:
        if self.proxy is not None:
            return f"{self.proxy} (named by {self.source})"
        return "no proxy" if self.source == UNSET else f"no proxy (because of {self.source})"


def choose_proxy(
    url: str,
    *,
    explicit: Optional[str] = None,
    explicit_source: str = "--proxy",
    environ: Mapping[str, str],
) -> ProxyChoice:
    """Choose the proxy for a URL: the explicit one, else what the usual variables say.

    Args:
        url: of the exchange, without a login.
        explicit: from the option, OSVC_DIAG_PROXY or the site file; `none` means a direct connection.
            It does not ask no_proxy: who names a proxy for this program means it.
        explicit_source: which of the three it was.
        environ: the variables; a lower-case name beats the upper-case one, an empty value counts as none.

    Raises:
        UsageError: the chosen text is no proxy's URL.
    """
    if explicit is not None and explicit.strip():
        text = explicit.strip()
        return ProxyChoice(None if text.lower() == DIRECT else _parse(text, explicit_source), explicit_source)
    scheme = urlsplit(url).scheme.lower()
    for name in _variables(scheme):
        value = environ.get(name, "").strip()
        # A CGI program gets a request's `Proxy:` header as HTTP_PROXY: anybody's word.
        if not value or (name == "HTTP_PROXY" and "REQUEST_METHOD" in environ):
            continue
        exception = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
        if is_exempt(url, exception):
            return ProxyChoice(None, "no_proxy")
        return ProxyChoice(_parse(value, name), name)
    return ProxyChoice(None, UNSET)


def _variables(scheme: str) -> Iterator[str]:
    """Yield the variables that may name a proxy, the one for the scheme first."""
    # What a plugin's scheme speaks is nobody else's business; where it ends is where https ends.
    for kind in (scheme, *(() if scheme in _OWN_SCHEMES else ("https",)), "all"):
        yield f"{kind}_proxy"
        yield f"{kind}_proxy".upper()


def is_exempt(url: str, no_proxy: str) -> bool:
    """Tell whether `no_proxy` names the host of a URL.

    Entries are separated by commas or spaces: `*`, `host`, `.domain`, `domain` (its subdomains too),
    `host:port`, an address, or a network such as `10.0.0.0/8`.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".").lower()
    port = parts.port or _EXCHANGE_PORTS.get(parts.scheme.lower())
    return bool(host) and any(
        _names(entry.lower(), host, port) for entry in no_proxy.replace(",", " ").split()
    )


def _parse(text: str, source: str) -> Proxy:
    try:
        return Proxy.parse(text, source=source)
    except UsageError as error:
        raise UsageError(f"{source}: {error}", hint=error.hint) from None


def _names(entry: str, host: str, port: Optional[int]) -> bool:
    if entry == "*":
        return True
    address = _address(host)
    if address is not None and _is_in_network(address, entry):
        return True
    name, colon, entry_port = entry.rpartition(":")
    if colon and entry_port.isdigit() and (name.count(":") == 0 or name.endswith("]")):
        if int(entry_port) != port:
            return False
        entry = name
    entry = entry.strip("[]").lstrip("*").strip(".")
    if not entry:
        return False
    if address is not None:
        return address == _address(entry)
    return host == entry or host.endswith("." + entry)


def _address(text: str) -> object:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _is_in_network(address: object, entry: str) -> bool:
    if "/" not in entry:
        return False
    try:
        return address in ipaddress.ip_network(entry, strict=False)
    except (ValueError, TypeError):
        return False


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
