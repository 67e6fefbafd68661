"""A third party's exchange: its code runs inside this program, so all that comes of it is checked here."""

from __future__ import annotations

import os
import re
import sys
import threading
import time
import traceback
from dataclasses import fields, replace
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, Optional
from urllib.parse import quote, quote_plus

from osvc_diag.errors import DiagError, ExchangeError, UsageError
from osvc_diag.events import Advanced, PhaseStarted, Warned
from osvc_diag.exchange.login import MASK
from osvc_diag.exchange.receipt import WRITTEN, Receipt, utc_text
from osvc_diag.plugin.foreign import shortened, told_by
from osvc_diag.printable import printable
from osvc_diag.settings import PUBLIC_LOGIN

if TYPE_CHECKING:
    from collections.abc import Collection

    from osvc_diag.events import Event, Listener
    from osvc_diag.exchange.interface import Conditions
    from osvc_diag.exchange.opened import OpenedBundle

_LOGIN = re.compile(r"(?<=://)[^/?#\s]*@")
_AS_READ = "surrogateescape"  # a password may be in any encoding
_SENT = "nobody knows whether the bundle is there: tell the author of the plugin"


class Guest(NamedTuple):
    """A plugin of a third party that was let into this program."""

    name: str
    home: str
    """Its file, or the folder of its package; empty where nobody knows."""

    @classmethod
    def of(cls, name: str, plugin: object) -> Guest:
        """Find out where the code of a plugin is."""
        module = plugin
        if not isinstance(plugin, ModuleType):
            module = sys.modules.get(getattr(plugin, "__module__", type(plugin).__module__))
        path = str(getattr(module, "__file__", None) or "")
        is_alone = "." not in getattr(module, "__name__", "") and os.path.basename(path) != "__init__.py"
        return cls(name, path if is_alone else os.path.dirname(path) + os.sep)

    def place_of(self, error: BaseException) -> str:
        """Return file and line of its code, in brackets, where an exception came through; else nothing."""
        own = [
            (frame.f_code.co_filename, line)
            for frame, line in traceback.walk_tb(error.__traceback__)
            if self.home and frame.f_code.co_filename.startswith(self.home)
        ]
        return f" ({os.path.basename(own[-1][0])}:{own[-1][1]})" if own else ""

    def told(self, error: BaseException) -> str:
        """Return what an exception says, and where it came from; it must not have seen a login."""
        return shortened(shown(told_by(error))) + self.place_of(error)


def let_in(exchange: object, guest: Guest, hook: object) -> GuestExchange:
    """Take what a third party's hook gave for an exchange.

    Args:
        exchange: what it gave.
        guest: who gave it.
        hook: that gave it.

    Raises:
        UsageError: it is none.
    """
    try:
        url, deliver = getattr(exchange, "url", None), getattr(exchange, "deliver", None)
    except (Exception, SystemExit) as error:
        raise UsageError(f"plugin {guest.name} failed: {guest.told(error)}", hint=_blame(guest)) from error
    if not isinstance(url, str) or not url or not callable(deliver):
        what = type(exchange).__name__
        raise UsageError(
            f"plugin {guest.name} gave a {what}, not an Exchange: url and deliver{_line_of(hook)}",
            hint=_blame(guest),
        )
    bare, query, _ = url.partition("?")
    return GuestExchange(exchange, shown(bare + (query and f"?{MASK}")), guest)


