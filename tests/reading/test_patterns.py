"""Patterns of files below a folder: what they choose, and that no name makes them slow."""

from __future__ import annotations

import fnmatch
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osvc_diag.reading.patterns import Patterns


@pytest.mark.parametrize(
    ("pattern", "chosen", "others"),
    [
        ("a.log", ["a.log"], ["a_log", "x/a.log", "a.log\n"]),
        ("*.log", ["a.log", "ä\n.log"], [".a.log", "d/a.log", ".log"]),
        (".*.log", [".a.log"], ["a.log"]),
        ("*/x", ["d/x"], ["x", ".d/x", "d/e/x"]),
        ("**/x", ["x", "d/x", "d/e/x"], [".d/x", "d/.e/x", "xx"]),
        ("a/**/x", ["a/x", "a/b/c/x"], ["x", "b/x"]),
        ("?.[a-c]", ["x.a", "x.c"], ["x.d", ".a", "xx.a"]),
        ("x[!a-c]", ["xd", "x]"], ["xa", "x/"]),
        ("x[]a]", ["x]", "xa"], ["xb"]),
        ("x[", ["x["], ["x"]),
        ("x[\\]y", ["x\\y"], ["xy"]),
        ("a*b*c", ["abc", "aXbXbc"], ["ab", "acb"]),
        ("*a*a", ["aa", "baa"], ["a", "ab"]),
        ("*#*/lock.*", ["fs#1/lock.x"], ["fs/lock.x"]),
    ],
)
def test_a_pattern_chooses_whole_paths(pattern, chosen, others):
    files = Patterns.of((pattern,)).files
    assert [path for path in [*chosen, *others] if files.fullmatch(path)] == chosen


def test_only_folders_on_the_way_are_looked_into():
    folders = Patterns.of(("a/*/x", "b/**/y", "z")).folders
    known = ["a", "a/b", "a/.b", "a/b/c", "b", "b/c", "b/c/d", "b/.c", "c", "z"]
    assert [path for path in known if folders.fullmatch(path)] == ["a", "a/b", "b", "b/c", "b/c/d"]


@pytest.mark.parametrize("pattern", ["", "/a", "a/", "a//b", ".", "../a", "a/./b", "**", "a/**", "[z-a]"])
def test_what_is_no_pattern_is_refused(pattern):
    with pytest.raises(ValueError, match="pattern"):
        Patterns.of((pattern,))


def test_no_pattern_chooses_nothing():
    assert not Patterns.of(()).files.fullmatch("")


def test_no_name_makes_a_pattern_slow():
    files = Patterns.of(("*a*a*a*a*a*a*a*b",)).files
    start = time.process_time()
    assert not files.fullmatch("a" * 255)
    assert time.process_time() - start < 5


_names = st.text("ab.[]!*-", min_size=1, max_size=8)


@given(st.text("ab.*?", min_size=1, max_size=6).filter(lambda text: text not in {".", "..", "**"}), _names)
def test_one_part_is_matched_as_by_a_shell(pattern, name):
    is_hidden = name.startswith(".") and not pattern.startswith(".")
    expected = fnmatch.fnmatchcase(name, pattern) and not is_hidden
    assert bool(Patterns.of((pattern,)).files.fullmatch(name)) == expected
