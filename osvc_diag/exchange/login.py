"""A user and a password that no repr, log or error shows, and URLs without them."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Optional
from urllib.parse import unquote, urlsplit, urlunsplit

from osvc_diag.errors import UsageError

MASK = "***"
FORM_HINT = "one line user:password, in a file that only its owner can read (chmod 600)"


@dataclass(frozen=True)
class Login:
    """Who one is to an exchange, a proxy or a mail relay."""

    user: str = field(repr=False)
    password: str = field(repr=False)
    source: str = field(default="", compare=False)
    """Where it stands, for messages: a file, an option, a variable; empty where it is built in."""

    @classmethod
    def parse(cls, text: str, *, source: str = "") -> Login:
        """Read `user:password`, the first line of a credentials file.

        Raises:
            UsageError: there is no colon; the text is not shown.
        """
        user, colon, password = text.partition(":")
        if not colon:
            place = f" in {source}" if source else ""
            raise UsageError(f"the credentials{place} are not of the form user:password", hint=FORM_HINT)
        return cls(user, password, source)

    def __str__(self) -> str:
        return MASK

    def basic(self) -> str:
        """Return the value of a Basic Authorization header."""
        return "Basic " + base64.b64encode(
            f"{self.user}:{self.password}".encode("utf-8", "surrogateescape")
        ).decode("ascii")


def split_login(url: str, *, source: str = "") -> tuple[str, Optional[Login]]:
    """Return a URL without its user and password, and these apart.

    Args:
        url: as it was written.
        source: who named it, for messages about the login.

    Raises:
        UsageError: no URL can be read from it; the text is not shown, for it may hold a password.
    """
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError:
        raise UsageError(
            "a URL cannot be read", hint="write %-codes for signs such as / @ : # in a password"
        ) from None
    userinfo, at, place = parts.netloc.rpartition("@")
    if not at:
        return url.strip(), None
    user, _, password = userinfo.partition(":")
    return urlunsplit(parts._replace(netloc=place)), Login(unquote(user), unquote(password), source)


def mask_url(url: str) -> str:
    """Return a URL that can be shown: no user, no password, no values of a query."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return MASK
    userinfo, at, place = parts.netloc.rpartition("@")
    netloc = f"{MASK}@{place}" if at and userinfo else place
    query = MASK if parts.query else ""
    return urlunsplit(parts._replace(netloc=netloc, query=query, fragment=""))