class GuestExchange:
    """A third party's exchange as everybody else sees it: it fails as an exchange does, in no other way."""

    def __init__(self, exchange: Any, url: str, guest: Guest) -> None:
        self.url = url
        self.plugin = guest.name
        self._guest = guest
        self._exchange = exchange

    def deliver(self, bundle: OpenedBundle, conditions: Conditions, on_event: Listener) -> Receipt:
        """Have it leave the bundle there, and check its receipt.

        Raises:
            ExchangeError: whatever went wrong: any exception, a wish to exit, an answer that is none.
        """
        began = time.monotonic()
        logins = _logins_of(conditions)

        def hear(event: Event) -> None:
            on_event(self._checked_event(event, logins))

        try:
            receipt = self._exchange.deliver(bundle, conditions, hear)
        except BaseException as error:
            if _is_ours(error):
                raise
            raise self._failure(error, logins) from error
        return self._checked(receipt, bundle, logins, time.monotonic() - began)

    def _failure(self, error: BaseException, logins: Collection[str]) -> ExchangeError:
        """Return what it raised as an error of an exchange; only what it worded for users keeps its words."""
        text = _text_of(error) if isinstance(error, DiagError) else None
        if text is not None:
            is_known = isinstance(error, ExchangeError) and type(error).__module__.startswith("osvc_diag.")
            kind = type(error) if is_known and isinstance(error, ExchangeError) else ExchangeError
            hint = getattr(error, "hint", None)  # a class of its own may have forgotten it
            return kind(shown(text, logins), hint=None if hint is None else shown(hint, logins))
        # Any other text may quote what it was given, a login too.
        place = self._guest.place_of(error)
        return ExchangeError(
            f"plugin {self.plugin}, the exchange for {self.url}, failed: {type(error).__name__}{place}",
            hint="tell the author of the plugin; --debug shows more",
        )

    def _checked(
        self, receipt: object, bundle: OpenedBundle, logins: Collection[str], seconds: float
    ) -> Receipt:
        """Return a receipt whose texts can be printed, and complete what an author leaves to the host."""
        place = _line_of(self._exchange.deliver)
        if not isinstance(receipt, Receipt):
            what = "nothing" if receipt is None else f"a {type(receipt).__name__}"
            raise ExchangeError(
                f"plugin {self.plugin}, the exchange for {self.url}, gave {what}, not a Receipt{place}",
                hint=_SENT,
            )
        cleaned: dict[str, Any] = {field.name: getattr(receipt, field.name) for field in fields(Receipt)}
        for name, value in cleaned.items():
            if isinstance(value, str):
                cleaned[name] = shown(value, logins)
        plain = Receipt(**{**cleaned, "exchange": self.url})
        plain = replace(
            plain,
            sha256=str(plain.sha256).lower(),
            delivered=plain.delivered or utc_text(time.time()),
            seconds=plain.seconds or round(seconds, 3),
        )
        problem = _problem_of(plain, bundle)
        if problem:
            raise ExchangeError(
                f"plugin {self.plugin}, the exchange for {self.url}, gave a wrong Receipt: {problem}{place}",
                hint=_SENT,
            )
        return plain

    def _checked_event(self, event: object, logins: Collection[str]) -> Event:
        if isinstance(event, PhaseStarted):
            return PhaseStarted("upload", int(event.total_bytes))
        if isinstance(event, Advanced):
            return Advanced(int(event.byte_count))
        if isinstance(event, Warned):
            return Warned(shown(event.message, logins))
        raise ExchangeError(
            f"plugin {self.plugin}, the exchange for {self.url}, told a {type(event).__name__}, not an event",
            hint="on_event takes PhaseStarted, Advanced and Warned: tell the author of the plugin",
        )


def shown(text: object, logins: Collection[str] = ()) -> str:
    """Return a third party's text as it can be printed: on one line, without a login.

    Args:
        text: whatever it gave.
        logins: texts that must not be in it.
    """
    told = str(text)
    for login in logins:
        told = told.replace(login, MASK)
    return printable(_LOGIN.sub("", told))


def _text_of(error: BaseException) -> Optional[str]:
    """Return what an error says; None where its class, a third party's, cannot even do that."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - it may do anything
        return None


def _problem_of(receipt: Receipt, bundle: OpenedBundle) -> str:
    """Say what is wrong with a receipt; nothing where nothing is."""
    try:
        receipt.check()
    except ValueError as error:
        return str(error)
    if (receipt.sha256, receipt.size) != (bundle.sha256, bundle.size):
        return "size or sha256 is not the bundle's"
    return "" if receipt.is_delivered else f"method is {WRITTEN!r}, which says that nothing was sent"


def _logins_of(conditions: Conditions) -> tuple[str, ...]:
    proxy = conditions.proxy.proxy
    known = (conditions.login, conditions.smtp_login, None if proxy is None else proxy.login)
    texts = {
        text
        for login in known
        if login is not None and (login.user, login.password) != (PUBLIC_LOGIN.user, PUBLIC_LOGIN.password)
        for text in (
            login.password,
            quote(login.password, errors=_AS_READ),
            quote(login.password, safe="", errors=_AS_READ),
            quote_plus(login.password, errors=_AS_READ),
            login.basic(),
            login.basic().partition(" ")[2],
        )
    }
    return tuple(sorted(filter(None, texts), key=len, reverse=True))


def _is_ours(error: BaseException) -> bool:
    """Tell whether it was Ctrl-C or a signal, which reach no thread but the main one."""
    is_main = threading.current_thread() is threading.main_thread()
    return is_main and not isinstance(error, (Exception, SystemExit))


def _blame(guest: Guest) -> str:
    return f"tell the author of the plugin, or leave it out with --block {guest.name}"


def _line_of(function: Optional[object]) -> str:
    """Return file and line where a function begins, in brackets; nothing where it has none."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    return "" if code is None else f" ({os.path.basename(code.co_filename)}:{code.co_firstlineno})"
