"""Options that several commands share, and how their texts become values."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Callable, TypeVar

from osvc_diag.errors import UsageError
from osvc_diag.printable import quoted
from osvc_diag.units import positive_duration, positive_size

if TYPE_CHECKING:
    from osvc_diag.node.node import Node

T = TypeVar("T")


def add_node_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which node is meant."""
    group = parser.add_argument_group("node")
    group.add_argument(
        "--root", metavar="DIR", help="a node's files below DIR: a root-path install, or a whole file system"
    )
    group.add_argument("--node", metavar="NAME", help="the node's name, where its files do not tell it")
    group.add_argument("--timezone", metavar="ZONE", help="of the times in its logs, such as Europe/Paris")


def find_node(args: argparse.Namespace) -> Node:
    """Find the node that the options of `add_node_arguments` mean.

    Raises:
        NodeNotFoundError: there is no agent.
        NodeSilentError: its folders do not answer in time.
        UsageError: a variable makes no sense.
    """
    from osvc_diag.node.answering import answered, patience_within  # noqa: PLC0415 - not for --help
    from osvc_diag.node.node import Node  # noqa: PLC0415
    from osvc_diag.settings import resolve_settings  # noqa: PLC0415

    # The site's file cannot have a say here: it is the node's.
    settings = resolve_settings({"timeout": getattr(args, "timeout", None)}, environ=os.environ)
    return answered(
        lambda: Node.discover(args.root, name=args.node, zone=args.timezone),
        patience=patience_within(settings.timeout),
    )


def size(text: str) -> int:
    """Read a limit in bytes for argparse."""
    return _for_argparse(positive_size, text)


def duration(text: str) -> float:
    """Read a limit in seconds for argparse."""
    return _for_argparse(positive_duration, text)


def names(text: str) -> tuple[str, ...]:
    """Read a list of names, separated by commas."""
    found = tuple(name.strip() for name in text.split(",") if name.strip())
    if not found:
        raise argparse.ArgumentTypeError(f"no name in {quoted(text)}")
    return found


def _for_argparse(parse: Callable[[str], T], text: str) -> T:
    try:
        return parse(text)
    except UsageError as error:
        raise argparse.ArgumentTypeError(f"{error}; {error.hint}") from error
