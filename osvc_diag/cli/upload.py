"""Send an existing bundle, or go on with an upload that was interrupted.

The bundle is verified first, and you are asked: without a terminal it is only
sent with --yes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from osvc_diag.cli.exchange_options import add_exchange_arguments
from osvc_diag.cli.loading import add_plugin_arguments, load_for
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
    add_plugin_arguments(parser)


def run(args: argparse.Namespace, output: Output) -> int:
    """Verify, ask, send; a no is no failure."""
    from osvc_diag.cli import sending as way  # noqa: PLC0415 - not for --help
    from osvc_diag.cli.intent import check_way, sending_from, site_folder  # noqa: PLC0415
    from osvc_diag.exchange.delivery import check_allowed  # noqa: PLC0415

    etc = site_folder()
    with load_for(args, output, site=etc, etc=etc) as plugins:
        sending = sending_from(args, plugins, output, etc=etc, agreed=args.yes)
        check_allowed(sending.settings)
        check_way(sending, output)
        sent = way.send(args.bundle, sending, output)
    if sent is not None and output.is_json:
        output.result(json.dumps(sent.as_json(), indent=2))
    elif sent is not None:
        way.tell_sent(sent, output)
        output.result(sent.receipt.link)
    return OK
