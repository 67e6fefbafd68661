"""What `collect` tells whoever may have meant something else, or should know more."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Optional

from osvc_diag.objects.selectors import NODE_WORD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osvc_diag.cli.output import Output
    from osvc_diag.node.node import Node

OBJECTS_SHOWN = 30
SUFFIX = ".tar.gz"


def advice(selectors: Sequence[str]) -> Optional[str]:
    """Say what was meant, where selectors are the names of files."""
    for selector in selectors:
        if selector.endswith(SUFFIX):
            return f"to see what is in a bundle: osvc-diag show {shlex.quote(selector)}"
    if len(selectors) > 1 and all(map(os.path.lexists, selectors)):
        return "these are files here: quote a glob, as in '**', so that the shell leaves it alone"
    return None


def command_like(selectors: Sequence[str]) -> Optional[str]:
    """Return the command that may have been meant by the first selector."""
    import difflib  # noqa: PLC0415 - for mistakes alone

    from osvc_diag.cli.main import COMMANDS  # noqa: PLC0415 - main imports this module by name

    near = difflib.get_close_matches(selectors[0], [*COMMANDS, "help"], n=1, cutoff=0.8) if selectors else []
    return {"help": "--help"}.get(near[0], near[0]) if near else None


def what_there_is(node: Node) -> str:
    """Name the objects of a node, or the first of them."""
    objects = [str(known.path) for known in node.objects]
    shown = " ".join(objects[:OBJECTS_SHOWN])
    more = f" and {len(objects) - OBJECTS_SHOWN} more" if len(objects) > OBJECTS_SHOWN else ""
    return f"name one of: {NODE_WORD} {shown}{more}; '**' takes all"


def warn_of_unknown_name(node: Node, output: Output) -> None:
    """Warn where nothing in a copy tells whose it is: the bundle is called by the name."""
    from osvc_diag.node.identity import UNKNOWN  # noqa: PLC0415 - not for --help

    if node.name == UNKNOWN:
        told = "the node's name is unknown: neither etc/hostname nor node.log of this copy tells it"
        output.warn(f"{told}; say it with --node NAME")


def warn_of_command_names(node: Node, output: Output) -> None:
    """Warn of objects that only their full path means, for the name alone is a command."""
    from osvc_diag.cli.main import COMMANDS  # noqa: PLC0415 - main imports this module by name

    for known in node.objects:
        if str(known.path) in COMMANDS:
            output.warn(f"the object {known.path} is named like a command: write it as {known.path.full}")


def warn_of_taken_name(asked: Optional[str], bundle: str, output: Output) -> None:
    """Tell whoever named a file that was there already: a script would take the old one for the bundle."""
    from osvc_diag.bundle.place import split_output  # noqa: PLC0415 - not for --help

    _, name = split_output(asked)
    if name not in {None, os.path.basename(bundle)}:
        output.warn(f"{asked} was there already, and is left as it was: the bundle is {bundle}")
