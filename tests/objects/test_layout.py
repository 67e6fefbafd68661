from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osvc_diag.errors import NamingError
from osvc_diag.objects.layout import Layout, live_log
from osvc_diag.objects.naming import KINDS, ObjectPath

PACKAGE = Layout.package()
ROOT_PATH = Layout.root_path("/opt/opensvc")
BELOW = Layout.package("/mnt/disk")


def _texts() -> st.SearchStrategy[str]:
    name = st.sampled_from(
        ["web", "cluster", "namespace", "0.scal1", "node", "xmlrpc", "node.scheduler", "a.log", "b.conf"]
    )
    namespace = st.sampled_from(["root", "prod", "namespaces", "svc", "cluster", "A"])
    return st.builds("{}/{}/{}".format, namespace, st.sampled_from(KINDS), name) | st.sampled_from(
        ["/", "cluster"]
    )


def _objects() -> st.SearchStrategy[ObjectPath]:
    def valid(text: str) -> bool:
        try:
            ObjectPath.parse(text)
        except NamingError:
            return False
        return True

    return _texts().filter(valid).map(ObjectPath.parse)


@pytest.mark.parametrize(
    ("text", "conf", "log", "var"),
    [
        ("svc1", "svc1.conf", "svc1.log", "svc/svc1"),
        ("0.scal1", "0.scal1.conf", "0.scal1.log", "svc/0.scal1"),
        ("vol/v", "vol/v.conf", "vol/v.log", "vol/v"),
        ("cfg/c", "cfg/c.conf", "cfg/c.log", "cfg/c"),
        ("sec/s", "sec/s.conf", "sec/s.log", "sec/s"),
        ("usr/u", "usr/u.conf", "usr/u.log", "usr/u"),
        ("cluster", "cluster.conf", "cluster.log", "ccfg/cluster"),
        ("/", "namespace.conf", "nscfg/namespace.log", "nscfg/namespace"),
        (
            "ns1/",
            "namespaces/ns1/namespace.conf",
            "namespaces/ns1/nscfg/namespace.log",
            "namespaces/ns1/nscfg/namespace",
        ),
        (
            "ns1/svc/web",
            "namespaces/ns1/svc/web.conf",
            "namespaces/ns1/svc/web.log",
            "namespaces/ns1/svc/web",
        ),
        ("ns1/sec/a", "namespaces/ns1/sec/a.conf", "namespaces/ns1/sec/a.log", "namespaces/ns1/sec/a"),
    ],
)
@pytest.mark.parametrize(
    ("layout", "at"),
    [
        (PACKAGE, ("/etc/opensvc", "/var/log/opensvc", "/var/lib/opensvc")),
        (ROOT_PATH, ("/opt/opensvc/etc", "/opt/opensvc/log", "/opt/opensvc/var")),
        (BELOW, ("/mnt/disk/etc/opensvc", "/mnt/disk/var/log/opensvc", "/mnt/disk/var/lib/opensvc")),
    ],
)
def test_every_kind_has_its_place_in_every_layout(text, conf, log, var, layout, at):
    obj = ObjectPath.parse(text)
    assert layout.conf_path(obj) == f"{at[0]}/{conf}"
    assert layout.log_path(obj) == f"{at[1]}/{log}"
    assert layout.var_path(obj) == f"{at[2]}/{var}"


@given(_objects(), st.sampled_from([PACKAGE, ROOT_PATH, BELOW]))
def test_the_way_back_leads_to_the_same_object(obj, layout):
    assert layout.object_of_conf(layout.conf_path(obj)) == obj
    assert layout.object_of_var(layout.var_path(obj)) == obj
    log = layout.log_path(obj)
    assert layout.object_of_log(log) == (None if log in layout.node_logs else obj)


