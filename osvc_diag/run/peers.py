"""The cluster's other nodes: support wants their side too, and here is what to run there."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from osvc_diag.plugin.profile import Profile
from osvc_diag.run.request import DEFAULT_LOG_SIZE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osvc_diag.run.request import Request
    from osvc_diag.window import Window

PROGRAM = "osvc-diag"


def peers_of(name: str, nodes: Sequence[str]) -> tuple[str, ...]:
    """Return the other nodes of a cluster, in its order.

    Args:
        name: of the node that was read; the cluster may know it by its first part alone, or by more.
        nodes: of the cluster.
    """
    exact = [node for node in nodes if node.lower() == name.lower()]
    short = [node for node in nodes if _first_part(node) == _first_part(name)]
    own = set(exact or (short if len(short) == 1 else ()))
    return tuple(node for node in nodes if node not in own)


def peer_command(request: Request, window: Window) -> str:
    """Return the command that takes the same on another node, at any later time; quoted for a shell."""
    words = [PROGRAM, *request.selectors]
    for option, time in (("--since", window.since), ("--until", window.until)):
        # Not as it was typed: `2h` would mean something else by then.
        words += [option, time.isoformat(timespec="seconds")] if time else []
    if request.log_size != DEFAULT_LOG_SIZE:
        words += ["--log-size", str(request.log_size)]
    if request.max_size is not None:
        words += ["--max-size", str(request.max_size)]
    if request.profile is not Profile.STANDARD:
        words += ["--profile", request.profile.value]
    for option, names in (("--only", request.only), ("--skip", request.skip)):
        words += [option, ",".join(names)] if names else []
    for setting in request.options:
        words += ["-o", setting]
    words += ["--with-related"] * request.with_related + ["--mask-network"] * request.mask_network
    for option, text in (("--label", request.label), ("--ticket", request.issue.ticket)):
        words += [option, text] if text else []
    return shlex.join(words)


def _first_part(name: str) -> str:
    return name.lower().partition(".")[0]
