"""Supplies the redacted content of artifacts, wherever it comes from: a file, a command, the journal."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Callable

from osvc_diag import events
from osvc_diag.form import Form
from osvc_diag.journal.log_text import as_log
from osvc_diag.plugin.sources import CommandSource, DocumentSource, JournalSource
from osvc_diag.reading.compressed import compressed_again
from osvc_diag.run.diagnosis import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osvc_diag.commands.pool import CommandPool
    from osvc_diag.journal.reading import JournalReader
    from osvc_diag.node.node import Node
    from osvc_diag.plugin.artifact import Artifact
    from osvc_diag.reading.fetching import Fetcher
    from osvc_diag.redaction import Redactor
    from osvc_diag.run.support import Heads
    from osvc_diag.run.take import Take


class Supply:
    """Fetches and redacts, and shows what goes by to whoever is to see it."""

    def __init__(
        self,
        *,
        node: Node,
        fetcher: Fetcher,
        commands: CommandPool,
        journal: JournalReader,
        redactor: Redactor,
        heads: Heads,
        tell: Callable[[events.Event], None],
    ) -> None:
        """Prepare.

        Args:
            node: whose files these are.
            fetcher: reads files and documents.
            commands: has the output of commands.
            journal: has the records of the journal.
            redactor: masks all of it.
            heads: are shown what is redacted.
            tell: is told how much was read.
        """
        self._node = node
        self._fetcher = fetcher
        self._commands = commands
        self._journal = journal
        self._redactor = redactor
        self._heads = heads
        self._tell = tell

    def called(self, artifact: Artifact, name: str) -> str:
        """Say where the bytes come from, as that is called on the live node, redacted.

        Args:
            artifact: as it was planned.
            name: its own, redacted.
        """
        source = artifact.source
        if isinstance(source, DocumentSource):
            return "computed"
        if isinstance(source, JournalSource):
            return self._redactor.mask_text(f"journal: {source.family}")
        if isinstance(source, CommandSource):
            return self._redactor.mask_text(shlex.join(source.command.argv))
        try:
            member = self._node.member(source.path)
        except ValueError:
            return "outside of the node's files"
        return (name if member == artifact.name else self._redactor.mask_text(member))[len("file") :]

    def blocks(self, take: Take) -> Iterator[bytes]:
        """Yield what is to be stored of an artifact; the take's counts, digest and outcome grow with it.

        Raises:
            SourceError: it could not be read.
            RedactionError: it cannot be redacted, and must be withheld.
        """
        source = take.artifact.source
        if isinstance(source, JournalSource) and source.as_text:
            # Field by field first: what a field alone gives away, the text of all of them may hide.
            records = self._redactor.redact(self._fetched(take), Form.JSON_LINES, take.counts)
            blocks = self._redactor.redact(as_log(records, self._node.zone), Form.LOG, take.counts)
        else:
            blocks = self._redactor.redact(self._fetched(take), take.artifact.form, take.counts)
        blocks = self._heads.watch(take.artifact.name, blocks)
        if take.suffix is None:
            return blocks
        if take.digest is not None:
            blocks = take.digest.watch(blocks)
        return compressed_again(blocks, take.suffix)

    def _fetched(self, take: Take) -> Iterator[bytes]:
        try:
            for block in self._raw(take):
                take.fetched += len(block)
                # What the phase could not expect is no progress: nobody knew how much there would be.
                is_unexpected = isinstance(take.artifact.source, (CommandSource, JournalSource))
                self._tell(events.Advanced(0 if is_unexpected else len(block)))
                yield block
        except Exception as error:
            raise SourceError from error

    def _raw(self, take: Take) -> Iterator[bytes]:
        source = take.artifact.source
        if isinstance(source, CommandSource):
            return self._commands.blocks(take.artifact, take.outcome)
        if isinstance(source, JournalSource):
            return self._journal.blocks(source, take.outcome, limit=take.limit)
        return self._fetcher.blocks(take.artifact, take.outcome, limit=take.limit)
