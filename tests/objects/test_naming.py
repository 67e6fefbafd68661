from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osvc_diag.errors import DiagError, NamingError
from osvc_diag.objects.naming import KINDS, MAX_NAME_LENGTH, ObjectPath

BOTH = {"b2.1", "om3"}

PYTHON_NAMESPACES = st.from_regex(r"[A-Za-z]([A-Za-z0-9-]{0,10}[A-Za-z0-9])?", fullmatch=True)
PYTHON_NAMES = st.from_regex(r"([0-9]{1,3}\.)?[A-Za-z][A-Za-z0-9-](\.?[A-Za-z0-9]){1,6}", fullmatch=True)
GO_NAMESPACES = st.from_regex(r"[a-z0-9][a-z0-9.-]{0,10}", fullmatch=True)
GO_NAMES = st.from_regex(r"[0-9.]{0,4}[a-z][a-z0-9.-]{0,10}", fullmatch=True)


def _path(namespace: str, kind: str, name: str) -> ObjectPath:
    try:
        return ObjectPath(namespace, kind, name)
    except NamingError:
        return (
            ObjectPath(namespace, "nscfg", "namespace") if namespace not in KINDS else ObjectPath.parse("/")
        )


PATHS = st.one_of(
    st.just(ObjectPath.parse("cluster")),
    st.just(ObjectPath.parse("/")),
    st.builds(_path, st.just("root") | PYTHON_NAMESPACES, st.sampled_from(KINDS), PYTHON_NAMES),
    st.builds(_path, st.just("root") | GO_NAMESPACES, st.sampled_from(KINDS), GO_NAMES),
)


@pytest.mark.parametrize(
    ("text", "full", "printed"),
    [
        ("svc1", "root/svc/svc1", "svc1"),
        ("svc/svc1", "root/svc/svc1", "svc1"),
        ("root/svc/svc1", "root/svc/svc1", "svc1"),
        ("ns1/svc/svc1", "ns1/svc/svc1", "ns1/svc/svc1"),
        ("vol/data", "root/vol/data", "vol/data"),
        ("sec/s1", "root/sec/s1", "sec/s1"),
        ("usr/bob", "root/usr/bob", "usr/bob"),
        ("system/sec/ca-lab", "system/sec/ca-lab", "system/sec/ca-lab"),
        ("0.scal1", "root/svc/0.scal1", "0.scal1"),
        ("ns1/", "ns1/nscfg/namespace", "ns1/"),
        ("ns1/nscfg/", "ns1/nscfg/namespace", "ns1/"),
        ("ns1/nscfg/namespace", "ns1/nscfg/namespace", "ns1/"),
        ("/", "root/nscfg/namespace", "/"),
        ("root/", "root/nscfg/namespace", "/"),
        ("nscfg/namespace", "root/nscfg/namespace", "/"),
        ("namespace", "root/nscfg/namespace", "/"),
        ("cluster", "root/ccfg/cluster", "cluster"),
        ("ccfg/cluster", "root/ccfg/cluster", "cluster"),
        ("svc/cluster", "root/ccfg/cluster", "cluster"),
        ("vol/cluster", "root/vol/cluster", "vol/cluster"),
        ("ns1/svc/cluster", "ns1/svc/cluster", "ns1/svc/cluster"),
        ("ns1/svc/namespace", "ns1/svc/namespace", "ns1/svc/namespace"),
    ],
)
def test_a_path_is_read_and_printed_as_the_agents_do(text, full, printed):
    path = ObjectPath.parse(text)
    assert (path.full, str(path)) == (full, printed)


REFUSED = """
ns1/foo/name ns1/svc/name# ns1#/svc/name ns1/svc/ a/b/c/d node auth svc/node root/svc/auth a,b a+b
svc vol cfg sec usr ccfg nscfg ns1/ccfg/cluster ccfg/other ns1/nscfg/other 1 12. /svc1 // svc1/x . ./. ./..
foo_bar foo;bar ;foo foo()
"""


@pytest.mark.parametrize("text", ["", *REFUSED.split()])
def test_what_neither_agent_accepts_is_refused(text):
    with pytest.raises(NamingError) as caught:
        ObjectPath.parse(text)
    assert caught.value.hint


HARMFUL = """
ns/../x ../x .. . ns1/svc/.. ../svc/x -foo ns1/svc/-foo -ns/svc/foo 1.-foo a/svc/b/../c //etc/passwd
"""
INVISIBLE = ["x\0", "foo\n", "ns\n/svc/foo", "foo\r", "foo bar", "\tfoo"]
NOT_ASCII = ["fo\u00f6", "\uff41bc", "foo\udcff", "\u0661.abc"]


@pytest.mark.parametrize("text", [*HARMFUL.split(), *INVISIBLE, *NOT_ASCII])
def test_a_name_that_would_harm_as_a_file_path_is_refused(text):
    with pytest.raises(NamingError):
        ObjectPath.parse(text)


@pytest.mark.parametrize("namespace", ["..", "", "a/b", "ns\n", ".ns"])
def test_an_instance_cannot_be_built_around_the_rules(namespace):
    with pytest.raises(NamingError):
        ObjectPath(namespace, "svc", "web")


def test_two_instances_never_mean_one_conf():
    for kind, name in (
        ("svc", "cluster"),
        ("svc", "namespace"),
        ("svc", "node"),
        ("ccfg", "x"),
        ("nscfg", "x"),
    ):
        with pytest.raises(NamingError):
            ObjectPath("root", kind, name)


