"""Files outside of the agent's folders: opened where granted, and never past somebody else's link."""

from __future__ import annotations

import os

import pytest

from osvc_diag.reading.granted import refusal
from osvc_diag.reading.trees import NotTakenError, Trees

IS_ROOT = os.geteuid() == 0


@pytest.fixture
def outside(tmp_path):
    """Return a folder beside the agent's."""
    (tmp_path / "agent").mkdir()
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "file").write_bytes(b"content")
    return folder


def trees(outside, *, base: str = "/") -> Trees:
    root = "/" if base == "/" else ""
    prefix = f"{outside}/" if root else "/outside/"
    return Trees([str(outside.parent / "agent")], base=base, grants=lambda path: path.startswith(prefix))


def read(outside, name: str) -> bytes:
    return trees(outside).read(f"{outside}/{name}", 1000)


def refused(outside, name: str) -> str:
    with pytest.raises(NotTakenError) as caught:
        read(outside, name)
    with pytest.raises(NotTakenError):
        trees(outside).look(f"{outside}/{name}")
    return str(caught.value)


def test_a_granted_file_is_opened_and_any_other_is_not(outside):
    (outside.parent / "other").write_bytes(b"")
    assert read(outside, "file") == b"content"
    assert trees(outside).look(f"{outside}/file").st_size == len(b"content")
    with pytest.raises(NotTakenError, match="outside of the agent's folders"):
        trees(outside).open(str(outside.parent / "other"))


def test_a_path_that_is_not_normal_is_not_granted(outside):
    with pytest.raises(NotTakenError, match="outside"):
        trees(outside).open(f"{outside}/../outside/file")


def test_files_near_each_other_are_opened_alike(outside):
    with trees(outside).neighbours() as near:
        opened = near.open(f"{outside}/file")
        os.close(opened.fd)
        assert near.look(f"{outside}/file").st_size == len(b"content")
        with pytest.raises(NotTakenError):
            near.open("/etc/passwd")


def test_an_own_link_is_followed(outside):
    (outside / "link").symlink_to(outside / "file")
    (outside / "folder").symlink_to(outside)
    assert read(outside, "link") == read(outside, "folder/file") == b"content"


@pytest.mark.skipif(not IS_ROOT, reason="only root makes another user's link")
@pytest.mark.parametrize("name", ["link", "folder/file"])
def test_the_link_of_another_user_is_not_followed(outside, name):
    (outside / "link").symlink_to(outside / "file")
    (outside / "folder").symlink_to(outside)
    for link in ("link", "folder"):
        os.lchown(outside / link, 65534, 65534)
    assert "a link of uid 65534" in refused(outside, name)


@pytest.mark.skipif(not IS_ROOT, reason="only root makes another user's folder")
def test_a_second_name_of_a_file_in_somebody_elses_folder_is_not_taken(outside):
    users = outside / "users"
    users.mkdir()
    os.link(outside / "file", users / "file")
    assert read(outside, "users/file") == b"content"
    os.chown(users, 65534, 65534)
    assert "several names" in refused(outside, "users/file")


@pytest.mark.skipif(not IS_ROOT, reason="only root makes another user's folder")
def test_a_second_name_that_is_there_for_a_moment_only_is_not_taken(outside, monkeypatch):
    users = outside / "users"
    users.mkdir()
    (outside / "secret").write_bytes(b"secret")
    (users / "file").write_bytes(b"content")
    for path in (users, users / "file"):
        os.chown(path, 65534, 65534)
    real = os.open
    swapped = []

    def quick(path, *args, **options):
        is_it = path == "file" and not swapped
        if is_it:
            swapped.append(path)
            (users / "file").rename(users / "own")
            os.link(outside / "secret", users / "file")
        fd = real(path, *args, **options)
        if is_it:
            (users / "own").replace(users / "file")
        return fd

    monkeypatch.setattr(os, "open", quick)
    assert read(outside, "users/file") == b"content"
    assert swapped


def test_what_holds_a_secret_by_its_name_is_not_taken_through_a_link_either(outside):
    (outside / "private_key").write_bytes(b"")
    (outside / "innocent").symlink_to(outside / "private_key")
    assert "holds a secret" in refused(outside, "innocent")


def test_a_fifo_and_a_folder_are_not_taken(outside):
    os.mkfifo(outside / "fifo")
    assert "is a FIFO" in refused(outside, "fifo")
    (outside / "sub").mkdir()
    assert "is a folder" in refused(outside, "sub")


def test_on_a_copy_an_absolute_link_leads_below_its_root(outside):
    base = outside.parent
    (outside / "link").symlink_to("/outside/file")
    (outside / "escape").symlink_to("/etc/passwd")
    reader = trees(outside, base=str(base))
    assert reader.read(f"{outside}/link", 1000) == b"content"
    with pytest.raises(FileNotFoundError):
        reader.open(f"{outside}/escape")


@pytest.mark.parametrize(
    "path",
    [
        "/etc/shadow",
        "/etc/shadow-",
        "/etc/gshadow",
        "/etc/shadow.saved-before-the-migration",
        "/srv/app/trust.jceks",
        "/etc/security/opasswd",
        "/root/.ssh/id_ed25519",
        "/etc/ssh/ssh_host_rsa_key",
        "/etc/krb5.keytab",
        "/etc/ssl/private/web.KEY",
        "/root/.netrc",
        "/var/lib/opensvc/certs/private_key",
        "/proc/self/environ",
        "/proc",
        "/sys/kernel/debug",
        "/dev/zero",
        "/run/credentials/x/y",
    ],
)
def test_a_file_that_is_a_secret_or_no_file_is_refused_by_its_path(path):
    assert refusal(path)


@pytest.mark.parametrize(
    "path",
    [
        "/etc/hosts",
        "/etc/ssh/sshd_config",
        "/etc/multipath.conf",
        "/process",
        "/etc/keys.conf",
        "/run/x",
        "/etc/shadowsocks.json",
    ],
)
def test_other_files_are_not_refused(path):
    assert refusal(path) is None
