"""Defaults of a site: option, then OSVC_DIAG_... variable, then `<etc>/diag.ini`, then built in.

Consent is no setting: `--yes`, `--upload` and `--insecure` exist as options only, so that no variable and no
file can say yes for the user. A site can say no: `upload = never` holds against every option.
"""

from __future__ import annotations

import configparser
import os
import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Callable, Optional, Union

from osvc_diag.errors import UsageError
from osvc_diag.exchange.login import FORM_HINT, Login, split_login
from osvc_diag.ownership import UntrustedError, open_trusted
from osvc_diag.plugin.profile import Profile
from osvc_diag.units import parse_size, positive_duration, positive_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SITE_FILE = "diag.ini"  # not *.conf: the agent would take that for a service
SECTION = "diag"
PREFIX = "OSVC_DIAG_"
MAX_SITE_FILE = 65536  # bytes

DEFAULT_EXCHANGE = "https://sfx.opensvc.com"
PUBLIC_LOGIN = Login("support", "support")
"""Published on the support page: it may create, and neither read nor list."""

BUILT_IN = "built in"  # as an origin: nobody said anything
ASK = "ask"
NEVER = "never"


@dataclass(frozen=True)
class Settings:
    """What holds for this run. Neither `str` nor `repr` shows a credential."""

    exchange: str = DEFAULT_EXCHANGE
    """URL without a login."""
    exchange_login: Optional[Login] = field(default=None, repr=False)
    """From the URL; what stands in `exchange_credentials` is read when it is needed."""
    exchange_credentials: Optional[str] = None
    """Path of a private file that holds `user:password`."""
    proxy: Optional[str] = field(default=None, repr=False)
    """As written, so it may hold a password; None leaves the choice to `https_proxy` and the like."""
    proxy_credentials: Optional[str] = None
    ca_bundle: Optional[str] = None
    """Path of a PEM file; None is the system's trust store."""
    lifetime: float = 7 * 86400.0
    """Seconds that the exchange keeps the item; the agent's own value."""
    upload: str = ASK
    """`ask` or `never`."""
    upload_timeout: float = 4 * 3600.0
    """Seconds for a whole upload, retries included."""
    smtp: Optional[str] = None
    """`host[:port]` of a mail relay, for a mailto: exchange."""
    smtp_credentials: Optional[str] = None
    mail_from: Optional[str] = None
    mail_limit: int = 10 * 1024 * 1024
    """Bytes up to which a bundle is attached to a mail."""
    log_size: Optional[int] = None
    """Bytes for each log and its rotated ones."""
    max_size: Optional[int] = None
    """Bytes of the archive."""
    timeout: Optional[float] = None
    """Seconds for collecting."""
    jobs: int = 2
    """Processes that may look for secrets at once."""
    profile: Profile = Profile.STANDARD
    """How much is taken."""
    output: Optional[str] = None
    """Folder or path of the bundle."""
    block: tuple[str, ...] = ()
    """Names of plugins that are not loaded: what option, variable and site file say, all together."""
    origins: Mapping[str, str] = field(default_factory=dict)
    """Who set each of the above: `--proxy`, `OSVC_DIAG_PROXY`, the site file's path; nothing for built in."""
    warnings: tuple[str, ...] = ()
    """Sentences for the user: what in the site file was not understood."""

    @property
    def has_login_in_exchange(self) -> bool:
        """Whether the URL itself held a login."""
        return self.exchange_login not in {None, PUBLIC_LOGIN}

    def origin(self, name: str) -> str:
        """Tell who set a value, for messages."""
        return self.origins.get(name, BUILT_IN)


def resolve_settings(
    options: Optional[Mapping[str, Any]] = None,
    *,
    environ: Optional[Mapping[str, str]] = None,
    etc: Optional[str] = None,
) -> Settings:
    """Return what holds for this run.

    Args:
        options: by the names of `Settings`, text or already parsed; None was not given. Others are ignored,
            and so is `upload`: as an option it says yes to one bundle, and is no policy.
        environ: the variables; None asks none.
        etc: the agent's configuration folder on this very node, where the site file may be; never that of a
            foreign disk, whose owner is nobody here.

    Raises:
        UsageError: an option or a variable does not parse. A site file that does not parse, or that somebody
            else could have written, is a warning, and forbids uploads.
    """
    site, warnings = _read_site_file(etc) if etc else ({}, [])
    site_origin = os.path.join(etc or "", SITE_FILE)
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for name, parse in _PARSERS.items():
        for origin, given in (
            (f"--{name.replace('_', '-')}", None if name == "upload" else (options or {}).get(name)),
            (PREFIX + name.upper(), (environ or {}).get(PREFIX + name.upper()) or None),
            (site_origin, site.get(name)),
        ):
            if given is None:
                continue
            try:
                values[name] = parse(given) if isinstance(given, str) else given
            except UsageError as error:
                if origin != site_origin:
                    raise UsageError(f"{origin}: {error}", hint=error.hint) from None
                warnings.append(f"{origin}: {name}: {error}; nothing is sent until that is corrected")
                site["upload"] = NEVER
                continue
            origins[name] = origin
            break
    _keep_ban(values, origins, site, site_origin)
    values["block"] = _blocks(
        (options or {}).get("block"), (environ or {}).get(f"{PREFIX}BLOCK"), site.get("block")
    )
    warnings += _drop_strangers(values, origins)
    _split_exchange(values, origins)
    return Settings(**values, origins=MappingProxyType(origins), warnings=tuple(warnings))


