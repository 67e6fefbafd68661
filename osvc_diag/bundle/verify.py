"""Goes through a finished bundle once: every checksum agrees, nothing is hidden in it, no secret is left."""

from __future__ import annotations

import bisect
import dataclasses
import itertools
from typing import TYPE_CHECKING, BinaryIO, Optional, Protocol, Union

from osvc_diag import events
from osvc_diag.bundle.hashing import ParcelHash
from osvc_diag.bundle.inflating import BombError, UninflatableError, compression, inflated, peeked
from osvc_diag.bundle.manifest import MANIFEST_NAME, Manifest
from osvc_diag.bundle.reader import LARGEST_MANIFEST, Bundle
from osvc_diag.bundle.sums import SUMS_NAME, StoredMember, parse_sums
from osvc_diag.bundle.verdict import Problem, Verdict
from osvc_diag.errors import VerificationError
from osvc_diag.pipeline import Ahead, Behind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from osvc_diag.bundle.manifest import ArtifactEntry
    from osvc_diag.bundle.tar import Member

__all__ = ["Problem", "Search", "Verdict", "verify"]

LARGEST_SUMS = 1 << 27  # bytes; as many members as a manifest may tell of
MOST_INFLATED = 1 << 36  # plain bytes of all compressed logs together, so that an archive of bombs ends
SMALL = 64 * 1024  # bytes of a member that is searched together with others
TOGETHER = 256 * 1024  # bytes of such members
APART = b"\n\x02\n"  # between them: nothing that is looked for goes over it
MOST_HITS = 20  # in one member
MOST_PROBLEMS = 1000  # in all
PAGES = frozenset({MANIFEST_NAME, SUMS_NAME, "README.txt", "issue.json"})
"""Members that are no artifacts."""


class FoundHit(Protocol):
    """Where a search found a secret."""

    @property
    def rule(self) -> str:
        """The id of the rule that found it."""

    @property
    def offset(self) -> int:
        """Bytes from the start of what was searched."""


class Search(Protocol):
    """What searches plain bytes for secrets, independently of the redactor."""

    def search(self, blocks: Iterable[bytes]) -> Iterable[FoundHit]:
        """Yield a hit for each secret in the blocks, which are one text."""


def verify(
    source: Union[str, BinaryIO],
    search: Optional[Search] = None,
    *,
    manifest: Optional[Manifest] = None,
    on_event: events.Listener = events.ignore,
) -> Verdict:
    """Check a bundle from its first byte to its last.

    Args:
        source: A path, or a seekable file.
        search: What looks for secrets; without it only structure and checksums are checked.
        manifest: What it was made with, by whoever made it: what is in the archive is compared with that,
            and the manifest there need not be read, for it has a checksum like any member.
        on_event: Told how many plain bytes went through.

    Raises:
        UsageError: The file cannot be opened.
    """
    verification = _Verification(search, on_event)
    try:
        with Bundle.open(source, manifest=manifest) as bundle:
            verification.run(bundle)
    except VerificationError as error:
        verification.give_up(str(error))
    return verification.verdict()


