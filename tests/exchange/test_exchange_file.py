"""A folder as an exchange: whole, with its checksum, over nobody else's file."""

from __future__ import annotations

import os
import stat
import subprocess

import pytest
from sending_tools import Events

from osvc_diag.errors import UsageError
from osvc_diag.events import Advanced
from osvc_diag.exchange.errors import BundleChangedError, DestinationError, UploadTimeoutError
from osvc_diag.exchange.file import FileExchange
from osvc_diag.exchange.interface import Conditions
from osvc_diag.exchange.opened import OpenedBundle


@pytest.fixture
def share(tmp_path):
    folder = tmp_path / "the share"
    folder.mkdir()
    return folder


def leave(path: str, share, conditions=None, on_event=lambda event: None):
    url = f"file://{str(share).replace(' ', '%20')}/"
    with OpenedBundle(path) as bundle:
        return FileExchange(url).deliver(bundle, conditions or Conditions(), on_event)


def test_bundle_and_checksum_are_there_and_nothing_else(make_file, share) -> None:
    path, events = make_file(2_500_000), Events()
    receipt = leave(path, share, on_event=events)
    name = os.path.basename(path)
    assert sorted(os.listdir(share)) == [name, f"{name}.sha256"]
    subprocess.run(["sha256sum", "--quiet", "-c", f"{name}.sha256"], cwd=share, check=True)
    subprocess.run(["cmp", path, share / name], check=True)
    assert stat.S_IMODE((share / name).stat().st_mode) == 0o600
    assert receipt.link == str(share / name)
    assert receipt.confirmed
    assert sum(event.byte_count for event in events.of(Advanced)) == 2_500_000


def test_the_same_bundle_may_be_left_twice(make_file, share) -> None:
    path = make_file()
    assert leave(path, share).link == leave(path, share).link
    assert len(os.listdir(share)) == 2


def test_another_file_of_that_name_is_never_overwritten(make_file, share) -> None:
    path = make_file()
    (share / os.path.basename(path)).write_text("somebody else's")
    with pytest.raises(DestinationError, match="another file"):
        leave(path, share)
    assert (share / os.path.basename(path)).read_text() == "somebody else's"
    assert not [name for name in os.listdir(share) if name.startswith(".")]


def test_a_link_of_that_name_is_not_followed(make_file, share, tmp_path) -> None:
    path = make_file()
    (tmp_path / "precious").write_text("kept")
    os.symlink(tmp_path / "precious", share / os.path.basename(path))
    with pytest.raises(DestinationError):
        leave(path, share)
    assert (tmp_path / "precious").read_text() == "kept"


def test_where_there_are_no_hard_links_a_rename_does_it(make_file, share, monkeypatch) -> None:
    """As on FAT: the file system is the one thing that cannot be had here."""

    def no_links(*_args: object, **_more: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    path = make_file()
    leave(path, share)
    leave(path, share)
    subprocess.run(["cmp", path, share / os.path.basename(path)], check=True)
    assert len(os.listdir(share)) == 2
    (share / os.path.basename(path)).write_text("somebody else's")
    with pytest.raises(DestinationError, match="another file"):
        leave(path, share)


def test_a_missing_folder_is_told(make_file, tmp_path) -> None:
    with pytest.raises(DestinationError, match="No such file or directory"):
        leave(make_file(), tmp_path / "missing")


def test_a_full_disk_leaves_nothing_behind(make_file) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    with OpenedBundle(make_file()) as bundle, pytest.raises(DestinationError):
        FileExchange("file:///dev/full/").deliver(bundle, Conditions(), lambda event: None)


def test_a_bundle_that_changes_is_not_left_there(make_file, share) -> None:
    path = make_file(3_000_000)

    def on_event(event: object) -> None:
        if isinstance(event, Advanced):
            os.utime(path, ns=(1, 1))

    with pytest.raises(BundleChangedError):
        leave(path, share, on_event=on_event)
    assert os.listdir(share) == []


def test_the_time_limit_holds_and_leaves_nothing_behind(make_file, share) -> None:
    with pytest.raises(UploadTimeoutError):
        leave(make_file(3_000_000), share, Conditions(time_limit=0))
    assert os.listdir(share) == []


@pytest.mark.parametrize(
    "url", ["file://server/share/", "file:relative", "file:", "file:///mnt/a#b/", "file:///mnt/a?b/"]
)
def test_what_is_no_folder_of_this_machine_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="not the URL of a folder"):
        FileExchange(url)
