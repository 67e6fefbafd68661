"""Where a bundle goes, and what it is called."""

from __future__ import annotations

import os
import re
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osvc_diag.bundle.place import (
    PREFERRED_FOLDER,
    bundle_name,
    check_room,
    selection_word,
    split_output,
)
from osvc_diag.bundle.writer import LONGEST_FILE_NAME
from osvc_diag.errors import BundleError

TIME = datetime(2026, 11, 22, 20, 0, tzinfo=timezone.utc)


def test_a_bundle_tells_its_cluster_node_objects_and_time() -> None:
    assert bundle_name("lab", "node1", "prod/svc/web", TIME) == (
        "osvc-diag_lab_node1_prod-svc-web_20261122T200000Z.tar.gz"
    )
    assert bundle_name(None, "", "node", TIME) == "osvc-diag_nocluster_unnamed_node_20261122T200000Z.tar.gz"


@given(st.none() | st.text(), st.text(), st.text())
def test_whatever_things_are_called_a_bundle_has_a_file_name(cluster, node, selection) -> None:
    name = bundle_name(cluster, node, selection, TIME)
    assert re.fullmatch(r"osvc-diag(_[A-Za-z0-9+-][A-Za-z0-9.+-]*){3}_20261122T200000Z[.]tar[.]gz", name)


def test_the_longest_names_fit_a_file_name_beside_those_that_are_taken() -> None:
    assert len(bundle_name("c" * 250, "n" * 250, "o" * 250, TIME)) <= LONGEST_FILE_NAME


@pytest.mark.parametrize(
    ("selectors", "objects", "word"),
    [
        (["**"], ["a", "b"], "all"),
        (["node"], [], "node"),
        (["a"], ["a"], "a"),
        (["*"], ["a", "b", "c"], "a+2"),
        (["/"], ["/"], "root"),
        (["ns/"], ["ns/"], "ns"),
    ],
)
def test_the_selection_in_a_word(selectors, objects, word) -> None:
    assert selection_word(selectors, objects) == word


def test_an_output_is_a_folder_unless_it_ends_like_a_bundle(tmp_path) -> None:
    assert split_output("/x/y") == ("/x/y", None)
    assert split_output("/x/y.tar.gz") == ("/x", "y.tar.gz")
    assert split_output("y.tar.gz") == (".", "y.tar.gz")
    (tmp_path / "d.tar.gz").mkdir()
    assert split_output(str(tmp_path / "d.tar.gz")) == (str(tmp_path / "d.tar.gz"), None)
    assert split_output(None)[0] in (PREFERRED_FOLDER, os.curdir)


def test_too_little_room_is_told_before_anything_is_read(tmp_path) -> None:
    check_room(str(tmp_path), 1)
    with pytest.raises(BundleError, match=r"free; a bundle of about .* takes up to .* while it is written"):
        check_room(str(tmp_path), 2**62)
    with pytest.raises(BundleError, match="No such file"):
        check_room(str(tmp_path / "none"), 1)