def read_credentials(path: str) -> Login:
    """Return the login in the first line of a private file.

    Raises:
        UsageError: it cannot be read, or others can read or write it. The content is never shown.
    """
    try:
        fd = open_trusted(path, private=True)
    except (OSError, UntrustedError) as error:
        reason = f"{path}: {error.strerror}" if isinstance(error, OSError) else str(error)
        raise UsageError(
            f"the credentials cannot be used: {reason}",
            hint=FORM_HINT,
        ) from error
    with os.fdopen(fd, encoding="utf-8", errors="surrogateescape") as file:
        return Login.parse(file.readline(4096).rstrip("\r\n"), source=path)


def _keep_ban(values: dict[str, Any], origins: dict[str, str], site: Mapping[str, str], origin: str) -> None:
    """Let the strictest word on uploads win: neither an option nor a variable lifts the site's ban."""
    if site.get("upload", "").strip().lower() == NEVER:
        values["upload"] = NEVER
        origins["upload"] = origin


def _blocks(*given: Union[str, Iterable[str], None]) -> tuple[str, ...]:
    """Block what any of them names: what a site keeps out, no option lets in."""
    found = (_names(names) if isinstance(names, str) else names for names in given if names)
    return tuple(sorted({name for names in found for name in names}))


def _drop_strangers(values: dict[str, Any], origins: Mapping[str, str]) -> list[str]:
    """Keep a site's credentials from a server that somebody else named."""
    warnings = []
    for target in ("exchange", "proxy", "smtp"):
        name = f"{target}_credentials"
        if name in values and target in values and _rank(origins[name]) > _rank(origins[target]):
            del values[name]
            warnings.append(
                f"{name} of {origins[name]} is not used: it is not for what {origins[target]} names"
            )
    return warnings


def _rank(origin: str) -> int:
    if origin.startswith("--"):
        return 0
    return 1 if origin.startswith(PREFIX) else 2


def _split_exchange(values: dict[str, Any], origins: Mapping[str, str]) -> None:
    url, login = split_login(values.get("exchange", DEFAULT_EXCHANGE), source=origins.get("exchange", ""))
    if login is None and "exchange_credentials" not in values and _is_default(url):
        login = PUBLIC_LOGIN
    values["exchange"], values["exchange_login"] = url, login


def _is_default(url: str) -> bool:
    """Tell whether a URL is the built-in exchange: a site's own never sees the public login."""
    return url.rstrip("/").lower() == DEFAULT_EXCHANGE


def _read_site_file(etc: str) -> tuple[dict[str, str], list[str]]:
    path = os.path.join(etc, SITE_FILE)
    try:
        with os.fdopen(open_trusted(path), "rb") as file:
            text = file.read(MAX_SITE_FILE).decode()
        parser = configparser.ConfigParser(interpolation=None, default_section="")
        parser.read_string(text, source=path)
        found = dict(parser[SECTION]) if parser.has_section(SECTION) else {}
    except FileNotFoundError:
        return {}, []
    except (OSError, UntrustedError, configparser.Error, UnicodeDecodeError) as error:
        reason = str(error) if isinstance(error, (OSError, UntrustedError)) else "it is not an ini file"
        return {"upload": NEVER}, [
            f"{path} is ignored, and nothing is sent until that is corrected: {reason}"
        ]
    warnings = [f"{path}: unknown setting {name!r}" for name in sorted(found) if name not in _PARSERS]
    if not parser.has_section(SECTION):
        warnings.append(f"{path} has no section [{SECTION}]: nothing in it holds")
    return {name: value for name, value in found.items() if name in _PARSERS}, warnings


def _text(value: str) -> str:
    return value.strip()


def _names(value: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in value.split(",") if name.strip())


def _url(value: str) -> str:
    split_login(value)
    return value.strip()


def _count(value: str) -> int:
    if not re.fullmatch(r"0*[1-9][0-9]{0,3}", value.strip(), re.ASCII):
        raise UsageError(f"not a number of processes above 0: {value!r}", hint="1 is this process alone")
    return int(value)


def _policy(value: str) -> str:
    word = value.strip().lower()
    if word not in {ASK, NEVER}:
        raise UsageError(f"upload is {ASK} or {NEVER}, not {value!r}: nobody but the user says yes")
    return word


_PARSERS: Mapping[str, Callable[[str], Any]] = MappingProxyType(
    {
        "exchange": _url,
        "exchange_credentials": _text,
        "proxy": _text,
        "proxy_credentials": _text,
        "ca_bundle": _text,
        "lifetime": positive_duration,
        "upload": _policy,
        "upload_timeout": positive_duration,
        "smtp": _text,
        "smtp_credentials": _text,
        "mail_from": _text,
        "mail_limit": parse_size,
        "log_size": positive_size,
        "max_size": positive_size,
        "timeout": positive_duration,
        "jobs": _count,
        "profile": Profile.parse,
        "output": _text,
        "block": _names,
    }
)
