from __future__ import annotations

import os

import pytest

from osvc_diag.errors import NodeNotFoundError
from osvc_diag.node.finding import find_layout
from osvc_diag.objects.layout import Layout


def _write(path: object, content: str = "") -> None:
    os.makedirs(os.path.dirname(str(path)), exist_ok=True)
    with open(str(path), "w", encoding="utf-8") as file:
        file.write(content)


def _find(tmp_path: object) -> Layout:
    return find_layout(str(tmp_path), {})


@pytest.mark.parametrize("folder", ["defaults", "default", "sysconfig", "conf.d", "rc.config.d"])
def test_the_file_that_the_agent_sources_names_its_root(tmp_path, folder):
    _write(tmp_path / f"etc/{folder}/opensvc", "OSVC_ROOT_PATH=/srv/osvc\n")
    _write(tmp_path / "srv/osvc/etc/node.conf")
    _write(tmp_path / "etc/opensvc/node.conf")
    assert _find(tmp_path) == Layout.root_path(f"{tmp_path}/srv/osvc")


@pytest.mark.parametrize(
    "line",
    [
        'export OSVC_ROOT_PATH="/srv/osvc"',
        "OSVC_ROOT_PATH='/srv/osvc' # the agent",
        "OSVC_PYTHON=python3 OSVC_ROOT_PATH=/srv/osvc/; export OSVC_ROOT_PATH",
        "OSVC_ROOT_PATH=/old\nOSVC_ROOT_PATH=/srv/osvc",
        "OSVC_ROOT_PATH=/srv/x/../osvc",
    ],
)
def test_shell_lines_are_read(tmp_path, line):
    _write(tmp_path / "etc/default/opensvc", f"# made by hand\n{line}\n")
    _write(tmp_path / "srv/osvc/etc/node.conf")
    assert _find(tmp_path) == Layout.root_path(f"{tmp_path}/srv/osvc")


@pytest.mark.parametrize(
    "line",
    [
        "#OSVC_ROOT_PATH=/srv/osvc",
        "OSVC_ROOT_PATH=$(touch hacked)/srv/osvc",
        "OSVC_ROOT_PATH=`touch hacked`",
        "OSVC_ROOT_PATH=srv/osvc",
        "OSVC_ROOT_PATH=",
        "OSVC_ROOT_PATH='/srv/osvc",
        "MY_OSVC_ROOT_PATH=/srv/osvc",
        "OSVC_ROOT_PATH=/nowhere",
        "OSVC_ROOT_PATH=" + "/x" * 10_000,
        "OSVC_ROOT_PATH=/usr/share/opensvc",
        "\0\udce4".encode("utf-8", "surrogateescape").decode("latin-1"),
    ],
)
def test_what_names_no_agent_leads_on_to_the_package_layout(tmp_path, line, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _write(tmp_path / "etc/default/opensvc", line)
    _write(tmp_path / "etc/opensvc/node.conf")
    _write(tmp_path / "srv/osvc/etc/node.conf")
    assert _find(tmp_path) == Layout.package(str(tmp_path))
    assert not os.path.exists("hacked")


def test_a_root_in_a_copy_never_leads_out_of_it(tmp_path):
    _write(tmp_path / "osvc/etc/node.conf")
    _write(tmp_path / "copy/etc/default/opensvc", "OSVC_ROOT_PATH=/../osvc\n")
    with pytest.raises(NodeNotFoundError):
        _find(tmp_path / "copy")


def test_a_link_in_a_copy_never_leads_out_of_it(tmp_path):
    _write(tmp_path / "outside/node.conf")
    os.makedirs(tmp_path / "copy/etc")
    os.symlink(tmp_path / "outside", tmp_path / "copy/etc/opensvc")
    with pytest.raises(NodeNotFoundError):
        _find(tmp_path / "copy")


def test_the_package_layout_wins_over_bare_folders(tmp_path):
    _write(tmp_path / "var/lib/opensvc/osvcd.pid")
    _write(tmp_path / "etc/node.conf")
    assert _find(tmp_path) == Layout.package(str(tmp_path))


@pytest.mark.parametrize(
    "name", ["etc/resolv.conf", "etc/hosts", "var/lib/x", "log/readme.txt", "etc/opensvc.txt"]
)
def test_a_folder_of_another_kind_is_no_node(tmp_path, name):
    _write(tmp_path / name)
    with pytest.raises(NodeNotFoundError):
        _find(tmp_path)


def test_a_folder_that_does_not_exist_is_said_so(tmp_path):
    with pytest.raises(NodeNotFoundError, match="is no folder"):
        _find(tmp_path / "missing")
    _write(tmp_path / "file")
    with pytest.raises(NodeNotFoundError, match="is no folder"):
        _find(tmp_path / "file")


def test_the_variable_means_this_place_and_no_other(tmp_path):
    _write(tmp_path / "etc/node.conf")
    assert find_layout(None, {"OSVC_ROOT_PATH": str(tmp_path)}) == Layout.root_path(str(tmp_path))
    with pytest.raises(NodeNotFoundError, match="missing/etc"):
        find_layout(None, {"OSVC_ROOT_PATH": f"{tmp_path}/missing"})
    with pytest.raises(NodeNotFoundError, match="not an absolute path"):
        find_layout(None, {"OSVC_ROOT_PATH": "opt/osvc"})


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_looked_into_is_no_reason_to_give_up(tmp_path):
    os.makedirs(tmp_path / "var/lib/opensvc")
    os.chmod(tmp_path / "var/lib/opensvc", 0)
    assert _find(tmp_path) == Layout.package(str(tmp_path))
