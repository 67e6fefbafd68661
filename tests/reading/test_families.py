from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osvc_diag.reading.families import LogFamilies
from osvc_diag.reading.trees import Trees


@pytest.fixture
def family(tmp_path):
    """Make files in a log folder, one second apart, and return a family of them by name."""

    def members(live, *names, copies=False):
        for second, name in enumerate(names):
            (tmp_path / name).touch()
            os.utime(tmp_path / name, (second, second))
        families = LogFamilies(Trees([str(tmp_path)]))
        found = (families.copies if copies else families.members)(str(tmp_path / live))
        return [os.path.relpath(path, tmp_path) for path in found]

    return members


def test_the_live_log_is_the_newest_and_numbers_grow_with_age(family):
    names = ["a.log.10.gz", "a.log.2.gz", "a.log", "a.log.1", "a.log.3.xz"]
    assert family("a.log", *names) == ["a.log", "a.log.1", "a.log.2.gz", "a.log.3.xz", "a.log.10.gz"]


def test_later_dates_are_newer(family):
    names = ["a.log-20260101", "a.log-20261122.gz", "a.log", "a.log-20260102", "a.log-20261122-1763800000.gz"]
    assert family("a.log", *names) == [
        "a.log",
        "a.log-20261122-1763800000.gz",
        "a.log-20261122.gz",
        "a.log-20260102",
        "a.log-20260101",
    ]


def test_dashes_in_a_date_change_nothing(family):
    names = ["a.log.2026-01-01", "a.log.2026-02-01.gz", "a.log-20260115"]
    assert family("a.log", *names) == ["a.log.2026-02-01.gz", "a.log-20260115", "a.log.2026-01-01"]


def test_a_log_that_is_being_compressed_comes_before_its_half_copy(family):
    assert family("a.log", "a.log.1.gz", "a.log.1") == ["a.log.1", "a.log.1.gz"]


def test_where_numbers_and_dates_are_mixed_the_last_writing_decides(family):
    names = ["a.log-20260101.gz", "a.log.1.gz", "a.log-20260301.gz", "a.log"]
    assert family("a.log", *names) == ["a.log", "a.log-20260301.gz", "a.log.1.gz", "a.log-20260101.gz"]


def test_a_copy_of_unknown_age_is_not_of_the_family(family):
    names = ["a.log", "a.log.old", "a.log-before-upgrade", "a.log.1"]
    assert family("a.log", *names) == ["a.log", "a.log.1"]
    assert family("a.log", *names, copies=True) == ["a.log-before-upgrade", "a.log.old"]
    names.remove("a.log.old")
    assert family("a.log", *names, "a.log.old", copies=True) == ["a.log.old", "a.log-before-upgrade"]


def test_other_names_are_of_no_family(family):
    names = ["ab.log", "a.log2", "a.logs", "a.log~", ".a.log.swp", "a.log.lock", "b.a.log", "a.log.log"]
    assert family("a.log", *names) == []
    assert family("a.log", copies=True) == []


@pytest.mark.parametrize("live", ["messages", "error_log", "app.out", "a.txt"])
def test_a_log_may_be_called_anything(family, live):
    names = [f"{live}.1", live, f"{live}-20260101.gz", f"{live}.old", f"{live}x", f"{live}.txt", "b.log"]
    assert family(live, *names)[0] == live
    assert set(family(live, *names)) == {live, f"{live}.1", f"{live}-20260101.gz"}
    assert family(live, *names, copies=True) == []


def test_the_live_log_may_be_gone(family):
    assert family("a.log", "a.log.1") == ["a.log.1"]


def test_a_folder_that_does_not_exist_has_no_logs(tmp_path):
    families = LogFamilies(Trees([str(tmp_path)]))
    assert families.members(str(tmp_path / "none/a.log")) == []
    assert families.is_listed(str(tmp_path / "none"))


def test_a_folder_outside_of_the_trees_is_not_listed(tmp_path):
    (tmp_path / "log").mkdir()
    (tmp_path / "a.log").touch()
    families = LogFamilies(Trees([str(tmp_path / "log")]))
    assert families.members(str(tmp_path / "a.log")) == []
    assert not families.is_listed(str(tmp_path))


SUFFIX = st.text("0123456789.-_Tgzxlogswp\n~", max_size=24)


@given(st.lists(SUFFIX, unique=True, max_size=12))
def test_every_file_is_named_once_at_most_and_only_by_its_own_family(suffixes):
    class Listing(Trees):
        def listdir(self, folder):
            return sorted({"a.log", "b.log", *(f"a.log{suffix}" for suffix in suffixes)})

    families = LogFamilies(Listing(["/log"]))
    found = families.members("/log/a.log") + families.copies("/log/a.log")
    assert len(found) == len(set(found))
    assert found[0] == "/log/a.log"
    assert all(path[len("/log/a.log") :][:1] in ("", ".", "-") for path in found)
    assert families.members("/log/b.log") == ["/log/b.log"]
