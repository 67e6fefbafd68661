"""Premium support: a tag that the agent's collector, the server it reports to, knows of a node."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Optional

from osvc_diag.errors import RedactionError
from osvc_diag.objects.conf import CONF_LIMIT, parse_conf
from osvc_diag.reading.trees import NotTakenError

if TYPE_CHECKING:
    from osvc_diag.node.node import Node
    from osvc_diag.node.om import Om
    from osvc_diag.plugin.sources import Command

TAG = "PREMIUM_SUPPORT"
ACTIONS = {"show": ("show",), "set": ("attach", "--name", TAG), "unset": ("detach", "--name", TAG)}
"""What `om node collector tag` is told; both agents know these words."""

NO_SERVER = "the agent has no collector to ask"
NO_SERVER_HINT = (
    "set dbopensvc in the section [node] of node.conf to the collector's URL, then run: om node register; "
    "without a collector, name your contract in the ticket"
)
UNREGISTERED = "the agent is not registered at its collector"
UNREGISTERED_HINT = "run: om node register"

# b2.1 core/node/nodedict.py; om3 core/object/node_keywords.go has the last three.
_SERVER_KEYS = frozenset({"dbopensvc", "collector", "collector_feeder", "collector_server"})
_WORD = re.compile(rf"(?<![A-Za-z0-9_]){TAG}(?![A-Za-z0-9_])")
# b2.1 core/collector/rpc.py; om3 core/collector/config.go.
_NO_SERVER_WORDS = ("no collector defined", "collector is not configured")
_UNREGISTERED_WORDS = ("this node is not registered",)


def tag_command(om: Om, action: str, *, timeout: float) -> Command:
    """Return the agent's command for an action: `show`, `set`, `unset`.

    Its code 1 is a normal answer of an agent without a collector.
    """
    command = om.command("node", "collector", "tag", *ACTIONS[action], timeout=timeout)
    return replace(command, ok_codes=(0, 1))


def has_server(node: Node) -> bool:
    """Tell whether the configuration names a collector; a configuration that cannot be read may.

    `None` names none: b2.1 says so where it is asked to be silent about it.
    """
    for path in (node.layout.cluster_conf, node.layout.node_conf):
        try:
            entries = parse_conf(node.trees.read(path, CONF_LIMIT))
        except FileNotFoundError:
            continue
        except (OSError, NotTakenError, RedactionError):
            return True
        if any(entry.key in _SERVER_KEYS and entry.value.lower() not in ("", "none") for entry in entries):
            return True
    return False


def read_answer(text: str, rc: Optional[int]) -> tuple[Optional[bool], str]:
    """Tell from what `show` said whether the node has the tag, and why that is not known.

    Args:
        text: both outputs.
        rc: the code that it ended with; negative where it was ended, None where it never was.
    """
    if any(words in text for words in _NO_SERVER_WORDS):
        return None, NO_SERVER
    if any(words in text for words in _UNREGISTERED_WORDS):
        return None, UNREGISTERED
    if rc == 0:
        return _WORD.search(text) is not None, ""
    return None, "the agent did not answer" if rc is None or rc < 0 else "the agent could not tell"
