"""--with-related: from the selected objects to those one step away, on a real tree."""

from __future__ import annotations

import os

import pytest

from osvc_diag import diagnose
from osvc_diag.gap import State
from osvc_diag.node.node import Node
from osvc_diag.objects.naming import ObjectPath
from osvc_diag.reading.patience import PatientReader
from osvc_diag.run.relating import related_objects


@pytest.fixture
def patient():
    reader = PatientReader()
    yield reader
    reader.close()


def add_to_conf(root: str, path: str, text: str) -> None:
    with open(f"{root}/etc/opensvc/{path}", "a", encoding="utf-8") as file:
        file.write(text)


def related(root: str, selector: str, patient: PatientReader) -> list[str]:
    node = Node.discover(root)
    found, gaps = related_objects(node, node.select(selector), patient)
    assert gaps == []
    return [str(path) for path in found]


def test_the_slices_of_a_scaler_of_a_real_node_are_related(sample_tree, patient):
    root = sample_tree()
    assert related(root, "scal1", patient) == ["0.scal1", "1.scal1"]
    assert related(root, "0.scal1", patient) == ["scal1"]


def test_the_volume_and_the_data_of_a_service_are_related(own_tree, patient):
    root = own_tree()
    add_to_conf(root, "namespaces/prod/svc/web.conf", "[volume#1]\nname = data\nsecrets = creds/k:/k\n")
    add_to_conf(root, "svc1.conf", "configs_environment = A=rootcfg/a\nparents = prod/svc/web\n")
    assert related(root, "prod/svc/web", patient) == ["prod/sec/creds", "prod/vol/data", "svc1"]


def test_nothing_is_related_to_the_node_alone_or_to_everything(sample_tree, patient):
    assert related(sample_tree(), "node", patient) == []
    assert related(sample_tree(), "**", patient) == []


def test_a_conf_that_cannot_be_read_is_one_gap_with_the_others(own_tree, patient):
    root = own_tree()
    node = Node.discover(root)
    for path in ("scal1.conf", "svc1.conf"):
        os.unlink(f"{root}/etc/opensvc/{path}")
        os.symlink("/etc/hostname", f"{root}/etc/opensvc/{path}")
    found, gaps = related_objects(node, [ObjectPath.parse("0.scal1")], patient)
    assert [str(path) for path in found] == ["scal1"]  # by its name
    (gap,) = gaps
    assert (gap.state, gap.artifact) == (State.FAILED, "file/etc/opensvc/scal1.conf")
    assert gap.reason.startswith("2 configurations cannot be read")


def test_related_objects_are_taken_and_told(own_tree, tmp_path):
    root = own_tree()
    add_to_conf(root, "namespaces/prod/svc/web.conf", "[volume#1]\nname = data\n")
    result = diagnose("prod/svc/web", node=Node.discover(root), output=str(tmp_path), with_related=True)
    selection = result.manifest.selection
    assert (selection.objects, selection.related) == (("prod/svc/web",), ("prod/vol/data",))
    assert "prod-svc-web_" in result.bundle
    stored = {entry.name for entry in result.manifest.artifacts if entry.is_stored}
    assert "file/etc/opensvc/namespaces/prod/vol/data.conf" in stored


def test_nothing_related_is_taken_unasked(own_tree, tmp_path):
    root = own_tree()
    add_to_conf(root, "namespaces/prod/svc/web.conf", "[volume#1]\nname = data\n")
    result = diagnose("prod/svc/web", node=Node.discover(root), output=str(tmp_path))
    assert result.manifest.selection.related == ()
    assert not [entry for entry in result.manifest.artifacts if "vol/data" in entry.name]
