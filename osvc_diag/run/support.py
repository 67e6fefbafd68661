"""What the manifest says of the support contract: read from the agent's answer while it went by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osvc_diag.bundle.facts import SupportFacts
from osvc_diag.node.premium import NO_SERVER, has_server, read_answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from osvc_diag.bundle.facts import ArtifactEntry
    from osvc_diag.node.node import Node

TAGS = "cmd/premium-support/tags"
"""What both outputs of the agent's answer are called, but for `.out` and `.err`."""
OUTPUTS = (f"{TAGS}.out", f"{TAGS}.err")
HEAD = 16 * 1024  # bytes of an answer that are read: tags are some dozen words


class Heads:
    """Keeps the beginnings of some artifacts, redacted, while they go by."""

    def __init__(self, names: Iterable[str]) -> None:
        self._heads = dict.fromkeys(names, b"")

    def watch(self, name: str, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Return the blocks of an artifact, looked at where it is one of them."""
        return self._kept(name, blocks) if name in self._heads else blocks

    def text(self, name: str) -> str:
        """Return what was kept of an artifact; nothing of one that did not go by."""
        return self._heads[name].decode("utf-8", "replace")

    def _kept(self, name: str, blocks: Iterator[bytes]) -> Iterator[bytes]:
        self._heads[name] = b""
        for block in blocks:
            self._heads[name] += block[: HEAD - len(self._heads[name])]
            yield block


def support_facts(node: Node, entries: Sequence[ArtifactEntry], heads: Heads) -> SupportFacts:
    """Say whether the node is under a premium contract, and why that is not known.

    Args:
        node: the node.
        entries: of all artifacts.
        heads: of `OUTPUTS`.
    """
    answers = [entry for entry in entries if entry.name in OUTPUTS]
    if answers:
        codes = [entry.command.rc for entry in answers if entry.command]
        premium, reason = read_answer("\n".join(map(heads.text, OUTPUTS)), codes[0] if codes else None)
        return SupportFacts(premium, reason or None)
    if not has_server(node):
        return SupportFacts(None, NO_SERVER)
    return SupportFacts(None, "the agent was not asked" if node.live else "read from a copy of its files")
