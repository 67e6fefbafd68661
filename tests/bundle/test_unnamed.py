"""A bundle appears whole or not at all: full disks, kills, folders that refuse, file systems that cannot."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import random
import resource
import signal
import stat
import subprocess
import sys
import tarfile
import threading
import time

import pytest

from osvc_diag.bundle.unnamed import free_space
from osvc_diag.bundle.writer import BundleWriter
from osvc_diag.errors import BundleError

WRITE_FOREVER = """
import os, sys
from osvc_diag.bundle.writer import BundleWriter
if sys.argv[2] == "part":
    del os.O_TMPFILE
print("ready", flush=True)
while True:
    with BundleWriter(sys.argv[1], "b.tar.gz") as writer:
        for number in range(20):
            with writer.member(f"file/{number}", 0) as sink:
                sink.write(os.urandom(50_000))
        writer.seal([("manifest.json", b"{}")])
        writer.publish()
"""


def write(folder, content: bytes = b"content", name: str = "b.tar.gz") -> str:
    with BundleWriter(str(folder), name) as writer:
        with writer.member("file/a", 0) as sink:
            sink.write(content)
        writer.seal([("manifest.json", b"{}")])
        return writer.publish()


@pytest.mark.parametrize("has_threads", [True, False])
def test_what_the_disk_did_not_take_gets_no_name(tmp_path, monkeypatch, has_threads) -> None:
    def broken(_fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    def none_left(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(os, "fsync", broken)
    if not has_threads:
        monkeypatch.setattr(threading.Thread, "start", none_left)
    with pytest.raises(BundleError, match="Input/output error"):
        write(tmp_path)
    assert not os.listdir(tmp_path)


def test_a_disk_that_failed_once_is_asked_again(tmp_path, monkeypatch) -> None:
    synced: list[int] = []

    def broken(fd: int) -> None:
        synced.append(fd)
        raise OSError(errno.EIO, "Input/output error")

    with BundleWriter(str(tmp_path), "b.tar.gz") as writer:
        monkeypatch.setattr(os, "fsync", broken)
        writer.seal([("manifest.json", b"{}")])
        for _ in range(2):
            with pytest.raises(BundleError, match="Input/output error"):
                writer.publish()
    assert len(synced) == 2
    assert not os.listdir(tmp_path)


@contextlib.contextmanager
def small_disk(folder, size: int):
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        pytest.skip(f"mount: {error}")
    if mounted.returncode:
        pytest.skip(f"mounting a small disk needs root: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("unnamed", [True, False])
def test_a_full_disk_leaves_nothing_and_says_what_to_do(tmp_path, monkeypatch, unnamed) -> None:
    if not unnamed:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    with small_disk(tmp_path, 2 << 20):
        with pytest.raises(BundleError, match="No space left") as caught:
            write(tmp_path, os.urandom(4 << 20))
        assert caught.value.hint is not None
        assert "--output" in caught.value.hint
        assert " free)" in str(caught.value)
        assert os.listdir(tmp_path) == []
        assert free_space(str(tmp_path)) == 2 << 20


def test_a_disk_that_fills_up_only_when_the_archive_is_made_leaves_nothing(tmp_path) -> None:
    with small_disk(tmp_path, 2 << 20):
        with pytest.raises(BundleError, match="No space left"):
            write(tmp_path, os.urandom((2 << 20) - 300_000))
        assert os.listdir(tmp_path) == []
        assert free_space(str(tmp_path)) == 2 << 20


def test_a_bundle_needs_little_more_room_than_twice_its_size(tmp_path) -> None:
    content = os.urandom(900_000) + bytes(20 << 20)
    with small_disk(tmp_path, 2 << 20):
        assert os.path.getsize(write(tmp_path, content)) > 900_000


def test_a_limit_on_file_sizes_leaves_nothing(tmp_path) -> None:
    code = "import sys; sys.path[:0] = sys.argv[2:]; from test_unnamed import write; write(sys.argv[1], __import__('os').urandom(1 << 20))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), os.path.dirname(__file__)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
    )
    assert "BundleError: cannot write the bundle in" in done.stderr
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("way", ["unnamed", "part"])
def test_a_kill_at_any_moment_leaves_nothing_but_whole_bundles(tmp_path, way) -> None:
    for _ in range(8):
        arguments = [sys.executable, "-c", WRITE_FOREVER, str(tmp_path), way]
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(random.random() * 0.15)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    parts = [name for name in os.listdir(tmp_path) if name.endswith(".part")]
    assert way == "part" or not parts
    for name in set(os.listdir(tmp_path)) - set(parts):
        with tarfile.open(tmp_path / name) as archive:
            assert len(archive.getnames()) == 22
    write(tmp_path)
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".part")]


@pytest.fixture
def no_unnamed_files(monkeypatch) -> None:
    monkeypatch.delattr(os, "O_TMPFILE", raising=False)


@pytest.mark.usefixtures("no_unnamed_files")
class TestWithoutUnnamedFiles:
    def test_a_private_part_beside_it_becomes_the_bundle(self, tmp_path) -> None:
        with BundleWriter(str(tmp_path), "b.tar.gz") as writer:
            assert os.listdir(tmp_path) == []
            writer.seal([("manifest.json", b"{}")])
            [part] = os.listdir(tmp_path)
            assert part.endswith(".part")
            assert str(os.getpid()) in part
            assert stat.S_IMODE(os.stat(tmp_path / part).st_mode) == 0o600
            writer.publish()
            assert os.listdir(tmp_path) == ["b.tar.gz"]
        assert os.listdir(tmp_path) == ["b.tar.gz"]

    def test_it_never_overwrites_another_file(self, tmp_path) -> None:
        (tmp_path / "b.tar.gz").write_text("mine")
        assert write(tmp_path) == str(tmp_path / "b-2.tar.gz")
        assert (tmp_path / "b.tar.gz").read_text() == "mine"

    def test_where_there_are_no_hard_links_it_is_renamed(self, tmp_path, monkeypatch) -> None:
        def refuse(*_arguments, **_options):
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

        monkeypatch.setattr(os, "link", refuse)
        (tmp_path / "b.tar.gz").write_text("mine")
        assert write(tmp_path) == str(tmp_path / "b-2.tar.gz")
        assert sorted(os.listdir(tmp_path)) == ["b-2.tar.gz", "b.tar.gz"]

    def test_a_bundle_given_up_takes_its_part_along(self, tmp_path) -> None:
        with BundleWriter(str(tmp_path), "b.tar.gz") as writer:
            writer.seal([("manifest.json", b"{}")])
        assert os.listdir(tmp_path) == []


def test_the_part_of_a_living_run_is_left_alone_and_that_of_a_dead_one_swept(tmp_path) -> None:
    living = tmp_path / ".osvc-diag-1-aa.part"
    dead = tmp_path / ".osvc-diag-2-bb.part"
    for part in (living, dead):
        part.write_text("")
    with open(living) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        write(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".osvc-diag-1-aa.part", "b.tar.gz"]


def test_the_sweep_neither_follows_links_nor_waits_for_a_fifo(tmp_path) -> None:
    target = tmp_path / "target"
    target.write_text("keep")
    os.symlink(target, tmp_path / ".osvc-diag-1-aa.part")
    os.mkfifo(tmp_path / ".osvc-diag-2-bb.part")
    os.mkdir(tmp_path / ".osvc-diag-3-cc.part")
    write(tmp_path)
    assert target.read_text() == "keep"
    assert len(os.listdir(tmp_path)) == 5


def test_a_folder_that_is_not_there_is_an_error_with_a_hint(tmp_path) -> None:
    with pytest.raises(BundleError, match="No such file") as caught:
        BundleWriter(str(tmp_path / "nowhere"), "b.tar.gz")
    assert caught.value.hint is not None


def test_a_file_in_place_of_the_folder_is_an_error(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BundleError, match="Not a directory"):
        BundleWriter(str(tmp_path / "file"), "b.tar.gz")


def test_a_folder_that_is_not_writable_is_an_error(tmp_path) -> None:
    if os.geteuid() == 0:
        folder = "/proc/self"  # nobody writes there, root included
    else:
        tmp_path.chmod(0o500)
        folder = str(tmp_path)
    with pytest.raises(BundleError, match="cannot write the bundle in"):
        BundleWriter(folder, "b.tar.gz")


def test_a_folder_reached_by_a_link_is_taken(tmp_path) -> None:
    (tmp_path / "real").mkdir()
    os.symlink("real", tmp_path / "link")
    write(tmp_path / "link")
    assert os.listdir(tmp_path / "real") == ["b.tar.gz"]


def test_two_writers_in_one_folder_make_two_bundles(tmp_path) -> None:
    with BundleWriter(str(tmp_path), "b.tar.gz") as one, BundleWriter(str(tmp_path), "b.tar.gz") as two:
        for writer in (one, two):
            writer.seal([("manifest.json", b"{}")])
        assert [os.path.basename(writer.publish()) for writer in (one, two)] == ["b.tar.gz", "b-2.tar.gz"]


def test_nothing_stays_open(tmp_path) -> None:
    before = os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []
    for _ in range(3):
        write(tmp_path)
        with pytest.raises(BundleError):
            BundleWriter("/proc/self", "b.tar.gz")
    assert len(os.listdir("/proc/self/fd") if before else []) == len(before)
