"""Files outside of the agent's folders: only below those that their collector declares, and never a secret's."""

from __future__ import annotations

import os
import types

import pytest

from osvc_diag import Artifact, Collector, State, hookimpl
from osvc_diag.testing.alone import alone


def plugin(*collectors):
    module = types.ModuleType("mine")
    module.osvc_diag_collectors = hookimpl(lambda: collectors)
    module.osvc_diag_collectors.__name__ = "osvc_diag_collectors"
    return module


def declaring(*declared, folders=("/srv",), name="mine"):
    return Collector(name, "of the test", lambda node, objects: declared, folders=folders)


@pytest.mark.parametrize("live", [False, True])
def test_files_logs_and_globs_below_a_declared_folder_are_taken(diag_node, live):
    srv = diag_node.path("/srv") if live else "/srv"
    for name in ("app.conf", "log/a.log", "log/a.log.1", "run/x.txt", "run/y.bin"):
        diag_node.write(f"/srv/{name}", f"{name}\n")
    taken = declaring(
        Artifact.from_file(f"{srv}/app.conf"),
        Artifact.from_log(f"{srv}/log/a.log"),
        Artifact.from_glob(srv, "*/*.txt"),
        folders=(srv,),
    )
    bundle = diag_node.collect(plugin(taken), live=live)
    names = ("file/srv/app.conf", "file/srv/log/a.log", "file/srv/log/a.log.1", "file/srv/run/x.txt")
    assert bundle.names == names
    assert bundle.gaps == ()


def test_another_collectors_folder_is_not_ones_own(diag_node):
    diag_node.write("/srv/a", "x")
    other = declaring(folders=("/srv",), name="other")
    bundle = diag_node.collect(plugin(declaring(Artifact.from_file("/srv/a"), folders=()), other))
    assert bundle.names == ()
    gap = bundle.gap("file/srv/a")
    assert (gap.state, gap.reason) == (State.SKIPPED, "lies outside of the agent's folders")


def test_a_folder_whose_name_begins_alike_is_another_one(diag_node):
    diag_node.write("/srv2/a", "x")
    bundle = diag_node.collect(
        plugin(declaring(Artifact.from_file("/srv2/a"), Artifact.from_glob("/srv2", "*")))
    )
    assert bundle.names == ()
    assert len(bundle.gaps) == 2


@pytest.mark.parametrize("path", ["/srv/../etc/passwd", "/srv/./a/../../etc/passwd"])
def test_no_dots_lead_out(diag_node, path):
    diag_node.write("/etc/passwd", "root")
    bundle = diag_node.collect(plugin(declaring(Artifact.from_file(path), Artifact.from_log(path))))
    assert bundle.names == ()
    assert bundle.gaps


@pytest.mark.parametrize(
    "name", ["shadow", "id_ed25519", "server.key", "app.keytab", ".pgpass", "private_key"]
)
def test_what_is_a_secret_by_its_name_is_never_taken(diag_node, name):
    diag_node.write(f"/srv/{name}", "x")
    bundle = diag_node.collect(plugin(declaring(Artifact.from_glob("/srv", "*", ".*"))))
    assert bundle.names == ()
    assert "secret" in bundle.gap(f"file/srv/{name}").reason


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("how", ["file", "folder"])
def test_a_link_that_the_applications_user_made_is_not_followed(diag_node, how):
    diag_node.write("/etc/secrets/token.log", "x")
    diag_node.write("/srv/app/log/real.log", "x")
    link, to = {
        "file": ("/srv/app/log/app.log", "../../../etc/secrets/token.log"),
        "folder": ("/srv/app/old", "../../etc/secrets"),
    }[how]
    os.symlink(to, diag_node.path(link))
    os.lchown(diag_node.path(link), 65534, 65534)
    bundle = diag_node.collect(
        plugin(
            declaring(
                Artifact.from_glob("/srv", "**/*.log"),
                Artifact.from_log("/srv/app/old/token.log"),
                Artifact.from_log("/srv/app/log/app.log"),
            )
        )
    )
    assert bundle.names == ("file/srv/app/log/real.log",)
    assert bundle.gaps


def test_the_agents_key_is_not_reached_through_a_folder_above_it(diag_node):
    diag_node.write("/var/lib/opensvc/certs/private_key", "x")
    bundle = diag_node.collect(
        plugin(declaring(Artifact.from_glob("/var/lib/opensvc", "**/*"), folders=("/var/lib/opensvc",)))
    )
    assert "file/var/lib/opensvc/certs/private_key" not in bundle.names


@pytest.mark.parametrize(
    "folder",
    [
        "/",
        "//",
        "/etc",
        "/var",
        "/proc",
        "/proc/1",
        "/dev",
        "/sys",
        "/root",
        "/root/.ssh",
        "/etc/ssh",
        "srv",
        "/a/..",
        "/a/",
        "",
    ],
)
def test_no_collector_can_declare_what_is_the_systems(folder):
    with pytest.raises(ValueError, match="folders holds"):
        alone(plugin(declaring(folders=(folder,))))


@pytest.mark.parametrize("folder", ["/srv", "/opt/app", "/var/log/haproxy", "/etc/haproxy", "/var/lib/pgsql"])
def test_an_applications_folder_can_be_declared(folder):
    (collector,) = alone(plugin(declaring(folders=(folder,)))).collectors
    assert collector.folders == (folder,)
