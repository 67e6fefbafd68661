"""What verification finds, and that it never tells the thing itself."""

from __future__ import annotations

import bz2
import dataclasses
import gzip
import lzma
import os
import random
import tarfile

import pytest
from bundle_making import LiteralSearch, entry, hostile, make_manifest, write_bundle

from osvc_diag import events
from osvc_diag.bundle import searching
from osvc_diag.bundle.reader import Bundle
from osvc_diag.bundle.sums import StoredMember, sums_text
from osvc_diag.bundle.verify import verify
from osvc_diag.errors import UsageError, VerificationError
from osvc_diag.redaction import Secrets, SecretSearch

SECRET = b"hunter2-hunter2"


def test_a_bundle_as_written_passes(bundle_path) -> None:
    verdict = verify(bundle_path, LiteralSearch(SECRET))
    verdict.raise_for_problems()
    assert verdict.ok
    assert verdict.is_searched
    assert verdict.members == 7
    assert verdict.plain_bytes > 500_000


def test_an_open_file_is_verified_and_stays_open(bundle_path) -> None:
    with open(bundle_path, "rb") as file:
        file.read(10)
        assert verify(file).ok
        assert not file.closed


def test_without_a_search_the_verdict_says_so(bundle_path) -> None:
    assert not verify(bundle_path).is_searched


def test_progress_is_told_in_plain_bytes(bundle_path) -> None:
    told: list[events.Event] = []
    verdict = verify(bundle_path, on_event=told.append)
    assert isinstance(told[0], events.PhaseStarted)
    assert told[0].total_bytes == 500_010
    assert (
        sum(event.byte_count for event in told if isinstance(event, events.Advanced)) == verdict.plain_bytes
    )


@pytest.mark.parametrize(
    ("name", "content", "offset"),
    [
        ("file/a.log", b"x" * 300_000 + SECRET, 300_000),
        ("file/a.log", b"x" * (262_144 - 1600 - 7) + SECRET, 262_144 - 1600 - 7),
        ("file/a.log.1.gz", gzip.compress(b"x" * 70_000 + SECRET), 70_000),
        ("file/a.log.1.gz", gzip.compress(b"xy") + gzip.compress(SECRET), 2),
        ("file/a.log.1.bz2", bz2.compress(b"xyz" + SECRET), 3),
        ("file/a.log.1.xz", lzma.compress(b"xyz" + SECRET), 3),
        ("file/not-called-gz", gzip.compress(b"xyz" + SECRET), 3),
        ("file/not-called-gz-and-broken", gzip.compress(b"xyz" * 100_000 + SECRET)[:-8], 300_000),
        ("file/looks-like-gz-and-is-plain", b"\x1f\x8b\x08" + SECRET, 3),
    ],
    ids=[
        "at the end of a large log",
        "split between two blocks",
        "in a gz",
        "in the second stream of a gz",
        "in a bz2",
        "in an xz",
        "in a gz by another name",
        "in a broken gz by another name",
        "in what begins like a gz",
    ],
)
def test_a_secret_left_is_found_and_told_by_place_only(tmp_path, name, content, offset) -> None:
    verdict = verify(write_bundle(tmp_path, {name: content}), LiteralSearch(SECRET))
    [problem] = verdict.problems
    assert (problem.member, problem.rule, problem.offset) == (name, "literal", offset)
    assert SECRET.decode() not in f"{verdict!r} {problem}"
    with pytest.raises(VerificationError) as caught:
        verdict.raise_for_problems()
    assert caught.value.exit_code == 6
    assert SECRET.decode() not in str(caught.value)


def test_a_secret_in_a_name_is_told_by_the_members_number(tmp_path) -> None:
    name = f"file/{SECRET.decode()}/b"
    verdict = verify(write_bundle(tmp_path, {name: SECRET, "file/a": b""}), LiteralSearch(SECRET))
    assert {problem.rule for problem in verdict.problems} == {"literal"}
    # In the manifest and in SHA256SUMS, in its content, and in its name.
    assert [problem.member for problem in verdict.problems] == [
        "manifest.json",
        "manifest.json",
        "SHA256SUMS",
        "member number 6",
        "member number 6",
    ]
    assert SECRET.decode() not in repr(verdict)


