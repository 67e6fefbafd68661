"""The options that say where a bundle is sent, and how; `upload` and `collect` share them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_exchange_arguments(parser: argparse.ArgumentParser, *, yes: str = "send it without asking") -> None:
    """Add them; those that stand in `Settings` have its names, and None where they are not given.

    Args:
        parser: of the command.
        yes: what --yes does, in words.
    """
    group = parser.add_argument_group("where it is sent")
    group.add_argument(
        "--exchange",
        metavar="URL",
        help="https://..., mailto:ADDRESS, file:///FOLDER/ (default: OpenSVC's)",
    )
    group.add_argument("--proxy", metavar="URL", help="http, https or socks5; none for a direct connection")
    group.add_argument("--ca-bundle", metavar="FILE", help="certificates to trust instead of the system's")
    group.add_argument("--insecure", action="store_true", help="do not verify TLS; anybody may then listen")
    group.add_argument("--lifetime", metavar="TIME", help="how long the exchange keeps it (default 7d)")
    group.add_argument("--upload-timeout", metavar="TIME", help="for the whole upload (default 4h)")
    group.add_argument(
        "--exchange-credentials", metavar="FILE", help="a file that holds user:password, mode 0600"
    )
    group.add_argument("--proxy-credentials", metavar="FILE", help="the same for the proxy")
    group.add_argument(
        "--smtp", metavar="HOST[:PORT]", help="a relay that sends the mail of a mailto: exchange"
    )
    group.add_argument("--smtp-credentials", metavar="FILE", help="the same for the relay")
    group.add_argument("--mail-from", metavar="ADDRESS", help="who the mail is from")
    group.add_argument(
        "--mail-limit",
        metavar="SIZE",
        help="a larger bundle is not in the mail, but a link to it (default 10M)",
    )
    group.add_argument("-y", "--yes", action="store_true", help=yes)