PYTHON_AGENT_NAMES = """
foo.bar foo.bar123 foo1.bar1 foo1foo.bar1foo foo Foo fooBar FOO.BAR Foo.Bar foo1 foo1bar foo1-bar2 foo-bar.foo
foo-bar1 1.foo 123.foo 1.foo.bar 123.FOO.bar ab.c foo-.bar
"""


@pytest.mark.parametrize("name", [*PYTHON_AGENT_NAMES.split(), "f" * MAX_NAME_LENGTH])
def test_names_that_the_python_agent_accepts(name):
    assert "b2.1" in ObjectPath.parse(name).accepted_by
    assert "b2.1" in ObjectPath.parse(f"ns1/vol/{name}").accepted_by


@pytest.mark.parametrize(
    "name", ["a.b", "f", "1foo", "a..b", "foo-", "foo.", "1a", ".foo", "0.svc", "1.2.foo"]
)
def test_names_that_only_om3_accepts(name):
    assert ObjectPath.parse(name).accepted_by == {"om3"}


@pytest.mark.parametrize(
    "name", ["Foo", "FOO.BAR", "ns1/svc/fooBar", "NS1/svc/foo", "sec/" + "f" * 64, "vol/node"]
)
def test_names_that_only_the_python_agent_accepts(name):
    assert ObjectPath.parse(name).accepted_by == {"b2.1"}


@pytest.mark.parametrize(
    ("namespace", "agents"),
    [
        ("f", BOTH),
        ("foo-bar1", BOTH),
        ("root", BOTH),
        ("Foo", {"b2.1"}),
        ("a" * 64, {"b2.1"}),
        ("foo.bar", {"om3"}),
        ("1a", {"om3"}),
        ("foo-", {"om3"}),
        ("vol", {"om3"}),
    ],
)
def test_a_namespace_is_accepted_by(namespace, agents):
    assert ObjectPath.parse(f"{namespace}/svc/web").accepted_by == agents
    assert ObjectPath.parse(f"{namespace}/").accepted_by == agents


def test_a_path_of_which_each_agent_refuses_one_half_is_refused():
    with pytest.raises(NamingError):
        ObjectPath.parse("foo.bar/svc/Web")


@pytest.mark.parametrize("text", ["cluster", "/", "ns1/", "svc1", "ns1/svc/web", "0.scal1", "vol/auth"])
def test_what_both_agents_accept(text):
    assert ObjectPath.parse(text).accepted_by == BOTH


@pytest.mark.parametrize("text", ["vol/cluster", "cfg/namespace"])
def test_what_the_python_agent_takes_for_another_object_is_om3s(text):
    assert ObjectPath.parse(text).accepted_by == {"om3"}


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("./sec/ca", "ns2/sec/ca"),
        ("./web", "ns2/svc/web"),
        ("./", "ns2/nscfg/namespace"),
        ("sec/ca", "root/sec/ca"),
        ("system/sec/ca", "system/sec/ca"),
        ("web", "root/svc/web"),
    ],
)
def test_a_path_relative_to_a_namespace(text, full):
    assert ObjectPath.parse(text, namespace="ns2").full == full


def test_the_namespace_it_is_relative_to_is_checked_too():
    with pytest.raises(NamingError):
        ObjectPath.parse("./sec/ca", namespace="../..")


ENDLESS = {
    "letters": "a" * 1_000_000,
    "hyphens": "a-" * 500_000,
    "dots": "a.a" * 300_000,
    "slices": "0." * 500_000,
    "digits": "1" * 1_000_000 + "!",
    "parts": "a/" * 500_000,
    "namespace": "." * 1_000_000 + "/",
    "backtracks in the agent": "a" * 60 + "_",
    "and as a namespace": "a" * 60 + "_/svc/web",
}


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS)
def test_any_length_is_refused_in_one_pass(text):
    with pytest.raises(NamingError) as caught:
        ObjectPath.parse(text)
    assert len(str(caught.value)) < 300


def test_an_error_repeats_no_control_character():
    with pytest.raises(NamingError) as caught:
        ObjectPath.parse("foo\x1b[31m\u202e\n")
    assert str(caught.value).isascii()
    assert str(caught.value).isprintable()


def test_a_naming_error_is_a_usage_error_and_a_value_error():
    assert issubclass(NamingError, (DiagError, ValueError))
    assert NamingError.exit_code == 2


def test_paths_sort_by_namespace_kind_and_name_and_serve_as_keys():
    texts = ["svc1", "ns1/vol/a", "cluster", "ns1/svc/b"]
    assert [str(path) for path in sorted({ObjectPath.parse(text) for text in texts * 2})] == [
        "ns1/svc/b",
        "ns1/vol/a",
        "cluster",
        "svc1",
    ]


@given(PATHS)
def test_what_is_printed_reads_back(path):
    assert ObjectPath.parse(str(path)) == path
    assert ObjectPath.parse(path.full) == path
    assert path.accepted_by


@given(st.text(max_size=40) | st.text(alphabet="ab1.-/ABnode,+", max_size=20))
def test_any_text_is_a_path_that_reads_back_or_a_naming_error(text):
    try:
        path = ObjectPath.parse(text)
    except NamingError:
        return
    assert ObjectPath.parse(str(path)) == path
    assert ".." not in path.full.split("/")