def test_a_secret_in_the_name_of_what_no_bundle_holds_is_not_told(tmp_path) -> None:
    path = hostile(tmp_path, [("b/manifest.json", make_manifest().to_json()), (f"x/{SECRET.decode()}", b"")])
    assert SECRET.decode() in str(verify(path).problems[-1])
    verdict = verify(path, LiteralSearch(SECRET))
    assert SECRET.decode() not in repr(verdict)
    assert "looks like a secret" in verdict.problems[-1].what


def test_a_secret_in_the_manifest_is_found(tmp_path) -> None:
    path = write_bundle(tmp_path, {}, change=lambda old: dataclasses.replace(old, label=SECRET.decode()))
    [problem] = verify(path, LiteralSearch(SECRET)).problems
    assert problem.member == "manifest.json"


def test_many_hits_in_one_member_are_cut_short(tmp_path) -> None:
    verdict = verify(write_bundle(tmp_path, {"file/a": SECRET * 10_000}), LiteralSearch(SECRET))
    assert len(verdict.problems) == searching.MOST_HITS


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(os.urandom(5000))[:-9],
        gzip.compress(b"x" * 5000)[:-8] + b"damaged!",
        b"BZh91AY&SY-no",
        b"\x1f\x8b\x08",
    ],
    ids=["cut short", "wrong checksum", "no bz2", "a header alone"],
)
def test_a_compressed_log_that_cannot_be_searched_whole_does_not_pass(tmp_path, content) -> None:
    name = "file/a.bz2" if content.startswith(b"BZh") else "file/a.gz"
    [problem] = verify(write_bundle(tmp_path, {name: content}), LiteralSearch(SECRET)).problems
    assert "not searched whole" in problem.what


@pytest.mark.parametrize("name", ["file/a.gz", "file/disguised"])
def test_a_compressed_log_that_is_a_bomb_ends(tmp_path, monkeypatch, name) -> None:
    monkeypatch.setattr(searching, "MOST_INFLATED", 1 << 20)
    path = write_bundle(tmp_path, {name: gzip.compress(bytes(1 << 24))})
    [problem] = verify(path, LiteralSearch(SECRET)).problems
    assert "more than 1048576 bytes" in problem.what


def test_many_small_bombs_are_a_large_one(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(searching, "MOST_INFLATED", 1 << 21)
    logs = {f"file/{number}.gz": gzip.compress(bytes(1 << 20)) for number in range(4)}
    problems = verify(write_bundle(tmp_path, logs), LiteralSearch(SECRET)).problems
    assert [problem.member for problem in problems] == ["file/2.gz", "file/3.gz"]


def test_an_empty_log_called_compressed_passes(tmp_path) -> None:
    assert verify(write_bundle(tmp_path, {"file/a.gz": b""}), LiteralSearch(SECRET)).ok


def wrong(**changes):
    def change(manifest):
        first, *others = manifest.artifacts
        return dataclasses.replace(manifest, artifacts=(dataclasses.replace(first, **changes), *others))

    return change


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (wrong(sha256="0" * 64), "its size or checksum is not that of the manifest"),
        (wrong(stored_bytes=7), "its size or checksum is not that of the manifest"),
        (lambda manifest: dataclasses.replace(manifest, artifacts=()), "it is not in the manifest"),
        (
            lambda manifest: dataclasses.replace(manifest, artifacts=manifest.artifacts * 2),
            "it is in the manifest twice",
        ),
        (
            lambda manifest: dataclasses.replace(
                manifest, artifacts=(*manifest.artifacts, entry(StoredMember.of("file/gone", b"")))
            ),
            "it is in the manifest, but not in the archive",
        ),
    ],
)
def test_a_manifest_that_lists_what_is_not_there_does_not_pass(tmp_path, change, what) -> None:
    [problem] = verify(write_bundle(tmp_path, {"file/a": b"a"}, change=change)).problems
    assert problem.what == what


