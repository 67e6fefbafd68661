from __future__ import annotations

import os

import pytest

from osvc_diag.node.inventory import KnownObject, UnlistedFolder, take_inventory
from osvc_diag.objects.layout import Layout
from osvc_diag.objects.naming import ObjectPath
from osvc_diag.reading.trees import Trees


def _touch(tmp_path: object, *names: str) -> None:
    for name in names:
        path = os.path.join(str(tmp_path), name)
        os.makedirs(path if name.endswith("/") else os.path.dirname(path), exist_ok=True)
        if not name.endswith("/"):
            open(path, "w", encoding="utf-8").close()


def _inventory(tmp_path: object) -> tuple[tuple[KnownObject, ...], tuple[UnlistedFolder, ...]]:
    layout = Layout.root_path(str(tmp_path))
    return take_inventory(Trees([layout.etc, layout.log, layout.var]), layout)


def _told(tmp_path: object) -> dict[str, str]:
    """Say what of each object is there, as letters."""
    return {
        str(known.path): "clv"[: known.has_conf] + "l" * known.has_log + "v" * known.has_var
        for known in _inventory(tmp_path)[0]
    }


def test_objects_of_all_kinds_are_found_in_all_three_folders(tmp_path):
    _touch(
        tmp_path,
        *(
            "etc/svc1.conf",
            "log/svc1.log",
            "var/svc/svc1/",
            "etc/0.scal1.conf",
            "etc/cluster.conf",
            "log/cluster.log",
        ),
        *("var/ccfg/cluster/", "etc/namespace.conf", "log/nscfg/namespace.log", "var/nscfg/namespace/"),
        *("etc/vol/v1.conf", "etc/cfg/c1.conf", "etc/sec/s1.conf", "etc/usr/u1.conf"),
        *("etc/namespaces/prod/namespace.conf", "log/namespaces/prod/nscfg/namespace.log"),
        *(
            "etc/namespaces/prod/svc/web.conf",
            "log/namespaces/prod/svc/web.log",
            "var/namespaces/prod/svc/web/",
        ),
    )
    assert _told(tmp_path) == {
        "prod/": "cl",
        "prod/svc/web": "clv",
        "cluster": "clv",
        "cfg/c1": "c",
        "/": "clv",
        "sec/s1": "c",
        "0.scal1": "c",
        "svc1": "clv",
        "usr/u1": "c",
        "vol/v1": "c",
    }


def test_what_is_left_of_deleted_objects_is_found(tmp_path):
    _touch(
        tmp_path,
        "log/svc1.log",
        "log/svc2.log.1.gz",
        "log/vol/v1.log-20260101",
        "var/svc/svc3/",
        "log/namespaces/p/svc/a.log",
    )
    assert _told(tmp_path) == {"p/svc/a": "l", "svc1": "l", "svc2": "l", "svc3": "v", "vol/v1": "l"}


def test_the_nodes_own_files_and_strangers_are_no_objects(tmp_path):
    _touch(
        tmp_path,
        *(
            "etc/node.conf",
            "etc/foo_bar.conf",
            "etc/web.conf~",
            "etc/sysreport.conf.d/x.conf",
            "etc/diag.ini",
            "etc/.conf",
        ),
        *(
            "log/node.log",
            "log/node.log.1.gz",
            "log/node.scheduler.log",
            "log/xmlrpc.log.1",
            "log/new\nline.log",
        ),
        *(
            "var/node/frozen",
            "var/certs/private_key",
            "var/lock/osvcd.lock",
            "var/svc/-rf/",
            "var/list.services",
        ),
        *("etc/namespaces/root/svc/web.conf", "etc/namespaces/web.conf", "etc/namespaces/a b/svc/web.conf"),
    )
    assert _told(tmp_path) == {}


def test_a_log_of_a_container_is_no_object_beside_its_own(tmp_path):
    _touch(
        tmp_path,
        "etc/web.conf",
        "log/web.console.log",
        "log/old.log",
        "log/old.debug.log.1.gz",
        "var/svc/app.console/",
    )
    _touch(tmp_path, "log/app.console.log", "log/lonely.console.log", "etc/svc.conf", "log/svc.debug.log")
    assert _told(tmp_path) == {
        "app.console": "lv",
        "lonely.console": "l",
        "old": "l",
        "svc.debug": "l",
        "web": "cl",
    }


def test_links_to_other_places_are_not_followed(tmp_path):
    _touch(tmp_path, "outside/svc/web.conf", "etc/namespaces/", "etc/svc1.conf")
    os.symlink(tmp_path / "outside", tmp_path / "etc/namespaces/prod")
    objects, unlisted = _inventory(tmp_path)
    assert [str(known.path) for known in objects] == ["svc1"]
    assert [folder.path for folder in unlisted] == [f"{tmp_path}/etc/namespaces/prod"]
    assert "leads out" in unlisted[0].reason


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_listed_is_told(tmp_path):
    _touch(tmp_path, "etc/svc1.conf", "etc/sec/s1.conf")
    os.chmod(tmp_path / "etc/sec", 0)
    objects, unlisted = _inventory(tmp_path)
    assert [str(known.path) for known in objects] == ["svc1"]
    assert unlisted == (UnlistedFolder(f"{tmp_path}/etc/sec", "Permission denied"),)


def test_thousands_of_objects_are_listed_sorted_and_whole(tmp_path):
    expected = [ObjectPath(f"ns{number % 7}", "svc", f"svc{number}") for number in range(2000)]
    for namespace in range(7):
        os.makedirs(tmp_path / f"etc/namespaces/ns{namespace}/svc")
    layout = Layout.root_path(str(tmp_path))
    for obj in expected:
        open(layout.conf_path(obj), "w", encoding="utf-8").close()
    assert [known.path for known in _inventory(tmp_path)[0]] == sorted(expected)
