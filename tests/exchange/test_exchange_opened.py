"""The bytes that are sent are those that were hashed."""

from __future__ import annotations

import hashlib
import os

import pytest

from osvc_diag.errors import UsageError
from osvc_diag.exchange.errors import BundleChangedError, UploadRunningError
from osvc_diag.exchange.opened import OpenedBundle


def test_it_knows_name_size_and_sha256(make_file) -> None:
    path = make_file(2_500_000)
    with open(path, "rb") as file:
        content = file.read()
    with OpenedBundle(path) as bundle:
        assert (bundle.name, bundle.size) == (os.path.basename(path), 2_500_000)
        assert bundle.sha256 == hashlib.sha256(content).hexdigest()
        assert bundle.read(10, 20) == content[10:30]
        assert b"".join(bundle.blocks()) == content
        with bundle.file() as file:
            assert file.read() == content
        bundle.check_unchanged()


def test_a_bundle_is_delivered_by_one_process_at_a_time(make_file) -> None:
    path = make_file()
    with OpenedBundle(path), pytest.raises(UploadRunningError, match="another process"), OpenedBundle(path):
        pass
    with OpenedBundle(path):
        pass


def test_a_bundle_that_is_written_to_is_noticed(make_file) -> None:
    path = make_file(1000)
    with OpenedBundle(path) as bundle:
        with open(path, "r+b") as file:
            file.write(b"x")
        os.utime(path, ns=(1, 1))
        with pytest.raises(BundleChangedError):
            bundle.check_unchanged()


def test_a_bundle_that_is_cut_is_noticed_when_it_is_read(make_file) -> None:
    path = make_file(1000)
    with OpenedBundle(path) as bundle:
        os.truncate(path, 10)
        with pytest.raises(BundleChangedError):
            bundle.read(0, 1000)


def test_a_bundle_that_is_replaced_is_sent_as_it_was(make_file, tmp_path) -> None:
    path = make_file(1000)
    with open(path, "rb") as file:
        content = file.read()
    with OpenedBundle(path) as bundle:
        (tmp_path / "other").write_bytes(b"other")
        os.replace(tmp_path / "other", path)
        bundle.check_unchanged()
        assert bundle.read(0, 1000) == content


@pytest.mark.parametrize("what", ["missing", "empty", "folder", "pipe"])
def test_what_is_no_bundle_is_refused(what: str, tmp_path) -> None:
    path = tmp_path / "b.tar.gz"
    if what == "empty":
        path.touch()
    elif what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    with pytest.raises(UsageError):
        OpenedBundle(str(path))
