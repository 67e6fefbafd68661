from __future__ import annotations

import os

import pytest

from osvc_diag.form import Form
from osvc_diag.plugin.artifact import Artifact
from osvc_diag.plugin.sources import Holder, LogSource
from osvc_diag.reading.bounds import Bounds
from osvc_diag.reading.held import open_held
from osvc_diag.reading.sources import Outcome, SourceReader
from osvc_diag.reading.trees import NotTakenError, Trees

RECORD = b"2026-11-22 19:51:30,841 INFO n:node1 | lost\n"

pytestmark = pytest.mark.skipif(not hasattr(os, "O_PATH"), reason="only Linux keeps a way to a deleted file")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "log").mkdir()
    return tmp_path / "log"


@pytest.fixture
def held(folder):
    """Open a file of this process below the log folder, deleted; return its Holder."""
    fds = []

    def hold(path=None, *, deleted=True):
        path = str(path or folder / "node.log")
        fds.append(os.open(path, os.O_RDWR | os.O_CREAT))
        os.write(fds[-1], RECORD)
        if deleted:
            os.unlink(path)
        return Holder(os.getpid(), fds[-1])

    yield hold
    for fd in fds:
        os.close(fd)


def read(folder, path, holder, **limits):
    reader = SourceReader(Trees([str(folder)]), limits.get("bounds", Bounds()), limits.get("budget", 1 << 20))
    outcome = Outcome()
    source = LogSource(str(path), str(path), held_by=holder)
    return b"".join(reader.read(Artifact("file/x", source, form=Form.LOG), outcome)), outcome


def test_a_deleted_log_of_another_process_is_read(folder, holding_process):
    pid, fd = holding_process(str(folder / "node.log"), RECORD * 3)
    content, outcome = read(folder, folder / "node.log", Holder(pid, fd))
    assert content == RECORD * 3
    assert outcome.state == "ok"
    assert outcome.status is not None
    assert outcome.status.st_nlink == 0


def test_it_is_read_and_not_the_live_log_of_that_name(folder, held):
    holder = held()
    (folder / "node.log").write_bytes(b"live\n")
    assert read(folder, folder / "node.log", holder)[0] == RECORD


def test_its_newest_part_is_kept_by_the_budget(folder, holding_process):
    pid, fd = holding_process(str(folder / "node.log"), RECORD * 3)
    content, outcome = read(folder, folder / "node.log", Holder(pid, fd), budget=len(RECORD))
    assert content == RECORD
    assert outcome.state == "sliced"


def test_the_holders_own_position_is_left_alone(folder, held):
    holder = held()
    os.lseek(holder.fd, 7, os.SEEK_SET)
    read(folder, folder / "node.log", holder)
    assert os.lseek(holder.fd, 0, os.SEEK_CUR) == 7


def test_a_log_folder_that_is_a_link_to_a_data_disk_is_known_by_both_names(folder, held, tmp_path):
    holder = held()
    os.symlink(folder, tmp_path / "alias")
    assert read(tmp_path / "alias", tmp_path / "alias/node.log", holder)[0] == RECORD


def test_a_file_outside_of_the_trees_is_not_taken(folder, held, tmp_path):
    holder = held(tmp_path / "shadow")
    for name in (tmp_path / "shadow", folder / "node.log", folder / "../shadow"):
        with pytest.raises(NotTakenError):
            read(folder, name, holder)


def test_a_file_that_still_has_its_name_is_not_taken_this_way(folder, held):
    holder = held(deleted=False)
    with pytest.raises(NotTakenError):
        read(folder, folder / "node.log", holder)


def test_a_file_that_is_really_called_deleted_is_not_taken(folder, held):
    holder = held(folder / "node.log (deleted)", deleted=False)
    with pytest.raises(NotTakenError):
        read(folder, folder / "node.log", holder)


def test_a_descriptor_that_became_a_fifo_is_never_opened(folder):
    fifo = folder / "node.log"
    os.mkfifo(fifo)
    fd = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        fifo.unlink()
        with pytest.raises(NotTakenError):
            read(folder, fifo, Holder(os.getpid(), fd))
    finally:
        os.close(fd)


def test_a_descriptor_that_was_closed_is_missing(folder, held, ended_pid):
    for holder in (Holder(ended_pid, 3), Holder(os.getpid(), 10**6)):
        with pytest.raises(FileNotFoundError):
            read(folder, folder / "node.log", holder)


def test_no_descriptor_is_left_open(folder, held):
    holder = held()
    before = os.listdir("/proc/self/fd")
    trees = Trees([str(folder)])
    os.close(open_held(trees, str(folder / "node.log"), holder).fd)
    with pytest.raises(NotTakenError):
        open_held(trees, str(folder / "other.log"), holder)
    assert os.listdir("/proc/self/fd") == before
