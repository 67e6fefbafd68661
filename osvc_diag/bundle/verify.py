"""Goes through a finished bundle once: every checksum agrees, nothing is hidden in it, no secret is left."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, BinaryIO, Optional, Union

from osvc_diag import events
from osvc_diag.bundle.hashing import ParcelHash
from osvc_diag.bundle.manifest import MANIFEST_NAME, Manifest
from osvc_diag.bundle.reader import LARGEST_MANIFEST, Bundle
from osvc_diag.bundle.searching import MemberSearch
from osvc_diag.bundle.sums import SUMS_NAME, StoredMember, parse_sums
from osvc_diag.bundle.verdict import Problem, Verdict
from osvc_diag.errors import VerificationError
from osvc_diag.pipeline import Ahead, Behind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osvc_diag.bundle.facts import ArtifactEntry
    from osvc_diag.bundle.searching import FoundHit, Search
    from osvc_diag.bundle.tar import Member

LARGEST_SUMS = 1 << 27  # bytes; as many members as a manifest may tell of
SMALL = 64 * 1024  # bytes of a member that is read whole
TOLD_EVERY = 256 * 1024  # bytes
MOST_PROBLEMS = 1000
PAGES = frozenset({MANIFEST_NAME, SUMS_NAME, "README.txt", "issue.json"})
"""Members that are no artifacts."""


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
        self._search = MemberSearch(search, self.report) if search is not None else None
        self._on_event = on_event
        self._problems: list[Problem] = []
        self._found: dict[str, StoredMember] = {}
        self._plain_bytes = 0
        self._untold_bytes = 0
        self._hashing = Behind("osvc_diag hasher")

    def report(self, what: str, member: Optional[str] = None, hit: Optional[FoundHit] = None) -> None:
        if len(self._problems) < MOST_PROBLEMS:
            rule, offset = (None, None) if hit is None else (hit.rule, hit.offset)
            self._problems.append(Problem(what, member, rule, offset))

    def give_up(self, why: str) -> None:
        """Report why it cannot go on; the sentence may quote a member's name, and that may hold a secret."""
        if self._search is not None:
            self._search.settle()
            if not self._search.is_clean(why):
                why = "it is damaged at a member whose name holds something that looks like a secret"
        self.report(why)

    def run(self, bundle: Bundle) -> None:
        total = sum(entry.stored_bytes or 0 for entry in bundle.manifest.artifacts)
        self._on_event(events.PhaseStarted("verify", total))
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
        if self._search is not None:  # first of all: there is a limit to what is reported
            self._search.settle()
            self._search_again(bundle, self._search)
        self._compare_sums(sums)
        self._compare_manifest(bundle.manifest)

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
        if self._search is not None:
            self._search.text(member.name, [content])
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
            self._search.small(member.name, content)

    def _go_through(self, member: Member) -> None:
        digest = ParcelHash(self._hashing)
        blocks = self._watched(member, digest)
        if self._search is not None:
            self._search.member(member.name, blocks)
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
        if self._untold_bytes >= TOLD_EVERY or is_end:
            self._on_event(events.Advanced(self._untold_bytes))
            self._untold_bytes = 0

    def _search_again(self, bundle: Bundle, search: MemberSearch) -> None:
        for member in bundle.members() if search.disguised else ():
            if member.name in search.disguised:
                search.again(member)

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
        if self._search is not None:
            self._report_names(self._search)
        return Verdict(
            problems=tuple(self._problems),
            members=len(self._found),
            plain_bytes=self._plain_bytes,
            is_searched=self._search is not None,
        )

    def _report_names(self, search: MemberSearch) -> None:
        """Report names that hold a secret, each by its number, here and everywhere."""
        names = list(self._found)
        for place, hit in search.names(names):
            label = f"member number {place + 1}"
            self._problems = [
                dataclasses.replace(problem, member=label) if problem.member == names[place] else problem
                for problem in self._problems
            ]
            what = "its name holds something that looks like a secret"
            self._problems.append(Problem(what, label, hit.rule, None))
