"""State and receipt beside a bundle: whole, private, and believed only when they are ours."""

from __future__ import annotations

import json
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osvc_diag.exchange.opened import OpenedBundle
from osvc_diag.exchange.progress import Progress, drop_progress, load_progress, progress_path, save_progress
from osvc_diag.exchange.receipt import Receipt, load_receipt, receipt_path, save_receipt
from osvc_diag.exchange.records import read_record, write_record

RECEIPT = Receipt("https://x", "web", "https://x/i", "i", 10, "ab" * 32, "2026-11-22T10:00:00Z", 1.5)


def progress(**values) -> Progress:
    return Progress(
        **{
            "exchange": "https://x",
            "size": 10,
            "sha256": "ab" * 32,
            "method": "web",
            "item": "abc",
            "expires": "2026-11-29T10:00:00Z",
            **values,
        }
    )


def test_a_receipt_comes_back_as_it_was(tmp_path) -> None:
    bundle = str(tmp_path / "b.tar.gz")
    path = save_receipt(RECEIPT, bundle)
    assert path == receipt_path(bundle)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert load_receipt(bundle) == RECEIPT
    assert os.listdir(tmp_path) == ["b.tar.gz.receipt.json"]


def test_progress_comes_back_as_it_was(tmp_path) -> None:
    bundle = str(tmp_path / "b.tar.gz")
    kept = progress(acknowledged=((0, 3), (5, 10)))
    save_progress(kept, bundle)
    assert load_progress(bundle) == kept
    drop_progress(bundle)
    drop_progress(bundle)
    assert load_progress(bundle) is None


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"acknowledged": [[0, 11]]},
        {"acknowledged": [[3, 3]]},
        {"acknowledged": [[-1, 3]]},
        {"acknowledged": [["0", 3]]},
        {"acknowledged": [[True, 3]]},
        {"acknowledged": [[0]]},
        {"acknowledged": 7},
        {"item": "../../etc"},
        {"item": None},
        {"method": "smoke"},
        {"sha256": 7},
        {"size": "10"},
    ],
)
def test_progress_that_makes_no_sense_is_not_believed(change, tmp_path) -> None:
    bundle = str(tmp_path / "b.tar.gz")
    save_progress(progress(acknowledged=((0, 3),)), bundle)
    with open(progress_path(bundle)) as file:
        record = json.load(file)
    write_record(progress_path(bundle), json.dumps({**record, **change}))
    assert load_progress(bundle) is None


@given(st.binary(max_size=200))
def test_any_bytes_in_a_record_are_read_without_an_error(tmp_path_factory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("record") / "r.json"
    path.write_bytes(content)
    path.chmod(0o600)
    record = read_record(str(path))
    assert record is None or isinstance(record, dict)


def test_a_record_that_others_can_write_is_not_believed(tmp_path) -> None:
    path = str(tmp_path / "r.json")
    write_record(path, "{}")
    assert read_record(path) == {}
    os.chmod(path, 0o620)
    assert read_record(path) is None
    os.chmod(path, 0o602)
    assert read_record(path) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_record_of_somebody_else_is_not_believed(tmp_path) -> None:
    path = str(tmp_path / "r.json")
    write_record(path, "{}")
    os.chown(path, 12345, 12345)
    assert read_record(path) is None


def test_a_link_or_a_pipe_is_no_record(tmp_path) -> None:
    target = tmp_path / "target.json"
    write_record(str(target), "{}")
    os.symlink(target, tmp_path / "link.json")
    os.mkfifo(tmp_path / "pipe.json")
    assert read_record(str(tmp_path / "link.json")) is None
    assert read_record(str(tmp_path / "pipe.json")) is None


def test_writing_over_a_link_replaces_the_link_and_not_its_target(tmp_path) -> None:
    target = tmp_path / "precious"
    target.write_text("kept")
    os.symlink(target, tmp_path / "r.json")
    write_record(str(tmp_path / "r.json"), "{}")
    assert target.read_text() == "kept"
    assert not os.path.islink(tmp_path / "r.json")


def test_progress_belongs_to_the_same_bytes_and_exchange_alone(make_file) -> None:
    with OpenedBundle(make_file(1000)) as bundle:
        own = progress(size=bundle.size, sha256=bundle.sha256)
        assert own.belongs_to(bundle, "https://x")
        assert not own.belongs_to(bundle, "https://y")
        assert not progress(size=bundle.size).belongs_to(bundle, "https://x")


@pytest.mark.parametrize(
    "wrong", [{"link": 5}, {"link": ""}, {"size": "10"}, {"seconds": -1}, {"expires": "soon"}, {"resumed": 1}]
)
def test_a_receipt_with_a_wrong_field_is_none_to_be_trusted(wrong, tmp_path) -> None:
    path = str(tmp_path / "b.tar.gz")
    save_receipt(RECEIPT, path)
    assert load_receipt(path) == RECEIPT
    record = {**json.loads((tmp_path / "b.tar.gz.receipt.json").read_text()), **wrong}
    write_record(receipt_path(path), json.dumps(record))
    assert load_receipt(path) is None
