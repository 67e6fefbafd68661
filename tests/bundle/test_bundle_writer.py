"""The archive law: what goes in comes out, by stock tools, in any order of arrival."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import random
import stat
import subprocess
import sys
import tarfile
import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osvc_diag.bundle.headers import MemberNameError
from osvc_diag.bundle.writer import BundleWriter, SmallMember
from osvc_diag.errors import BundleError

NAME = "osvc-diag_c1_node1_web_20261122T200000Z.tar.gz"
STEM = NAME[: -len(".tar.gz")]


def write(folder, members, *, name=NAME, front=(("manifest.json", b"{}"),)) -> str:
    with BundleWriter(str(folder), name) as writer:
        for member, content in members:
            with writer.member(member, 1_700_000_000) as sink:
                sink.write(content)
        writer.seal(list(front))
        return writer.publish()


def contents(path: str, mode: str = "r:gz") -> dict[str, bytes]:
    with tarfile.open(path, mode, encoding="utf-8", errors="surrogateescape") as archive:
        found = {}
        for info in archive:
            file = archive.extractfile(info)
            assert file is not None
            found[info.name] = file.read()
        return found


def any_name() -> st.SearchStrategy[str]:
    part = st.binary(min_size=1, max_size=30).map(lambda raw: os.fsdecode(raw.replace(b"\0", b"0")))
    plain = st.text("abc\\\n\r -", min_size=1, max_size=120)
    parts = st.one_of(plain, part).map(lambda text: text.replace("/", "_"))
    parts = parts.filter(lambda text: text not in {".", ".."} and len(os.fsencode(text)) < 200)
    return st.lists(parts, min_size=1, max_size=4).map(lambda names: "file/" + "/".join(names))


def no_file_is_a_folder(names) -> bool:
    return not any(other.startswith(f"{name}/") for name in names for other in names)


members_strategy = st.dictionaries(any_name(), st.binary(max_size=5000), max_size=8).filter(
    no_file_is_a_folder
)


@settings(max_examples=40, deadline=None)
@given(members=members_strategy)
def test_what_goes_in_comes_out_by_stock_tools(members) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write(folder, members.items())
        expected = {f"{STEM}/{name}": content for name, content in members.items()}
        expected[f"{STEM}/manifest.json"] = b"{}"
        for mode in ("r:gz", "r|gz"):
            found = contents(path, mode)
            sums = found.pop(f"{STEM}/SHA256SUMS")
            assert found == expected
        assert list(found) == [f"{STEM}/manifest.json", *sorted(set(expected) - {f"{STEM}/manifest.json"})]
        assert sums.count(b"\n") == len(expected)

        subprocess.run(["gzip", "-t", path], check=True)
        subprocess.run(["tar", "xzf", path, "-C", folder], check=True)
        inside = os.path.join(folder, STEM)
        checked = subprocess.run(
            ["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=inside, capture_output=True, check=False
        )
        assert checked.returncode == 0, checked.stderr
        for name, content in members.items():
            with open(os.path.join(os.fsencode(inside), os.fsencode(name)), "rb") as file:
                assert file.read() == content


@settings(max_examples=40, deadline=None)
@given(members=members_strategy, seed=st.integers(0, 2**32))
def test_the_order_of_arrival_does_not_change_a_byte(members, seed) -> None:
    arrival = list(members.items())
    random.Random(seed).shuffle(arrival)
    with tempfile.TemporaryDirectory() as folder:
        assert archive_bytes(folder, arrival) == archive_bytes(folder, sorted(arrival))


def archive_bytes(folder, members) -> bytes:
    with BundleWriter(str(folder), NAME) as writer:
        for member, content in members:
            with writer.member(member, 1_700_000_000) as sink:
                sink.write(content)
        return writer.seal([("manifest.json", b"{}")]).read()


def test_the_manifest_comes_first_and_the_sums_second(tmp_path) -> None:
    front = [("manifest.json", b"{}"), ("README.txt", b"read me"), ("issue.json", b"{}")]
    found = contents(write(tmp_path, [("file/a", b"1"), ("cmd/x", b"2")], front=front))
    assert list(found) == [
        f"{STEM}/{name}"
        for name in ("manifest.json", "SHA256SUMS", "README.txt", "issue.json", "cmd/x", "file/a")
    ]
    digest = hashlib.sha256(b"read me").hexdigest()
    assert f"{digest}  README.txt\n".encode() in found[f"{STEM}/SHA256SUMS"]
    assert b"SHA256SUMS" not in found[f"{STEM}/SHA256SUMS"]


def test_members_belong_to_root_are_private_and_keep_their_time(tmp_path) -> None:
    with tarfile.open(write(tmp_path, [("file/a", b"1")])) as archive:
        for info in archive:
            assert (info.uid, info.gid, info.mode, info.type) == (0, 0, 0o600, tarfile.REGTYPE)
        assert archive.getmember(f"{STEM}/file/a").mtime == 1_700_000_000


def test_a_member_of_many_blocks_is_stored_whole(tmp_path) -> None:
    blocks = [os.urandom(70_000), b"x" * 3_000_000, b"", b"\n" * 1_131_072]
    with BundleWriter(str(tmp_path), NAME) as writer:
        with writer.member("file/log", 0) as sink:
            for block in blocks:
                sink.write(block)
        whole = b"".join(blocks)
        assert sink.stored is not None
        assert (sink.stored.size, sink.stored.sha256) == (len(whole), hashlib.sha256(whole).hexdigest())
        assert sink.line_ends == whole.count(b"\n")
        assert writer.members == (sink.stored,)
        writer.seal([("manifest.json", b"{}")])
        assert contents(writer.publish())[f"{STEM}/file/log"] == whole


def test_a_discarded_member_leaves_no_byte(tmp_path) -> None:
    with BundleWriter(str(tmp_path), NAME) as writer:
        with writer.member("file/kept", 0) as sink:
            sink.write(b"kept")
        size = writer.spooled_bytes
        with writer.member("file/secret", 0) as sink:
            sink.write(os.urandom(1_000_000))
            sink.settle()
            assert writer.spooled_bytes > size
            sink.discard()
        assert sink.stored is None
        assert writer.spooled_bytes == size
        with writer.member("file/secret", 0) as sink:
            sink.write(b"a second try may have the name")
        archive = writer.seal([("manifest.json", b"{}")]).read()
    with tarfile.open(fileobj=io.BytesIO(archive)) as found:
        assert [info.size for info in found][2:] == [4, 30]


def test_a_member_whose_writing_fails_is_dropped(tmp_path) -> None:
    with BundleWriter(str(tmp_path), NAME) as writer:
        with pytest.raises(ZeroDivisionError), writer.member("file/a", 0) as sink:
            sink.write(bytes(1 // 0))
        assert writer.members == ()
        writer.seal([("manifest.json", b"{}")])
        assert f"{STEM}/file/a" not in contents(writer.publish())


@pytest.mark.parametrize(
    "name", ["", "/etc/shadow", "../x", "a/../../x", "a//b", "./a", "a/.", "a/", "..", "nul\0", "\ud800"]
)
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path, name) -> None:
    with BundleWriter(str(tmp_path), NAME) as writer, pytest.raises(MemberNameError):
        writer.member(name, 0)


@pytest.mark.parametrize("name", ["a/b", "a", "a/b/c"])
def test_a_name_that_could_not_be_unpacked_beside_another_is_refused(tmp_path, name) -> None:
    with BundleWriter(str(tmp_path), NAME) as writer:
        with writer.member("a/b", 0):
            pass
        with pytest.raises(MemberNameError, match="already"):
            writer.member(name, 0)


@pytest.mark.parametrize("name", ["SHA256SUMS", "manifest.json", "README.txt"])
def test_a_member_cannot_take_the_place_of_a_front_member(tmp_path, name) -> None:
    with BundleWriter(str(tmp_path), NAME) as writer:
        with writer.member(name, 0):
            pass
        with pytest.raises(MemberNameError, match="already"):
            writer.seal([("manifest.json", b"{}"), ("README.txt", b"")])


@pytest.mark.parametrize("name", ["../x.tar.gz", "a/b.tar.gz", ".tar.gz", "..tar.gz", "..", ""])
def test_a_bundle_name_that_is_no_file_name_is_refused(tmp_path, name) -> None:
    inside = tmp_path / "in"
    inside.mkdir()
    with pytest.raises(BundleError):
        BundleWriter(str(inside), name)


def test_a_name_that_is_too_long_is_refused_before_anything_is_collected(tmp_path) -> None:
    with BundleWriter(str(tmp_path), "x" * (250 - len(".tar.gz")) + ".tar.gz"):
        pass
    with pytest.raises(BundleError, match="too long"):
        BundleWriter(str(tmp_path), "é" * 122 + ".tar.gz")


def test_a_current_folder_that_was_removed_is_told(tmp_path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    code = (
        "import os, sys\n"
        "from osvc_diag.bundle.writer import BundleWriter\n"
        "from osvc_diag.errors import BundleError\n"
        "os.chdir(sys.argv[1])\n"
        "os.rmdir(sys.argv[1])\n"
        "try:\n"
        "    BundleWriter('.', 'b.tar.gz')\n"
        "except BundleError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(gone)], capture_output=True, text=True, check=True)
    assert done.stdout == "the current folder was removed\n"


def test_nothing_is_in_the_folder_before_it_is_published(tmp_path) -> None:
    with BundleWriter(str(tmp_path), NAME) as writer:
        with writer.member("file/a", 0) as sink:
            sink.write(os.urandom(3_000_000))
            assert os.listdir(tmp_path) == []
        writer.seal([("manifest.json", b"{}")])
        assert os.listdir(tmp_path) == []
    assert os.listdir(tmp_path) == []


def test_a_bundle_never_overwrites_another_file(tmp_path) -> None:
    other = tmp_path / NAME
    other.write_text("mine")
    os.symlink("nowhere", tmp_path / f"{STEM}-2.tar.gz")
    path = write(tmp_path, [])
    assert path == str(tmp_path / f"{STEM}-3.tar.gz")
    assert other.read_text() == "mine"
    assert not os.path.lexists(tmp_path / "nowhere")


@pytest.mark.parametrize("umask", [0o000, 0o777])
def test_a_bundle_is_private_whatever_the_umask(tmp_path, umask) -> None:
    # In a process of its own: the umask belongs to all threads.
    code = (
        "import os, sys\nfrom osvc_diag.bundle.writer import BundleWriter\n"
        f"os.umask({umask})\nwith BundleWriter(sys.argv[1], 'b.tar.gz') as w:\n w.seal([('m', b'')])\n w.publish()"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    assert stat.S_IMODE(os.stat(tmp_path / "b.tar.gz").st_mode) == 0o600


def test_sizes_over_eight_gib_have_a_header_that_tar_reads() -> None:
    from osvc_diag.bundle.headers import member_header  # noqa: PLC0415

    header = member_header("s/file/" + "é" * 200, 9 * 2**30, 0)
    info = tarfile.TarInfo.frombuf(header[-512:], "utf-8", "surrogateescape")
    assert info.size == 9 * 2**30


def test_the_tar_inside_is_the_same_whatever_compressor(tmp_path) -> None:
    members = [("file/a", os.urandom(9000)), ("file/b", b"line\n" * 50_000)]
    path = write(tmp_path, members)
    code = (
        "import sys\nsys.modules['isal'] = None\n"
        "from osvc_diag.bundle import compressor, writer\nassert compressor.ENGINE == 'zlib'\n"
        "w = writer.BundleWriter(sys.argv[1], sys.argv[2])\n"
        "for name in sys.argv[3:]:\n"
        " with w.member(name, 1700000000) as sink, open(sys.argv[1] + '/' + name[5:], 'rb') as file:\n"
        "  sink.write(file.read())\n"
        "w.seal([('manifest.json', b'{}')])\nprint(w.publish())"
    )
    for name, content in members:
        (tmp_path / name[5:]).write_bytes(content)
    arguments = [sys.executable, "-c", code, str(tmp_path), NAME, "file/a", "file/b"]
    other = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout.strip()
    with gzip.open(path) as one, gzip.open(other) as two:
        assert one.read() == two.read()


def test_the_misuse_of_a_writer_is_an_error(tmp_path) -> None:
    with BundleWriter(str(tmp_path), NAME) as writer:
        with pytest.raises(RuntimeError):
            writer.publish()
        with writer.member("a", 0):
            with pytest.raises(RuntimeError):
                writer.member("b", 0)
            with pytest.raises(RuntimeError):
                writer.seal([("m", b"")])
        writer.seal([("m", b"")])
        with pytest.raises(RuntimeError):
            writer.member("b", 0)
        with pytest.raises(RuntimeError):
            writer.seal([("m", b"")])


@pytest.mark.parametrize("size", [10, 5_000, 500_000])
def test_a_member_that_leads_beyond_its_ceiling_is_dropped_whole(size, tmp_path):
    with BundleWriter(str(tmp_path), NAME) as writer:
        with writer.member("file/first", 0) as first:
            first.write(b"first")
        before = writer.spooled_bytes
        with writer.member("file/second", 0) as second:
            second.write(os.urandom(size))
            second.ceiling = before + size // 2
        assert (second.stored, writer.spooled_bytes) == (None, before)
        assert second.packed > size // 2
        with writer.member("file/second", 0) as again:
            again.write(b"again")
            again.ceiling = before + 1_000
        writer.seal([("manifest.json", b"{}")])
        found = contents(writer.publish())
    assert {name: text for name, text in found.items() if "/file/" in name} == {
        f"{STEM}/file/first": b"first",
        f"{STEM}/file/second": b"again",
    }


class TestNeighbours:
    def stored_alone(self, folder, members) -> dict[str, bytes]:
        return contents(write(folder, members))

    def test_they_are_stored_as_each_alone(self, tmp_path):
        members = [(f"file/{number:03d}", b"%d\n" % number * number) for number in range(200)]
        with BundleWriter(str(tmp_path), NAME) as writer:
            small = [SmallMember(name, 1_700_000_000, content) for name, content in members]
            with writer.member("file/z", 1_700_000_000) as sink:
                sink.write(b"last")
            told = writer.add_neighbours(small[:120])
            told += writer.add_neighbours(small[120:])
            with writer.member("file/!", 1_700_000_000) as sink:
                sink.write(b"first")
            assert [(one.name, one.size) for one in told] == [(name, len(raw)) for name, raw in members]
            assert [one.name for one in writer.members] == ["file/!", *dict(members), "file/z"]
            writer.seal([("manifest.json", b"{}")])
            together = writer.publish()
        alone = write(tmp_path, [("file/!", b"first"), ("file/z", b"last"), *members], name=f"{STEM}2.tar.gz")
        for mode in ("r:gz", "r|gz"):
            expected = {name.replace(f"{STEM}2", STEM): raw for name, raw in contents(alone).items()}
            assert contents(together, mode) == expected
        with gzip.open(together) as one, gzip.open(alone) as other:
            assert len(one.read()) == len(other.read())
        assert os.path.getsize(together) < os.path.getsize(alone) / 2

    def test_one_that_would_lie_between_is_refused_before_it_is_sealed(self, tmp_path):
        with BundleWriter(str(tmp_path), NAME) as writer:
            writer.add_neighbours([SmallMember("file/a", 0, b""), SmallMember("file/c", 0, b"")])
            writer.add_neighbours([SmallMember("file/b", 0, b"")])
            with pytest.raises(RuntimeError, match="between"):
                writer.seal([("manifest.json", b"{}")])

    @pytest.mark.parametrize("names", [["x", "x"], ["x", "x-y", "x/y"], ["taken"], ["taken/x"], ["../x"]])
    def test_names_that_cannot_stand_beside_each_other_are_refused_and_none_is_stored(self, tmp_path, names):
        with BundleWriter(str(tmp_path), NAME) as writer:
            with writer.member("taken", 0):
                pass
            with pytest.raises(MemberNameError):
                writer.add_neighbours([SmallMember(name, 0, b"content") for name in ["a", *names]])
            assert [stored.name for stored in writer.members] == ["taken"]

    def test_none_at_all_are_nothing(self, tmp_path):
        with BundleWriter(str(tmp_path), NAME) as writer:
            assert writer.add_neighbours([]) == []
            writer.seal([("manifest.json", b"{}")])
            assert len(contents(writer.publish())) == 2