@given(
    st.lists(
        st.sampled_from(
            ["namespaces", "root", "ns1", *KINDS, "web", "namespace", "cluster", "..", "", "node"]
        ),
        max_size=5,
    )
)
def test_a_path_that_leads_to_an_object_is_the_one_the_object_leads_to(parts):
    path = "/".join([PACKAGE.etc, *parts])
    for suffix, back, forth in (
        (".conf", PACKAGE.object_of_conf, PACKAGE.conf_path),
        (
            ".log",
            Layout(PACKAGE.var, PACKAGE.etc, PACKAGE.log).object_of_log,
            Layout("/x", PACKAGE.etc, "/y").log_path,
        ),
        ("", Layout("/x", "/y", PACKAGE.etc).object_of_var, Layout("/x", "/y", PACKAGE.etc).var_path),
    ):
        obj = back(path + suffix)
        assert obj is None or forth(obj) == path + suffix


@pytest.mark.parametrize(
    "name",
    [
        "node.conf",
        "auth.conf",
        "foo_bar.conf",
        "web.conf.bak",
        "web",
        ".conf",
        "svc/web.conf",
        "ccfg/cluster.conf",
        "nscfg/namespace.conf",
        "other/web.conf",
        "namespaces/root/svc/web.conf",
        "namespaces/root/namespace.conf",
        "namespaces/ns1/web.conf",
        "namespaces/ns1/nscfg/namespace.conf",
        "namespaces/ns1/svc/../web.conf",
        "namespaces/../svc/web.conf",
        "namespaces//svc/web.conf",
        "foo\n.conf",
        "a/b/c/d/e.conf",
    ],
)
def test_what_is_no_objects_conf(name):
    assert PACKAGE.object_of_conf(f"{PACKAGE.etc}/{name}") is None


@pytest.mark.parametrize(
    "path", ["/etc/opensvcs/web.conf", "/etc/web.conf", "web.conf", "/etc/opensvc", "/etc/opensvc/"]
)
def test_what_lies_elsewhere_is_no_objects_conf(path):
    assert PACKAGE.object_of_conf(path) is None


@pytest.mark.parametrize(
    "name", ["node.log", "node.scheduler.log", "xmlrpc.log", "namespace.log", "web.log.1.gz", "svc/web.log"]
)
def test_what_is_no_objects_live_log(name):
    assert PACKAGE.object_of_log(f"{PACKAGE.log}/{name}") is None


def test_the_clusters_log_is_the_ccfgs():
    assert PACKAGE.object_of_log("/var/log/opensvc/cluster.log") == ObjectPath.parse("cluster")


@pytest.mark.parametrize(
    "name",
    ["node", "certs", "svc", "lock/osvcd.lock", "svc/cluster", "namespaces/ns1", "svc/web/status.json"],
)
def test_what_is_no_objects_state(name):
    assert PACKAGE.object_of_var(f"{PACKAGE.var}/{name}") is None


@pytest.mark.parametrize(
    ("name", "live"),
    [
        ("web.log", "web.log"),
        ("web.log.1.gz", "web.log"),
        ("web.log-20260101", "web.log"),
        ("web.log-20260101.gz", "web.log"),
        ("webapp.log.1", "webapp.log"),
        ("a.log.log", "a.log.log"),
        ("a.log.log.1.gz", "a.log.log"),
        ("weblog", None),
        ("web.logs", None),
        (".log", None),
        ("web.txt", None),
    ],
)
def test_a_rotated_log_belongs_to_its_live_log(name, live):
    assert live_log(name) == live
    assert live_log(f"/var/log/opensvc/{name}") == (live and f"/var/log/opensvc/{live}")


def test_a_layout_is_absolute_and_normal():
    assert Layout("/a/etc/", "/a//log", "/a/var/.") == Layout.root_path("/a")
    with pytest.raises(ValueError, match="not an absolute path"):
        Layout("etc", "/log", "/var")


def test_the_nodes_own_files():
    assert PACKAGE.node_conf == "/etc/opensvc/node.conf"
    assert PACKAGE.cluster_conf == PACKAGE.conf_path(ObjectPath.parse("cluster"))
    assert PACKAGE.node_logs[0] == "/var/log/opensvc/node.log"
