"""What this program obeys cannot be written by anybody else."""

from __future__ import annotations

import os
import tempfile

import pytest

from osvc_diag.ownership import UntrustedError, open_trusted, open_trusted_folder


@pytest.fixture
def folder(tmp_path):
    inner = tmp_path / "etc"
    inner.mkdir(mode=0o755)
    (inner / "file").write_text("content")
    (inner / "file").chmod(0o644)
    return inner


def read(path) -> bytes:
    fd = open_trusted(str(path))
    with os.fdopen(fd, "rb") as file:
        return file.read()


def test_an_own_file_below_own_folders_is_opened(folder) -> None:
    assert read(folder / "file") == b"content"
    os.close(open_trusted_folder(str(folder)))


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_a_file_that_others_can_write_is_refused(folder, mode) -> None:
    (folder / "file").chmod(mode)
    with pytest.raises(UntrustedError, match="file is writable by group or others"):
        open_trusted(str(folder / "file"))


@pytest.mark.parametrize("mode", [0o775, 0o757])
def test_a_file_below_a_folder_that_others_can_write_is_refused(folder, mode) -> None:
    deep = folder / "deep"
    deep.mkdir()
    (deep / "file").write_text("")
    folder.chmod(mode)
    with pytest.raises(UntrustedError, match="etc is writable by group or others"):
        open_trusted(str(deep / "file"))


def test_a_sticky_folder_is_as_good(folder) -> None:
    folder.chmod(0o1777)
    assert read(folder / "file") == b"content"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_or_folder_of_somebody_else_is_refused(folder) -> None:
    os.chown(folder / "file", 12345, 12345)
    with pytest.raises(UntrustedError, match="belongs to uid 12345"):
        open_trusted(str(folder / "file"))
    os.chown(folder / "file", 0, 0)
    os.chown(folder, 12345, 12345)
    with pytest.raises(UntrustedError, match="etc belongs to uid 12345"):
        open_trusted(str(folder / "file"))


def test_a_private_file_is_readable_by_its_owner_alone(folder) -> None:
    with pytest.raises(UntrustedError, match="readable by group or others"):
        open_trusted(str(folder / "file"), private=True)
    (folder / "file").chmod(0o600)
    os.close(open_trusted(str(folder / "file"), private=True))


def test_a_link_is_followed_to_what_it_names_and_that_is_checked(folder, tmp_path) -> None:
    os.symlink(folder / "file", tmp_path / "link")
    assert read(tmp_path / "link") == b"content"
    (folder / "file").chmod(0o666)
    with pytest.raises(UntrustedError):
        open_trusted(str(tmp_path / "link"))


def test_a_pipe_or_a_folder_is_no_file(folder) -> None:
    os.mkfifo(folder / "pipe", 0o600)
    for name in ("pipe", "."):
        with pytest.raises((UntrustedError, OSError)):
            open_trusted(str(folder / name))


def test_what_is_missing_is_said_as_the_system_says_it(folder) -> None:
    with pytest.raises(FileNotFoundError):
        open_trusted(str(folder / "missing"))


def test_no_descriptor_is_left_open(folder) -> None:
    before = os.listdir("/proc/self/fd")
    os.close(open_trusted(str(folder / "file")))
    (folder / "file").chmod(0o666)
    with pytest.raises(UntrustedError):
        open_trusted(str(folder / "file"))
    assert len(os.listdir("/proc/self/fd")) == len(before)


def test_a_folder_that_may_only_be_entered_is_good_enough(ordinary_user) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o711)
        path = os.path.join(folder, "file")
        with open(path, "w") as file:
            file.write("content")
        os.chmod(path, 0o644)
        with ordinary_user():
            os.close(open_trusted(path))