class _Verification:
    """One pass over a bundle."""

    def __init__(self, search: Optional[Search], on_event: events.Listener) -> None:
        self._search = search
        self._on_event = on_event
        self._problems: list[Problem] = []
        self._found: dict[str, StoredMember] = {}
        self._disguised: set[str] = set()
        self._gathered: list[tuple[str, bytes]] = []
        self._gathered_bytes = 0
        self._plain_bytes = 0
        self._untold_bytes = 0
        self._inflatable = MOST_INFLATED
        self._hashing = Behind("osvc_diag hasher")

    def report(self, what: str, member: Optional[str] = None, hit: Optional[FoundHit] = None) -> None:
        if len(self._problems) < MOST_PROBLEMS:
            rule, offset = (None, None) if hit is None else (hit.rule, hit.offset)
            self._problems.append(Problem(what, member, rule, offset))

    def give_up(self, why: str) -> None:
        """Report why it cannot go on; the sentence may quote a member's name, and that may hold a secret."""
        self._search_gathered()
        if self._search is not None and any(self._search.search([why.encode("utf-8", "replace")])):
            why = "it is damaged at a member whose name holds something that looks like a secret"
        self.report(why)

    def run(self, bundle: Bundle) -> None:
        entries = bundle.manifest.artifacts
        total = sum(entry.stored_bytes or 0 for entry in entries)
        self._on_event(events.PhaseStarted("verify", total, len(entries)))
        if bundle.gzip_flags:
            self.report("its gzip header has a name or a comment")
        sums: dict[str, str] = {}
        with Ahead("osvc_diag inflater", bundle.inflated(), len) as plain, self._hashing:
            for number, member in enumerate(bundle.members(plain)):
                if not member.is_as_written:
                    self.report("its tar header is not one of a bundle", member.name)
                if number == 0:
                    self._check_manifest(member)
                elif number == 1:
                    sums = self._read_sums(member)
                elif member.size <= SMALL:
                    self._go_through_small(member)
                else:
                    self._go_through(member)
        self._advance(0, is_end=True)
        self._search_gathered()
        self._compare_sums(sums)
        self._compare_manifest(bundle.manifest)
        if self._disguised:
            self._search_disguised(bundle)

    def _check_manifest(self, member: Member) -> None:
        if member.name != MANIFEST_NAME:
            self.report(f"the first member is not {MANIFEST_NAME}")
        if member.size > LARGEST_MANIFEST:
            self.report("it is too large to be read again", member.name)
        self._go_through(member)

    def _read_sums(self, member: Member) -> dict[str, str]:
        if member.name != SUMS_NAME:
            self.report(f"the second member is not {SUMS_NAME}")
            self._go_through(member)
            return {}
        content = member.read(LARGEST_SUMS)
        self._found[SUMS_NAME] = StoredMember.of(SUMS_NAME, content)
        self._look_into(member.name, [content])
        try:
            return parse_sums(content)
        except ValueError as error:
            self.report(str(error), SUMS_NAME)
            return {}

    def _go_through_small(self, member: Member) -> None:
        content = member.read(SMALL)
        self._advance(len(content))
        self._found[member.name] = StoredMember.of(member.name, content)
        if self._search is not None:
            self._gather(member.name, content)

    def _go_through(self, member: Member) -> None:
        digest = ParcelHash(self._hashing)
        blocks = self._watched(member, digest)
        if self._search is not None:
            self._search_member(member.name, blocks)
        for _ in blocks:  # what the search had no need of
            pass
        self._found[member.name] = StoredMember(member.name, member.size, digest.hexdigest())

    def _watched(self, member: Member, digest: ParcelHash) -> Iterator[bytes]:
        for block in member.blocks():
            digest.update(block)
            self._advance(len(block))
            yield block

    def _advance(self, byte_count: int, *, is_end: bool = False) -> None:
        """Count what went through, and tell of it now and then: of each small member would take its time."""
        self._plain_bytes += byte_count
        self._untold_bytes += byte_count
        if self._untold_bytes >= TOGETHER or is_end:
            self._on_event(events.Advanced(self._untold_bytes))
            self._untold_bytes = 0

    def _gather(self, name: str, text: bytes) -> None:
        """Keep a small member until many are searched at once: what the first step costs, each would cost."""
        if compression(text) is not None:
            self._search_member(name, iter([text]))
            return
        self._gathered.append((name, text))
        self._gathered_bytes += len(text) + len(APART)
        if self._gathered_bytes >= TOGETHER:
            self._search_gathered()

    def _search_gathered(self) -> None:
        """Search small members as one text; where something is found, each alone, to tell where."""
        gathered, self._gathered, self._gathered_bytes = self._gathered, [], 0
        if self._search is None or not gathered:
            return
        if any(True for _ in self._search.search([APART.join(text for _, text in gathered)])):
            for name, text in gathered:
                self._look_into(name, [text])

    def _search_member(self, name: str, content: Iterator[bytes]) -> None:
        start, blocks = peeked(content)
        suffix = compression(start)
        if suffix is None:
            self._look_into(name, blocks)
        elif name.endswith(suffix):
            self._look_inside(name, blocks, suffix, failures=UninflatableError)
        else:
            self._disguised.add(name)
            self._look_into(name, blocks)

    def _look_into(self, name: str, blocks: Iterable[bytes]) -> None:
        if self._search is not None:
            for hit in itertools.islice(self._search.search(blocks), MOST_HITS):
                self.report("something that looks like a secret is left", name, hit)

    def _look_inside(
        self, name: str, blocks: Iterable[bytes], suffix: str, *, failures: type[UninflatableError]
    ) -> None:
        """Search what is compressed; such failures to inflate it are reported, any other is its end."""

        def plain() -> Iterator[bytes]:
            # The text ends where inflating fails: what came before is searched all the same.
            try:
                for block in inflated(blocks, suffix, self._inflatable):
                    self._inflatable -= len(block)
                    yield block
            except failures as error:
                self.report(f"it {error}, so it was not searched whole", name)
            except UninflatableError:
                pass

        self._look_into(name, plain())

    def _search_disguised(self, bundle: Bundle) -> None:
        """Search what looks compressed but is not called so, as far as it inflates; it may be plain, too."""
        for member in bundle.members():
            if member.name in self._disguised:
                start, blocks = peeked(member.blocks())
                suffix = compression(start)
                assert suffix is not None
                self._look_inside(member.name, blocks, suffix, failures=BombError)

    def _compare_sums(self, sums: dict[str, str]) -> None:
        for name, found in self._found.items():
            if name != SUMS_NAME and sums.get(name) != found.sha256:
                what = "its checksum is not that of" if name in sums else "it is not in"
                self.report(f"{what} {SUMS_NAME}", name)
        for name in sorted(sums.keys() - self._found.keys()):
            self.report(f"it is in {SUMS_NAME}, but not in the archive", name)

    def _compare_manifest(self, manifest: Manifest) -> None:
        told: dict[str, ArtifactEntry] = {}
        for entry in manifest.artifacts:
            if entry.sha256 is None:
                continue
            if entry.name in told:
                self.report("it is in the manifest twice", entry.name)
            told[entry.name] = entry
        for name, found in self._found.items():
            if name in PAGES:
                continue
            known = told.get(name)
            if known is None:
                self.report("it is not in the manifest", name)
            elif (known.stored_bytes or 0, known.sha256) != (found.size, found.sha256):
                self.report("its size or checksum is not that of the manifest", name)
        for name in sorted(told.keys() - self._found.keys()):
            self.report("it is in the manifest, but not in the archive", name)

    def verdict(self) -> Verdict:
        self._search_names()
        return Verdict(
            problems=tuple(self._problems),
            members=len(self._found),
            plain_bytes=self._plain_bytes,
            is_searched=self._search is not None,
        )

    def _search_names(self) -> None:
        """Search the members' names; one that holds a secret is told by its number, here and everywhere."""
        if self._search is None:
            return
        names = list(self._found)
        raw = [name.encode("utf-8", "surrogateescape") + b"\n" for name in names]
        ends = list(itertools.accumulate(map(len, raw)))
        for hit in itertools.islice(self._search.search([b"".join(raw)]), MOST_HITS):
            number = bisect.bisect_right(ends, hit.offset)
            label = f"member number {number + 1}"
            self._problems = [
                dataclasses.replace(problem, member=label) if problem.member == names[number] else problem
                for problem in self._problems
            ]
            self._problems.append(
                Problem("its name holds something that looks like a secret", label, hit.rule, None)
            )
