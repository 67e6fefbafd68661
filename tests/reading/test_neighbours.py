from __future__ import annotations

import os

import pytest

from osvc_diag.reading.trees import NotTakenError, Trees


@pytest.fixture
def node(tmp_path):
    """A node's folders, with a thousand objects and what must never be opened."""
    for number in range(100):
        (tmp_path / f"var/svc/web{number}").mkdir(parents=True)
        (tmp_path / f"var/svc/web{number}/status.json").write_text(f"{number}\n")
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/web.conf").write_text("inside\n")
    (tmp_path / "secret").write_text("outside\n")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/status.json").write_text("outside\n")
    return tmp_path


@pytest.fixture
def trees(node):
    return Trees([str(node / "etc"), str(node / "var")], never=[str(node / "var/certs/private_key")])


@pytest.fixture
def opened(monkeypatch):
    """What was opened, in order."""
    names = []
    real = os.open

    def opening(path, *args, **how):
        names.append(path)
        return real(path, *args, **how)

    monkeypatch.setattr(os, "open", opening)
    return names


def content(near, path) -> str:
    file = near.open(str(path))
    try:
        return os.pread(file.fd, 100, 0).decode()
    finally:
        os.close(file.fd)


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"))


def test_each_file_is_opened_as_alone_in_any_order(trees, node):
    before = descriptors()
    with trees.neighbours() as near:
        for number in (0, 1, 99, 1, 50, 0):
            path = node / f"var/svc/web{number}/status.json"
            assert content(near, path) == f"{number}\n"
            assert content(near, node / "etc/web.conf") == "inside\n"
            assert near.look(str(path)) == trees.look(str(path))
    assert descriptors() == before


def test_two_steps_lead_from_one_object_to_the_next(trees, node, opened):
    with trees.neighbours() as near:
        for number in range(100):
            content(near, node / f"var/svc/web{number}/status.json")
    assert len(opened) == 2 * 100 + len(["var", "svc"])


def test_a_folder_is_opened_once_for_all_that_is_in_it(trees, node, opened):
    for number in range(100):
        (node / f"etc/{number}.conf").write_text("")
    with trees.neighbours() as near:
        for number in range(100):
            near.look(str(node / f"etc/{number}.conf"))
    assert len(opened) == 1


@pytest.mark.parametrize("target", ["../svc/web1/status.json", "web1"])
def test_links_inside_are_followed(trees, node, target):
    link = node / "var/svc/link"
    link.symlink_to(target)
    path = link if target.endswith(".json") else link / "status.json"
    with trees.neighbours() as near:
        assert content(near, node / "var/svc/web2/status.json") == "2\n"
        assert content(near, path) == "1\n"
        assert content(near, node / "var/svc/web3/status.json") == "3\n"


@pytest.mark.parametrize("target", ["../../../outside/status.json", "/etc/passwd"])
def test_links_that_lead_out_are_refused(trees, node, target):
    (node / "var/svc/web0/link").symlink_to(target)
    (node / "var/svc/folder").symlink_to("../../outside")
    with trees.neighbours() as near:
        content(near, node / "var/svc/web0/status.json")
        for path in ("var/svc/web0/link", "var/svc/folder/status.json"):
            for use in (near.open, near.look):
                with pytest.raises(NotTakenError, match="leads out"):
                    use(str(node / path))


def test_a_folder_that_became_a_link_is_never_gone_through(trees, node):
    with trees.neighbours() as near:
        assert content(near, node / "var/svc/web0/status.json") == "0\n"
        (node / "var/svc/web1").rename(node / "var/svc/gone")
        (node / "var/svc/web1").symlink_to(node / "outside")
        with pytest.raises(NotTakenError, match="leads out"):
            near.open(str(node / "var/svc/web1/status.json"))


@pytest.mark.parametrize("path", ["secret", "var/../secret", "outside/status.json", "var/svc/../../secret"])
def test_what_lies_outside_is_refused(trees, node, path):
    with trees.neighbours() as near:
        content(near, node / "var/svc/web0/status.json")
        with pytest.raises(NotTakenError):
            near.open(str(node / path))


def test_fifos_folders_and_the_private_key_are_refused(trees, node, opened):
    (node / "var/certs").mkdir()
    (node / "var/certs/private_key").write_text("key\n")
    (node / "var/certs/link").symlink_to("private_key")
    os.mkfifo(node / "var/svc/web0/fifo")
    with trees.neighbours() as near:
        for path, reason in {
            "var/certs/private_key": "private key",
            "var/certs/link": "private key",
            "var/svc/web0/fifo": "a FIFO",
            "var/svc/web1": "a folder",
        }.items():
            for use in (near.open, near.look):
                with pytest.raises(NotTakenError, match=reason):
                    use(str(node / path))
    assert not {"private_key", "fifo"} & set(opened)


def test_what_is_missing_or_denied_is_told_as_by_a_descent(trees, node):
    with trees.neighbours() as near:
        for path in ("var/svc/web0/no", "var/svc/none/status.json", "etc/web.conf/x"):
            with pytest.raises(OSError, match=r".") as alone:
                trees.open(str(node / path))
            with pytest.raises(type(alone.value)) as together:
                near.open(str(node / path))
            assert together.value.errno == alone.value.errno
        assert content(near, node / "var/svc/web0/status.json") == "0\n"


def test_a_folder_that_was_made_anew_is_found(trees, node):
    folder = node / "var/svc/web0"
    with trees.neighbours() as near:
        near.look(str(folder / "status.json"))
        (folder / "status.json").unlink()
        folder.rmdir()
        folder.mkdir()
        (folder / "status.json").write_text("new\n")
        assert content(near, folder / "status.json") == "new\n"
