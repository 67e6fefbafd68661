"""What an unwanted answer means: the exchange, the proxy and a captive portal told apart."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Optional

from osvc_diag.exchange.causes import HTTPS_HINT, proxy_login_error, proxy_refused_error
from osvc_diag.exchange.errors import (
    LoginRefusedError,
    NotAnExchangeError,
    PortalError,
    RedirectedError,
    TlsError,
    UnexpectedAnswerError,
)
from osvc_diag.exchange.line import TransientError, parse_retry_after
from osvc_diag.exchange.login import mask_url

if TYPE_CHECKING:
    from osvc_diag.exchange.login import Login
    from osvc_diag.exchange.proxy import ProxyChoice
    from osvc_diag.exchange.transport import Answer

TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
NOT_OFFERED = frozenset({404, 405, 410, 501})
TOO_LARGE = 413

PORTAL_HINT = (
    "open the exchange in a browser on this network: a login page, a filter, or a block page answers"
)
LOGIN_HINT = (
    "put user:password into a file that only its owner can read, and name it by --exchange-credentials"
)

_TLS_WANTED = re.compile(rb"plain http|http request (was sent )?to an https", re.IGNORECASE)
_PROXY_SERVERS = ("squid", "tinyproxy", "privoxy", "bluecoat", "zscaler", "mwg")


class NotOfferedError(Exception):
    """The exchange is there, and this way of uploading is not: try the next. It never reaches a user."""


class ChunkTooLargeError(Exception):
    """413: try a smaller chunk. It never reaches a user."""


class ItemFailedError(TransientError):
    """500 on an item: a passing fault, or the item is gone."""


def refuse(
    answer: Answer, *, host: str, choice: ProxyChoice, login: Optional[Login], is_plain: bool
) -> Exception:
    """Return what to raise for an answer that is not the wanted one.

    Args:
        answer: what came.
        host: of the exchange.
        choice: the proxy.
        login: what the exchange was given.
        is_plain: whether the exchange is spoken to without TLS.
    """
    status = answer.status
    if status in TRANSIENT:
        kind = ItemFailedError if status == 500 else TransientError  # noqa: PLR2004 - an HTTP status
        who = f"the proxy {choice.proxy}" if _is_of_proxy(answer, choice) else host
        return kind(
            f"{who} answered {status}", retry_after=parse_retry_after(answer.headers.get("retry-after"))
        )
    if status == TOO_LARGE:
        return ChunkTooLargeError()
    if status in NOT_OFFERED:
        return NotOfferedError()
    return _final(answer, host=host, choice=choice, login=login, is_plain=is_plain)


def read_json(answer: Answer, *, host: str) -> dict[str, Any]:
    """Return the object that an answer holds.

    Raises:
        PortalError: it is a web page.
        UnexpectedAnswerError: it is anything else.
    """
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError):
        content = None
    if isinstance(content, dict):
        return content
    if answer.is_html:
        raise PortalError(f"a web page came instead of an answer of {host}", hint=PORTAL_HINT)
    raise UnexpectedAnswerError(
        f"{host} answered {answer.status} with something that is no answer of an exchange", hint=PORTAL_HINT
    )


def not_an_exchange(url: str) -> NotAnExchangeError:
    """Return the error of a server that knows none of the ways to upload."""
    return NotAnExchangeError(
        f"nothing at {url} takes bundles (404)",
        hint="is the path of --exchange right? It is a bepasty's URL",
    )


def _final(  # noqa: PLR0911 - one for each kind
    answer: Answer, *, host: str, choice: ProxyChoice, login: Optional[Login], is_plain: bool
) -> Exception:
    status = answer.status
    of_proxy = _is_of_proxy(answer, choice)
    if status == 407 or (status == 401 and of_proxy):  # noqa: PLR2004 - tinyproxy says 401 where 407 is meant
        return proxy_login_error(choice)
    if status in {401, 403}:
        if of_proxy:
            return proxy_refused_error(status, host=host, choice=choice, is_plain=is_plain)
        return _login_error(status, host=host, login=login)
    if status == 400 and _TLS_WANTED.search(answer.body):  # noqa: PLR2004 - what web servers say in that case
        return TlsError(f"{host} speaks TLS on this port", hint=HTTPS_HINT)
    if status == 511:  # noqa: PLR2004 - Network Authentication Required
        return PortalError(f"this network wants a login before {host} can be reached (511)", hint=PORTAL_HINT)
    if 300 <= status < 400:  # noqa: PLR2004 - the redirects
        target = mask_url(answer.headers.get("location", ""))[:200] or "nowhere"
        return RedirectedError(
            f"{host} points to {target}, and nothing is sent there ({status})",
            hint=f"if that is right, name it with --exchange; else: {PORTAL_HINT}",
        )
    if answer.is_html and status < 300:  # noqa: PLR2004 - a success
        return PortalError(f"a web page came instead of an answer of {host}", hint=PORTAL_HINT)
    return UnexpectedAnswerError(
        f"{host} answered {status}", hint="the bundle is kept; try again, or ask support"
    )


def _login_error(status: int, *, host: str, login: Optional[Login]) -> LoginRefusedError:
    if login is None:
        return LoginRefusedError(f"{host} wants a login, and none was given ({status})", hint=LOGIN_HINT)
    if not login.source:
        return LoginRefusedError(f"{host} does not accept the login ({status})", hint=LOGIN_HINT)
    return LoginRefusedError(
        f"{host} does not accept the login in {login.source} ({status})",
        hint="correct user and password there; whoever runs the exchange knows whether it may create items",
    )


def _is_of_proxy(answer: Answer, choice: ProxyChoice) -> bool:
    if choice.proxy is None:
        return False
    server = answer.headers.get("server", "").lower()
    return "x-squid-error" in answer.headers or server.startswith(_PROXY_SERVERS)
