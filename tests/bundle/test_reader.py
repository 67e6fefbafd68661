"""A bundle may come from anywhere: what is hostile or damaged is refused in clear words."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import os
import struct
import tarfile
import tracemalloc

import pytest
from bundle_making import hostile, make_manifest
from hypothesis import given
from hypothesis import strategies as st

from osvc_diag.bundle import tar
from osvc_diag.bundle.inflating import BLOCK, UninflatableError, gunzipped, inflated, peeked
from osvc_diag.bundle.reader import LARGEST_MANIFEST, Bundle
from osvc_diag.errors import UsageError, VerificationError

MANIFEST = ("b/manifest.json", make_manifest().to_json())


def kind(name: str, type_: bytes, linkname: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = type_, linkname
    return info


def read_all(path: str) -> dict[str, bytes]:
    with Bundle.open(path) as bundle:
        return {member.name: b"".join(member.blocks()) for member in bundle.members()}


def test_the_manifest_is_read_at_once_and_the_members_one_after_the_other(bundle_path) -> None:
    with Bundle.open(bundle_path) as bundle:
        assert bundle.manifest.node.name == "node1"
        assert bundle.stem == "b"
        names = [member.name for member in bundle.members()]
        assert names[:4] == ["manifest.json", "SHA256SUMS", "README.txt", "issue.json"]
        again = [(member.name, member.size) for member in bundle.members()]
        assert [name for name, _ in again] == names
        assert again[-1] == ("info/empty", 0)


def test_the_manifest_takes_no_more_than_the_first_blocks(bundle_path) -> None:
    with open(bundle_path, "rb") as file:
        whole = file.read()
    cut = io.BytesIO(whole[: len(whole) // 2])
    assert len(Bundle.open(cut).manifest.artifacts) == 3


def test_a_member_may_be_read_in_part(bundle_path) -> None:
    with Bundle.open(bundle_path) as bundle:
        sizes = {}
        for member in bundle.members():
            next(member.blocks(), None)
            sizes[member.name] = member.size
    assert sizes["file/log/web.log"] == 500_000


def test_a_bundle_that_is_not_there_is_a_usage_error(tmp_path) -> None:
    for path in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(UsageError, match="cannot open"):
            Bundle.open(str(path))


def test_a_pipe_is_refused_with_a_word() -> None:
    receiver, sender = os.pipe()
    os.close(sender)
    with open(receiver, "rb") as file, pytest.raises(UsageError, match="pipe"):
        Bundle.open(file)


def test_a_fifo_that_nobody_writes_to_is_not_waited_for(tmp_path) -> None:
    os.mkfifo(tmp_path / "b.tar.gz")
    with pytest.raises(UsageError, match="pipe"):
        Bundle.open(str(tmp_path / "b.tar.gz"))


@pytest.mark.parametrize(
    "member",
    [
        "b/../../etc/passwd",
        "/etc/passwd",
        "b/./x",
        "b//x",
        "b",
        "other/x",
        "b/manifest.json",
        "b/manifest.json/x",
        kind("b/x", tarfile.SYMTYPE, "/etc/passwd"),
        kind("b/x", tarfile.LNKTYPE, "b/manifest.json"),
        kind("b/x", tarfile.DIRTYPE),
        kind("b/x", tarfile.CHRTYPE),
        kind("b/x", tarfile.BLKTYPE),
        kind("b/x", tarfile.FIFOTYPE),
        kind("b/x", tarfile.XHDTYPE),
        kind("b/x", tarfile.GNUTYPE_SPARSE),
        kind("b/x", tarfile.GNUTYPE_LONGLINK),
        kind("b/x", tarfile.CONTTYPE),
        kind("b/x", tarfile.AREGTYPE),
    ],
    ids=lambda member: member if isinstance(member, str) else f"type {member.type!r}",
)
def test_what_no_bundle_holds_is_refused(tmp_path, member) -> None:
    with pytest.raises(VerificationError):
        read_all(hostile(tmp_path, [MANIFEST, (member, b"")]))


def test_a_file_that_is_also_a_folder_is_refused(tmp_path) -> None:
    with pytest.raises(VerificationError, match="twice"):
        read_all(hostile(tmp_path, [MANIFEST, ("b/a/b", b""), ("b/a", b"")]))


def test_a_gigantic_name_is_refused(tmp_path) -> None:
    with pytest.raises(VerificationError, match="too long"):
        read_all(hostile(tmp_path, [MANIFEST, ("b/" + "x" * 100_000, b"")]))


@pytest.mark.parametrize("size", [70, 10_000])
def test_names_in_countless_folders_take_no_memory(tmp_path, size) -> None:
    names = [f"b/{number}/" + "a/" * size + "x" for number in range(3)]
    path = hostile(tmp_path, [MANIFEST, *((name, b"") for name in names)])
    tracemalloc.start()
    try:
        with contextlib.suppress(VerificationError):
            read_all(path)
        assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    finally:
        tracemalloc.stop()


def test_more_members_than_any_bundle_has_are_refused(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(tar, "MOST_NAMES", 10_000)
    with pytest.raises(VerificationError, match="more members"):
        read_all(hostile(tmp_path, [MANIFEST, *((f"b/{number}", b"") for number in range(50))]))


def test_what_follows_a_content_or_the_tar_is_refused(tmp_path) -> None:
    with pytest.raises(VerificationError, match="follows the end of the tar"):
        read_all(hostile(tmp_path, [MANIFEST], tail=b"hidden".ljust(512)))
    path = hostile(tmp_path, [("b/manifest.json", MANIFEST[1] + b" " * (513 - len(MANIFEST[1]) % 512))])
    raw = bytearray(gzip.decompress((tmp_path / "hostile.tar.gz").read_bytes()))
    size = tarfile.TarInfo.frombuf(bytes(raw[:512]), "utf-8", "strict").size
    raw[512 + size + 3] = ord("x")
    with open(path, "wb") as file:
        file.write(gzip.compress(raw))
    with pytest.raises(VerificationError, match="follows the content"):
        read_all(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"PK\3\4 no gzip at all", "no .tar.gz"),
        (gzip.compress(b"", mtime=0), "ends in the middle"),
        (gzip.compress(b"x" * 511, mtime=0), "ends in the middle"),
        (gzip.compress(b"x" * 512, mtime=0), "no tar"),
        (gzip.compress(bytes(1024), mtime=0), "no bundle"),
        (gzip.compress(b"x" * 10_000, mtime=0)[:-4], "no tar"),
    ],
)
def test_what_is_no_bundle_is_told_so(tmp_path, content, message) -> None:
    path = tmp_path / "x.tar.gz"
    path.write_bytes(content)
    with pytest.raises(VerificationError, match=message) as caught:
        Bundle.open(str(path))
    assert caught.value.exit_code == 6


def test_an_archive_whose_first_member_is_no_manifest_is_no_bundle(tmp_path) -> None:
    with pytest.raises(VerificationError, match="no bundle"):
        Bundle.open(hostile(tmp_path, [("b/x", b""), MANIFEST]))


@pytest.mark.parametrize(
    "text", [b"", b"{}", b"[]", b"\xff", b'{"format": "99"}', b"[" * 100_000, b'{"format": NaN}']
)
def test_a_manifest_that_is_none_is_refused(tmp_path, text) -> None:
    with pytest.raises(VerificationError, match="manifest cannot be read"):
        Bundle.open(hostile(tmp_path, [("b/manifest.json", text)]))


def test_a_gigantic_manifest_is_refused_before_it_is_read(tmp_path) -> None:
    info = tarfile.TarInfo("b/manifest.json")
    info.size = LARGEST_MANIFEST + 1
    path = tmp_path / "x.tar.gz"
    path.write_bytes(gzip.compress(info.tobuf()))
    with pytest.raises(VerificationError, match="larger than"):
        Bundle.open(str(path))


def test_a_negative_size_is_refused(tmp_path) -> None:
    info = tarfile.TarInfo("b/x")
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"\xff" * 12
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    path = tmp_path / "x.tar.gz"
    path.write_bytes(gzip.compress(header))
    with pytest.raises(VerificationError):
        Bundle.open(str(path))


@pytest.mark.parametrize("broken", [b"\0\0\0\0", None])
def test_a_wrong_crc_or_length_is_damage(bundle_path, broken) -> None:
    with open(bundle_path, "rb") as file:
        whole = file.read()
    crc, size = struct.unpack("<LL", whole[-8:])
    tail = struct.pack("<LL", 0, size) if broken else struct.pack("<LL", crc, size ^ 1)
    with open(bundle_path, "wb") as file:
        file.write(whole[:-8] + tail)
    with pytest.raises(VerificationError, match="damaged"):
        read_all(bundle_path)


def test_a_bomb_is_read_in_small_blocks() -> None:
    largest = max(map(len, gunzipped(io.BytesIO(gzip.compress(bytes(1 << 25))))))
    assert largest <= BLOCK


@given(
    st.lists(st.binary(max_size=600), min_size=1, max_size=4),
    st.integers(1, 700),
    st.sampled_from([".gz", ".bz2", ".xz"]),
)
def test_streams_in_a_row_inflate_whatever_the_blocks(texts, size, suffix) -> None:
    packer = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}[suffix]
    packed = b"".join(map(packer, texts))
    blocks = [packed[at : at + size] for at in range(0, len(packed), size)]
    start, again = peeked(blocks)
    assert packed.startswith(start)
    assert b"".join(inflated(again, suffix, 10_000)) == b"".join(texts)


def test_an_archive_that_another_gzip_wrote_is_read(bundle_path) -> None:
    with open(bundle_path, "rb") as file:
        plain = gzip.decompress(file.read())
    with open(bundle_path, "wb") as file:
        file.write(gzip.compress(plain, 9))
    assert len(read_all(bundle_path)) == 7


def test_compressed_bytes_cut_in_the_first_one_are_uninflatable() -> None:
    with pytest.raises(UninflatableError, match="middle"):
        list(inflated([b"\x1f"], ".gz", 10))


def test_a_folder_of_descriptors_is_left_as_it_was(bundle_path) -> None:
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("no /proc here")
    before = len(os.listdir("/proc/self/fd"))
    read_all(bundle_path)
    with open(bundle_path, "wb") as file:
        file.write(b"damaged")
    with pytest.raises(VerificationError):
        Bundle.open(bundle_path)
    assert len(os.listdir("/proc/self/fd")) == before
