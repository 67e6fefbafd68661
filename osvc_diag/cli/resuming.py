"""How a bundle that was not sent is sent later: what is told of a failure, and the command that goes on."""

from __future__ import annotations

import json
import os
import shlex
from typing import TYPE_CHECKING, NamedTuple, Optional

from osvc_diag.cli.main import INTERNAL_ERROR, INTERRUPTED
from osvc_diag.cli.output import error_as_json
from osvc_diag.errors import DiagError
from osvc_diag.exchange.errors import GaveUpError, ProxyUnreachableError, UnknownHostError
from osvc_diag.exchange.login import split_login
from osvc_diag.exchange.proxy import Proxy

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from osvc_diag.cli.intent import Sending
    from osvc_diag.cli.output import Output
    from osvc_diag.settings import Settings

FILE = "FILE"
"""What stands in a command where the user has to name a credentials file."""
VALUE = "VALUE"
"""The same for what stood in the query of a URL, or behind its #: it may be a token."""
SUDO_HINT = (
    "sudo drops https_proxy and its kin: name the proxy with --proxy, or keep them with "
    "sudo --preserve-env=https_proxy,http_proxy,all_proxy,no_proxy"
)

_GIVEN_AGAIN = (
    "ca_bundle",
    "exchange_credentials",
    "proxy_credentials",
    "smtp",
    "smtp_credentials",
    "mail_from",
    "mail_limit",
    "lifetime",
    "upload_timeout",
    "root",
    "node",
    "timezone",
)
_PATHS = frozenset({"ca_bundle", "exchange_credentials", "proxy_credentials", "smtp_credentials", "root"})
_UNREACHED = (UnknownHostError, GaveUpError, ProxyUnreachableError)


class Resume(NamedTuple):
    """How a bundle is sent later under the same settings."""

    command: str
    note: Optional[str]
    """What has to be filled in before it can be run; None where nothing has."""


def upload_command(bundle: str, settings: Settings, args: argparse.Namespace, *, yes: bool) -> Resume:
    """Return the command that sends a bundle under the same settings, or goes on with it.

    It shows no secret: a login that stood in a URL becomes a file that the user has to write, and what its
    query holds a word to replace.

    It can be run from any folder.

    Args:
        bundle: its path.
        settings: of this run; what a variable or the site file says holds for the next one too.
        args: with the options of `add_exchange_arguments`, `add_node_arguments` and `add_plugin_arguments`.
        yes: whether it is to ask nothing.

    Raises:
        UsageError: `--proxy` is no proxy's URL.
    """
    words, missing, hidden = ["osvc-diag", "upload"], [], False
    given = {name: getattr(args, name, None) for name in _GIVEN_AGAIN}
    given.update((name, os.path.abspath(path)) for name, path in given.items() if path and name in _PATHS)
    if settings.origin("exchange") == "--exchange":
        shown = _without_values(settings.exchange)
        hidden = shown != settings.exchange
        words += ["--exchange", shown]
        if split_login(args.exchange)[1] is not None:
            missing.append("--exchange")
            given["exchange_credentials"] = FILE
    if settings.proxy and settings.origin("proxy") == "--proxy":
        words += ["--proxy", settings.proxy]
        if "@" in settings.proxy:
            words[-1] = Proxy.parse(settings.proxy).url
            missing.append("--proxy")
            given["proxy_credentials"] = FILE
    for name, value in given.items():
        if value:
            words += [f"--{name.replace('_', '-')}", str(value)]
    for folder in args.plugin_dir:
        words += ["--plugin-dir", os.path.abspath(folder)]
    if args.block:
        words += ["--block", ",".join(args.block)]
    words += ["--insecure"] * args.insecure + ["--yes"] * yes + [os.path.abspath(bundle)]
    return Resume(shlex.join(words), _note(missing, hidden=hidden))


def tell_failure(path: str, sending: Sending, error: BaseException, output: Output) -> None:
    """Have it told that a bundle is kept, and how it is sent: below what ended its delivery.

    Args:
        path: of the bundle.
        sending: what it should have been sent with.
        error: what ended it: an error, Ctrl-C, a signal. It gets the steps, for whoever tells of it.
        output: of a program, which gets all of it as JSON.
    """
    resume = upload_command(path, sending.settings, sending.args, yes=sending.is_agreed)
    vars(error)["steps"] = tuple(_steps(path, sending, error, resume))
    facts = error_as_json(error) if isinstance(error, DiagError) else _interruption(error)
    if output.is_json and not isinstance(error, BrokenPipeError):
        facts = {"bundle": os.path.abspath(path), **facts, "resume": resume.command, "note": resume.note}
        output.result(json.dumps(facts, indent=2))


def _steps(path: str, sending: Sending, error: BaseException, resume: Resume) -> Iterator[str]:
    environ = sending.environ
    has_proxy = sending.settings.proxy is not None or any(name.lower().endswith("_proxy") for name in environ)
    if isinstance(error, _UNREACHED) and "SUDO_USER" in environ and not has_proxy:
        yield f"hint: {SUDO_HINT}"
    yield f"the bundle is kept: {os.path.abspath(path)}"
    yield "to send it, or go on where this stopped:"
    yield f"  {resume.command}"
    if resume.note:
        yield resume.note


def _interruption(error: BaseException) -> dict[str, object]:
    """Return what is no error of ours for programs; its text may hold anything."""
    if isinstance(error, Exception):
        return {
            "error": type(error).__name__,
            "message": f"internal error: {type(error).__name__}",
            "hint": "please report it",
            "exit_code": INTERNAL_ERROR,
        }
    code = getattr(error, "exit_code", INTERRUPTED)
    return {"error": "Interrupted", "message": "interrupted", "hint": None, "exit_code": code}


def _without_values(url: str) -> str:
    """Return a URL that has no login with a word to replace for each value of its query or fragment."""
    whole, mark, fragment = url.partition("#")
    place, sign, query = whole.partition("?")
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    # A word alone is a value, and so is one with nothing behind it but the = that base64 ends with.
    shown = "&".join(f"{name}={VALUE}" if value.strip("=") else VALUE for name, _, value in pairs)
    return place + sign + shown + mark + (fragment and VALUE)


def _note(missing: Sequence[str], *, hidden: bool) -> Optional[str]:
    """Say what has to be given again.

    Args:
        missing: the options whose login has to be.
        hidden: whether what stood in the query of --exchange has to be.
    """
    notes = []
    if missing:
        place = f"into a {FILE} of its own" if len(missing) > 1 else f"into {FILE}"
        told = " and that in ".join(missing)
        notes.append(
            f"first write the login that stood in {told} {place}, one line user:password, chmod 600: "
            "no login is shown here"
        )
    if hidden:
        notes.append(
            f"in --exchange, put for {VALUE} again what stood there behind the ? or #: it may be secret, "
            "and is not shown here"
        )
    return "; ".join(notes) or None
