"""Send an existing bundle, or go on with an upload that was interrupted.

The bundle is verified first, and you are asked: without a terminal it is only sent with --yes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osvc_diag.cli.exchange_options import add_exchange_arguments
from osvc_diag.cli.options import add_node_arguments

if TYPE_CHECKING:
    import argparse

    from osvc_diag.cli.output import Output

OK = 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("bundle", metavar="BUNDLE", help="a .tar.gz that osvc-diag made")
    add_exchange_arguments(parser)
    add_node_arguments(parser)


def run(args: argparse.Namespace, output: Output) -> int:
    """Verify, ask, send; a no is no failure."""
    from osvc_diag.cli.sending import send, sending_from, site_folder  # noqa: PLC0415 - not for --help
    from osvc_diag.plugin_manager import load_plugins  # noqa: PLC0415

    sending = sending_from(args, load_plugins(), output, etc=site_folder(), agreed=args.yes)
    send(args.bundle, sending, output)
    return OK
