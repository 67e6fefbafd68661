from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osvc_diag.errors import SelectorError
from osvc_diag.objects.globs import compile_glob
from osvc_diag.objects.naming import ObjectPath
from osvc_diag.objects.selectors import MAX_LENGTH, Selector, nearest


def _paths(texts: str) -> list[ObjectPath]:
    return [ObjectPath.parse(text) for text in texts.split()]


FIVE = _paths("ns1/svc/s1 ns2/svc/s2 s3 ns1/vol/v1 system/sec/hb")
MORE = _paths("cluster / test/ svc1 scal1 0.scal1 prod/svc/web prod/vol/data vol/data sec/rootsec")


def _select(text: str, paths: list[ObjectPath], leftovers: str = "") -> str:
    return " ".join(str(path) for path in Selector.parse(text).select(paths, leftovers=_paths(leftovers)))


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("*", "ns1/svc/s1 ns2/svc/s2 s3"),
        ("**", "ns1/svc/s1 ns1/vol/v1 ns2/svc/s2 s3 system/sec/hb"),
        ("ns1/**", "ns1/svc/s1 ns1/vol/v1"),
        ("root/svc/*", "s3"),
        ("system/sec/*", "system/sec/hb"),
        ("ns1/svc/*", "ns1/svc/s1"),
        ("ns*/svc/s*", "ns1/svc/s1 ns2/svc/s2"),
        ("s*", "s3"),
        ("*/vol/*", "ns1/vol/v1"),
        ("ns1/*/[vs]1", "ns1/svc/s1 ns1/vol/v1"),
        ("ns1/*/[!v]1", "ns1/svc/s1"),
        ("ns?/svc/s2", "ns2/svc/s2"),
        # Any namespace and kind, the name as the pattern says: the Python agent's reading.
        ("**/s*", "ns1/svc/s1 ns2/svc/s2 s3"),
        ("*/*/s*", "ns1/svc/s1 ns2/svc/s2 s3"),
        ("**/**", "ns1/svc/s1 ns1/vol/v1 ns2/svc/s2 s3 system/sec/hb"),
        ("s3", "s3"),
        ("s1", ""),
        ("svc/*", "s3"),
        ("ns1/svc/", "ns1/svc/s1"),
        ("svc/s3", "s3"),
        ("root/svc/s3", "s3"),
        ("s3,ns1/vol/v1", "ns1/vol/v1 s3"),
        (" s3 , s3,s3 ", "s3"),
        ("**+*/vol/*", "ns1/vol/v1"),
        ("**+!ns1/**", "ns2/svc/s2 s3 system/sec/hb"),
        ("!*", "ns1/vol/v1 system/sec/hb"),
        ("!*,s3", "ns1/vol/v1 s3 system/sec/hb"),
        ("*+!s3+!ns2/**", "ns1/svc/s1"),
        ("ns1/**+nothing", ""),
        ("NS1/**", ""),
        ("foo_bar", ""),
        ("ns/../x", ""),
        ("[s3", ""),
    ],
)
def test_a_selector_selects(text, selected):
    assert _select(text, FIVE) == selected


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("cluster", "cluster"),
        ("svc/cluster", "cluster"),
        ("/", "/"),
        ("test/", "test/"),
        ("test/nscfg/", "test/"),
        ("t*/", "test/"),
        ("*/", "/ test/"),
        ("test/**", "test/"),
        ("*/nscfg/*", "/ test/"),
        ("*", "prod/svc/web 0.scal1 scal1 svc1"),
        ("s*", "scal1 svc1"),
        ("*scal1", "0.scal1 scal1"),
        ("vol/d*", "vol/data"),
        ("**/data", "prod/vol/data vol/data"),
    ],
)
def test_every_kind_can_be_selected(text, selected):
    assert _select(text, MORE) == selected


def test_the_result_is_sorted_and_holds_each_object_once():
    assert Selector.parse("**,*,s3").select([*FIVE, *reversed(FIVE)]) == sorted(FIVE)


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("prod/**", "prod/svc/web"),
        ("prod/svc/old", "prod/svc/old"),
        ("prod/*/o*", "prod/svc/old"),
        ("*,prod/svc/old", "prod/svc/old prod/svc/web"),
        ("prod/**+!prod/svc/web", "prod/svc/old"),
        ("dead/**", "dead/vol/v"),
    ],
)
def test_what_is_left_of_deleted_objects_is_selected_where_no_object_is(text, selected):
    assert _select(text, _paths("prod/svc/web"), "prod/svc/old dead/vol/v") == selected


@pytest.mark.parametrize(
    "text", ["", ",", "a,", "a,,b", "a+", "+a", "!", "a,!", " ", "!!a", "a/b/c/d", "**/a/b/c"]
)
def test_what_is_no_selector(text):
    with pytest.raises(SelectorError):
        Selector.parse(text)


@pytest.mark.parametrize(
    "text", ["app=web", "orchestrate=ha+*", "container#1:", "env:", "name~^web", "nodes<3", "a,fs:", "x>1"]
)
def test_a_form_that_only_the_agents_know_is_named_as_such(text):
    with pytest.raises(SelectorError, match="by path, not by what their configuration holds") as caught:
        Selector.parse(text)
    assert caught.value.hint
    assert caught.value.exit_code == 2


def test_a_selector_is_not_endless():
    with pytest.raises(SelectorError):
        Selector.parse("a" * (MAX_LENGTH + 1))
    names = [f"svc{number}" for number in range(2000)]
    assert len(Selector.parse(",".join(names)).select(_paths("svc7 svc1999 svc2000"))) == 2


def test_a_pattern_of_many_stars_ends():
    name = "a" * 250
    assert Selector.parse("*a" * 120 + "b").select([ObjectPath("root", "svc", name)]) == []
    assert Selector.parse("*a" * 120).select([ObjectPath("root", "svc", name)])
    assert not compile_glob("*a" * 2000 + "b")("a" * 2000)


@given(
    st.text(alphabet="ab*?[]!-", max_size=12).filter(lambda text: "--" not in text and "b-a" not in text),
    st.text(alphabet="ab]-", max_size=8),
)
def test_a_glob_matches_as_the_shells_do(pattern, text):
    assert compile_glob(pattern)(text) is fnmatch.fnmatchcase(text, pattern)


@pytest.mark.parametrize(
    ("text", "paths", "expected"),
    [
        ("web", "prod/svc/web prod/vol/data cluster", ["prod/svc/web"]),
        ("prod/svc/wbe", "prod/svc/web prod/vol/data cluster", ["prod/svc/web"]),
        ("SVC1", "svc1 prod/svc/web", ["svc1"]),
        ("foo_bar", "foo-bar prod/svc/web", ["foo-bar"]),
        ("!svc2", "svc1 data", ["svc1"]),
        ("zzz", "svc1 data", []),
        ("", "svc1", []),
    ],
)
def test_the_nearest_names_are_told(text, paths, expected):
    assert nearest(text, _paths(paths)) == expected


def test_not_more_than_so_many_near_names_are_told():
    paths = [ObjectPath.parse(f"svc{number}") for number in range(1000)]
    assert len(nearest("svc", paths)) == 5
    assert nearest("svc7", paths, count=1) == ["svc7"]


def test_the_nearest_names_to_a_hostile_text_are_found_in_bounded_time():
    paths = [ObjectPath.parse("ab" * 120 + str(number)) for number in range(300)]
    assert len(nearest("ba" * 500_000, paths, count=3)) <= 3
