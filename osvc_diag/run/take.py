"""One artifact on its way into the bundle, and what the manifest says of it in the end."""

from __future__ import annotations

import functools
from collections import Counter
from dataclasses import dataclass, field
from datetime import timezone
from typing import TYPE_CHECKING, Optional

from osvc_diag.bundle.facts import ArtifactEntry, CommandFacts, LogFacts, Owner, shareable_size, utc
from osvc_diag.gap import Gap, State
from osvc_diag.plugin.sources import JournalSource, LogSource
from osvc_diag.reading.compressed import compression_of
from osvc_diag.reading.sources import Outcome
from osvc_diag.run.digest import LogDigest, RecordDigest
from osvc_diag.run.rights import as_root

if TYPE_CHECKING:
    from datetime import tzinfo

    from osvc_diag.bundle.sums import StoredMember
    from osvc_diag.plugin.artifact import Artifact
    from osvc_diag.reading.stamps import Stamp

NOT_STORED = frozenset({State.WITHHELD, State.SKIPPED, State.MISSING, State.DENIED})
"""Of what is in one of these states nothing is in the bundle."""
SAME_NAME = "another artifact has this name"


@dataclass
class Take:
    """What is known of an artifact while it is read, redacted and stored."""

    artifact: Artifact
    name: str
    """Its member name, redacted."""
    source: str
    """Where its bytes come from, as it is called on the live node, redacted."""
    zone: tzinfo = timezone.utc
    """Of the times in the node's logs."""
    outcome: Outcome = field(default_factory=Outcome)
    counts: Counter[str] = field(init=False)
    """Of what each rule masked."""
    digest: Optional[LogDigest] = field(init=False)
    limit: Optional[int] = field(default=None, init=False)
    """Bytes of a log that may fit into --max-size, the newest; None is no limit."""
    fetched: int = field(default=0, init=False)
    """Bytes read so far."""
    packed: int = field(default=0, init=False)
    """Bytes that the archive grew by."""

    def __post_init__(self) -> None:
        self.counts = Counter()
        self.digest = self._new_digest()

    def begin(self, limit: Optional[int]) -> None:
        """Forget an attempt that came to nothing."""
        self.outcome, self.counts = Outcome(), Counter()
        self.digest = self._new_digest()
        self.limit = limit
        self.fetched = self.packed = 0

    @property
    def suffix(self) -> Optional[str]:
        """Of a compressed log: it is stored compressed the same way."""
        source = self.artifact.source
        return compression_of(source.path) if isinstance(source, LogSource) else None

    def _new_digest(self) -> Optional[LogDigest]:
        source = self.artifact.source
        if isinstance(source, JournalSource) and not source.as_text:
            return RecordDigest(self.zone)
        return LogDigest() if isinstance(source, (LogSource, JournalSource)) else None

    def entry(self, stored: Optional[StoredMember], seconds: float) -> ArtifactEntry:
        """Return what the manifest says of it.

        Args:
            stored: what is in the bundle; None where nothing is.
            seconds: that it took.
        """
        outcome, status = self.outcome, self.outcome.status
        masked = self._masked() if stored else {}
        return ArtifactEntry(
            name=self.name,
            collectors=self.artifact.collectors,
            source=self.source,
            state=State(outcome.state),
            reason=outcome.reason or None,
            source_bytes=shareable_size(outcome.source_bytes, masked) if status or stored else None,
            stored_bytes=stored.size if stored else None,
            sha256=stored.sha256 if stored else None,
            mode=_mode(status.st_mode) if status else None,
            owner=_owner(status.st_uid, status.st_gid) if status else None,
            mtime=utc(status.st_mtime) if status else None,
            log=self._log_facts(masked) if stored else None,
            command=self._command_facts(masked),
            masked=masked,
            seconds=round(seconds, 3),
        )

    def _masked(self) -> dict[str, int]:
        """Return how often each rule masked something, of those that did."""
        return {rule: count for rule, count in sorted(self.counts.items()) if count} if self.counts else {}

    def _command_facts(self, masked: dict[str, int]) -> Optional[CommandFacts]:
        ending = self.outcome.ending
        if ending is None:
            return None
        left_out = shareable_size(self.outcome.left_out_bytes, masked)
        return CommandFacts(round(ending.seconds, 3), ending.code, ending.signal, left_out)

    def _log_facts(self, masked: dict[str, int]) -> Optional[LogFacts]:
        digest = self.digest
        if digest is None:
            return None
        left_out = shareable_size(self.outcome.left_out_bytes, masked)
        read = shareable_size(self.outcome.read_bytes, masked) or None
        return LogFacts(digest.lines, left_out, _text(digest.first), _text(digest.last), read)


def gap_of(entry: ArtifactEntry, hint: str = "") -> Gap:
    """Return the gap that an artifact leaves, and what to do about it."""
    return Gap(
        state=entry.state,
        reason=entry.reason or entry.state.value,
        collector=entry.collectors[0] if entry.collectors else None,
        artifact=entry.name,
        hint=hint or (as_root() if entry.state is State.DENIED else None),
    )


@functools.lru_cache(maxsize=64)
def _owner(uid: int, gid: int) -> Owner:
    """Return one and the same of each: there are few, and of artifacts many."""
    return Owner(uid, gid)


@functools.lru_cache(maxsize=64)
def _mode(mode: int) -> str:
    """Return the permissions in octal; the same text for the same ones."""
    return f"{mode & 0o7777:04o}"


def _text(stamp: Optional[Stamp]) -> Optional[str]:
    return stamp.decode("ascii") if stamp else None