def test_an_artifact_that_was_not_stored_is_no_problem(tmp_path) -> None:
    change = wrong(name="file/b", sha256=None, stored_bytes=None)
    path = write_bundle(
        tmp_path,
        {"file/a": b"a"},
        change=lambda old: dataclasses.replace(old, artifacts=(*old.artifacts, *change(old).artifacts)),
    )
    assert verify(path).ok


def stored_as(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.mode, info.uname, info.gname = 0o600, "root", "root"
    return info


def by_hand(folder, members, sums: bytes) -> str:
    manifest = make_manifest(artifacts=tuple(entry(StoredMember.of(*member)) for member in members))
    every = [("manifest.json", manifest.to_json()), ("SHA256SUMS", sums), *members]
    return hostile(folder, [(stored_as(tarfile.TarInfo(f"b/{name}")), content) for name, content in every])


@pytest.mark.parametrize(
    ("sums", "problems"),
    [
        (b"", {("manifest.json", "it is not in SHA256SUMS"), ("file/a", "it is not in SHA256SUMS")}),
        (
            sums_text([StoredMember("manifest.json", 0, "0" * 64), StoredMember.of("file/a", b"a")]),
            {("manifest.json", "its checksum is not that of SHA256SUMS")},
        ),
        (
            b"nonsense\n",
            {
                ("SHA256SUMS", "line 1 has no digest and name"),
                ("manifest.json", "it is not in SHA256SUMS"),
                ("file/a", "it is not in SHA256SUMS"),
            },
        ),
    ],
)
def test_sums_that_do_not_agree_do_not_pass(tmp_path, sums, problems) -> None:
    verdict = verify(by_hand(tmp_path, [("file/a", b"a")], sums))
    assert {(problem.member, problem.what) for problem in verdict.problems} == problems


def test_a_sum_without_a_member_does_not_pass(tmp_path) -> None:
    manifest = make_manifest().to_json()
    sums = sums_text([StoredMember.of("manifest.json", manifest), StoredMember.of("file/gone", b"")])
    [problem] = verify(by_hand(tmp_path, [], sums)).problems
    assert problem.what == "it is in SHA256SUMS, but not in the archive"


def test_a_header_that_says_more_than_a_bundles_does_not_pass(tmp_path) -> None:
    manifest = make_manifest().to_json()
    info = stored_as(tarfile.TarInfo("b/SHA256SUMS"))
    info.uname = SECRET.decode()
    sums = sums_text([StoredMember.of("manifest.json", manifest)])
    path = hostile(tmp_path, [(stored_as(tarfile.TarInfo("b/manifest.json")), manifest), (info, sums)])
    [problem] = verify(path).problems
    assert (problem.member, problem.what) == ("SHA256SUMS", "its tar header is not one of a bundle")


def test_a_bundle_cut_anywhere_does_not_pass(bundle_path) -> None:
    with open(bundle_path, "rb") as file:
        whole = file.read()
    for size in [1, 9, 10, 11, 300, len(whole) // 2, len(whole) - 9, len(whole) - 8, len(whole) - 1]:
        with open(bundle_path, "wb") as file:
            file.write(whole[:size])
        verdict = verify(bundle_path)
        assert any("is cut short" in problem.what for problem in verdict.problems), size


def test_a_flipped_bit_does_not_pass_unless_it_means_nothing(bundle_path) -> None:
    with open(bundle_path, "rb") as file:
        whole = file.read()
    places = random.Random(1)
    for _ in range(60):
        at = places.randrange(10, len(whole))
        flipped = bytearray(whole)
        flipped[at] ^= 1 << places.randrange(8)
        with open(bundle_path, "wb") as file:
            file.write(flipped)
        if verify(bundle_path).ok:  # one of the bits that fill a deflate block up to a byte
            assert gzip.decompress(flipped) == gzip.decompress(whole), at


def test_a_gzip_header_with_a_name_does_not_pass(tmp_path, bundle_path) -> None:
    with open(bundle_path, "rb") as file:
        whole = file.read()
    with open(bundle_path, "wb") as file:
        file.write(whole[:3] + b"\x08" + whole[4:10] + SECRET + b"\0" + whole[10:])
    [problem] = verify(bundle_path).problems
    assert problem.what == "its gzip header has a name or a comment"


def test_what_follows_the_archive_does_not_pass(bundle_path) -> None:
    with open(bundle_path, "ab") as file:
        file.write(gzip.compress(b"more"))
    [problem] = verify(bundle_path).problems
    assert problem.what == "something follows the end of the archive"


def test_a_bundle_that_is_not_there_is_a_usage_error(tmp_path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        verify(str(tmp_path / "nowhere.tar.gz"))


def test_a_search_that_fails_is_no_pass(bundle_path) -> None:
    class Broken:
        def search(self, blocks):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        verify(bundle_path, Broken())


class CountingSearch(LiteralSearch):
    """Counts how often it is asked."""

    def __init__(self, literal: bytes) -> None:
        super().__init__(literal)
        self.asked = 0

    def search(self, blocks):
        self.asked += 1
        return super().search(blocks)


class TestSmallMembers:
    """They are searched together, and told of as each alone."""

    def test_a_secret_in_one_of_many_is_told_by_its_own_place(self, tmp_path) -> None:
        members = {f"file/{number:04d}": b"line %d\n" % number for number in range(1000)}
        members["file/0500"] = b"before " + SECRET
        search = CountingSearch(SECRET)
        [problem] = verify(write_bundle(tmp_path, members), search).problems
        assert (problem.member, problem.offset) == ("file/0500", len(b"before "))

    def test_where_nothing_is_found_few_questions_are_asked(self, tmp_path) -> None:
        members = {f"file/{number:04d}": b"line %d\n" % number * 10 for number in range(1000)}
        search = CountingSearch(SECRET)
        assert verify(write_bundle(tmp_path, members), search).ok
        assert search.asked < 10

    def test_what_stands_over_the_border_of_two_is_no_secret(self, tmp_path) -> None:
        members = {"file/a": b"x" + SECRET[:7], "file/b": SECRET[7:]}
        assert verify(write_bundle(tmp_path, members), LiteralSearch(SECRET)).ok

    def test_a_key_is_not_put_together_from_two(self, tmp_path) -> None:
        members = {"file/a": b"-----BEGIN PRIVATE KEY-----\n", "file/b": b"QUJD" * 16 + b"\n"}
        assert verify(write_bundle(tmp_path, members), SecretSearch(Secrets())).ok
        members["file/b"] = members["file/a"] + members["file/b"]
        assert not verify(write_bundle(tmp_path, members), SecretSearch(Secrets())).ok

    def test_a_small_compressed_log_is_searched_inside(self, tmp_path) -> None:
        members = {"file/a": b"a\n", "file/a.log.1.gz": gzip.compress(b"a " + SECRET), "file/b": b"b\n"}
        [problem] = verify(write_bundle(tmp_path, members), LiteralSearch(SECRET)).problems
        assert problem.member == "file/a.log.1.gz"

    def test_what_was_found_before_an_archive_broke_off_is_told(self, tmp_path) -> None:
        noise = random.Random(1).randbytes(300_000)
        path = write_bundle(tmp_path, {"file/a": SECRET, "file/b": noise})
        os.truncate(path, os.path.getsize(path) - 1000)
        problems = verify(path, LiteralSearch(SECRET)).problems
        assert "file/a" in [problem.member for problem in problems]


def test_who_made_a_bundle_compares_it_with_what_it_was_made_with(tmp_path) -> None:
    path = write_bundle(tmp_path, {"file/a": b"a"})
    with Bundle.open(path) as bundle:
        manifest = bundle.manifest
    assert verify(path, manifest=manifest).ok
    [problem] = verify(path, manifest=wrong(sha256="0" * 64)(manifest)).problems
    assert (problem.member, problem.what) == ("file/a", "its size or checksum is not that of the manifest")


def test_an_archive_that_begins_otherwise_is_no_bundle_to_whoever_made_it_either(tmp_path) -> None:
    path = hostile(tmp_path, [(stored_as(tarfile.TarInfo("b/file")), b"")])
    assert "the first member is not manifest.json" in [
        problem.what for problem in verify(path, manifest=make_manifest()).problems
    ]
