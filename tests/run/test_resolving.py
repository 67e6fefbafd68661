"""What declarations come to: named files, families of logs, both outputs of a command; nothing is read."""

from __future__ import annotations

import os

import pytest

from osvc_diag import Artifact, Collector, Form, Gap, Priority, State
from osvc_diag.node.node import Node
from osvc_diag.plugin.sources import CommandSource, DocumentSource, FileSource, LogSource, Stream
from osvc_diag.run import resolving
from osvc_diag.run.resolving import Resolver


def resolved(node, *declared):
    resolver = Resolver(node)
    return [item for one in declared for item in resolver.artifacts(one)]


def sources(node, *declared):
    return [artifact.source for artifact in resolved(node, *declared)]


@pytest.fixture
def node(live_node):
    return live_node()


def touch(*paths):
    for path in paths:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "w").close()


def test_a_file_is_called_as_on_the_live_node(sample_tree):
    node = Node.discover(sample_tree())
    for path in (node.layout.node_conf, "/etc/opensvc/node.conf"):
        (artifact,) = resolved(node, Artifact.from_file(path, priority=Priority.CONF))
        assert artifact.name == "file/etc/opensvc/node.conf"
        assert artifact.source == FileSource(node.layout.node_conf)
        assert (artifact.form, artifact.priority) == (Form.CONF, Priority.CONF)


@pytest.mark.parametrize(
    ("path", "form"),
    [("/a/b.conf", Form.CONF), ("/a/b.ini", Form.CONF), ("/a/b.json", Form.JSON), ("/a/b", Form.TEXT)],
)
def test_a_name_tells_the_form(path, form):
    assert Artifact.from_file(path).form is form


def test_a_path_object_will_do(tmp_path):
    assert Artifact.from_file(tmp_path / "a").source == FileSource(str(tmp_path / "a"))
    assert Artifact.from_log(tmp_path / "a").source.live == str(tmp_path / "a")
    assert Artifact.from_glob(tmp_path, "*").source.folder == str(tmp_path)


def test_making_an_artifact_touches_no_disk():
    for path in ("/no/such/file", "relative", "\0"):
        Artifact.from_file(path)
        Artifact.from_log(path)
        Artifact.from_glob(path, "[z-a]")


def test_a_file_that_nobody_expects_is_left_out_where_it_is_not(node):
    path = f"{node.layout.etc}/diag.ini"
    declared = Artifact.from_file(path, expected=False)
    assert resolved(node, declared) == []
    touch(path)
    assert len(resolved(node, declared)) == 1


def test_a_relative_path_is_refused(node):
    for declared in (Artifact.from_file("a"), Artifact.from_log("a"), Artifact.from_glob("a", "*")):
        with pytest.raises(ValueError, match="'a' is not absolute: write the path as the node calls it"):
            resolved(node, declared)


@pytest.mark.parametrize(
    ("declared", "problem"),
    [
        (
            Artifact.from_glob("/srv/shop"),
            "from_glob('/srv/shop') has no pattern: '*' takes every file in it",
        ),
        (Artifact.from_glob("/srv/sh*", "x"), "there is no folder '/srv/sh*', taken literally"),
        (
            Artifact.from_log("/srv/shop/*.log"),
            "from_glob('/srv/shop', '*.log', form=Form.LOG) takes a pattern",
        ),
    ],
    ids=["no pattern", "a pattern for a folder", "a pattern for a log"],
)
def test_what_can_find_nothing_is_told(diag_node, declared, problem):
    """Each found nothing without a word, and its author looked for the reason on the node."""
    diag_node.write("/srv/shop/a.log")
    shop = Collector("shop", "x", lambda node, objects: [], folders=("/srv",))
    for node in (diag_node.read(), diag_node.read(live=True)):
        with pytest.raises(ValueError, match="srv") as caught:
            list(Resolver(node).of(shop).artifacts(declared))
        assert problem in str(caught.value)


def test_a_folder_and_a_log_may_have_characters_of_patterns_in_their_names(diag_node):
    path = diag_node.write("/var/log/opensvc/od[d]*/a.log")
    folder = os.path.dirname(path)
    node = diag_node.read()
    assert len(resolved(node, Artifact.from_glob(folder, "*"))) == 1
    assert len(resolved(node, Artifact.from_log(path))) == 1


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: Artifact.from_command("a", "date -u"), "argv is a list of texts: write ['date', '-u']"),
        (lambda: Artifact.from_command("a", ["echo", 5]), "argv holds 5, no text: write '5'"),
        (lambda: Artifact.from_glob("/a", ["*"]), "patterns holds ['*'], no text"),
        (
            lambda: Artifact.from_glob("/a", "*", without="*.old"),
            "without is a list of texts: write ['*.old']",
        ),
        (lambda: Artifact.from_log("/a", also="/b"), "also is a list of texts: write ['/b']"),
        (lambda: Artifact.from_journal("a", "_UID=0"), "a match is a list of texts: write ['_UID=0']"),
    ],
    ids=["a text for argv", "a number in it", "a list for a pattern", "without", "also", "a match"],
)
def test_a_text_in_the_place_of_a_list_is_refused_where_it_is_written(make, problem):
    with pytest.raises(TypeError) as caught:
        make()
    assert str(caught.value) == problem


def test_files_of_a_folder_are_taken_by_their_whole_path(sample_tree):
    node = Node.discover(sample_tree())
    declared = Artifact.from_glob(
        node.layout.var, "capabilities.json", "node/f*", "list", "frozen", "osvcd.*", without=["*.args"]
    )
    assert [(artifact.name, artifact.form) for artifact in resolved(node, declared)] == [
        ("file/var/lib/opensvc/capabilities.json", Form.JSON),
        ("file/var/lib/opensvc/osvcd.pid", Form.TEXT),
        ("file/var/lib/opensvc/node/frozen", Form.TEXT),
    ]


def test_a_folder_that_does_not_exist_has_no_files(node):
    assert resolved(node, Artifact.from_glob(f"{node.layout.var}/x", "**/*")) == []


def test_a_folder_is_taken_literally(node):
    folder = f"{node.layout.var}/a[b]*"
    touch(f"{folder}/x", f"{node.layout.var}/ab/x")
    assert sources(node, Artifact.from_glob(f"{folder}/", "*")) == [FileSource(f"{folder}/x")]


def test_a_log_and_its_rotated_ones_share_a_family(node):
    live = f"{node.layout.log}/a.log"
    touch(live, f"{live}.1", f"{live}.2.gz", f"{node.layout.log}/ab.log")
    assert sources(node, Artifact.from_log(live)) == [
        LogSource(live, live, 0),
        LogSource(f"{live}.1", live, 1),
        LogSource(f"{live}.2.gz", live, 2),
    ]


def test_a_rotated_log_without_its_live_one_is_not_of_age_0(node):
    live = f"{node.layout.log}/a.log"
    touch(f"{live}.1")
    assert sources(node, Artifact.from_log(live)) == [LogSource(f"{live}.1", live, 1)]


def test_a_log_that_is_expected_is_named_where_it_is_not(node):
    live = f"{node.layout.log}/a.log"
    touch(f"{live}.1")
    assert sources(node, Artifact.from_log(live, expected=True)) == [
        LogSource(live, live),
        LogSource(f"{live}.1", live, 1),
    ]
    assert sources(node, Artifact.from_log(f"{node.layout.log}/b.log")) == []


def test_other_names_of_a_log_are_families_of_their_own(node):
    live, other = f"{node.layout.log}/a.log", f"{node.layout.log}/a.console.log"
    touch(live, other)
    assert sources(node, Artifact.from_log(live, also=[other])) == [
        LogSource(live, live),
        LogSource(other, other),
    ]


def test_copies_of_unknown_age_share_a_budget_of_their_own(node):
    for second, name in enumerate(("a.log.bak", "a.log", "a.log.old")):
        touch(f"{node.layout.log}/{name}")
        os.utime(f"{node.layout.log}/{name}", (second, second))
    live = f"{node.layout.log}/a.log"
    assert sources(node, Artifact.from_log(live)) == [
        LogSource(live, live, 0),
        LogSource(f"{live}.old", f"{live}.*", 0),
        LogSource(f"{live}.bak", f"{live}.*", 1),
    ]


def test_both_outputs_of_a_command_are_of_one_run(node):
    out, err = resolved(node, Artifact.from_command("mine/list", ["ls", "-l"], form=Form.JSON, timeout=3))
    assert (out.name, err.name) == ("cmd/mine/list.out", "cmd/mine/list.err")
    assert (out.form, err.form) == (Form.JSON, Form.TEXT)
    assert isinstance(out.source, CommandSource)
    assert isinstance(err.source, CommandSource)
    assert out.source.command is err.source.command
    assert (out.source.stream, err.source.stream) == (Stream.OUT, Stream.ERR)
    assert out.source.command.argv == ("ls", "-l")


def test_what_is_computed_is_computed_in_its_turn(node):
    turns = []
    artifact, text = resolved(
        node,
        Artifact.from_json("mine", lambda: turns.append(1)),
        Artifact.from_text("mine/note.txt", "a note"),
    )
    assert (artifact.name, artifact.form) == ("info/mine.json", Form.JSON)
    assert (text.name, text.form) == ("info/mine/note.txt", Form.TEXT)
    assert turns == []
    assert isinstance(text.source, DocumentSource)
    assert text.source.compute() == "a note"


@pytest.mark.parametrize("content", [None, 1, "a", [1], {"a": 1}])
def test_json_that_is_there_already_is_taken_as_it_is(content):
    assert Artifact.from_json("mine", content).source.compute() == content


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(resolving, "MOST_FILES", 3)


@pytest.mark.parametrize(("count", "is_told"), [(3, False), (5, True)])
def test_a_flood_of_files_is_cut_and_told(node, few, count, is_told):
    touch(*(f"{node.layout.var}/last_{number}" for number in range(count)))
    found = resolved(node, Artifact.from_glob(node.layout.var, "last_*"))
    assert [artifact.name[-6:] for artifact in found[:3]] == ["last_0", "last_1", "last_2"]
    reason = "there are more than 3 files: the others were left out"
    told = Gap(State.SKIPPED, reason, artifact=f"{node.member(node.layout.var)}/*")
    assert found[3:] == ([told] if is_told else [])


@pytest.mark.parametrize("name", ["a.log.old{}", "a.log.1.z{}"])
def test_a_flood_of_logs_is_cut_and_told(node, few, name):
    touch(*(f"{node.layout.log}/{name.format(number)}" for number in range(5)))
    *taken, rest = resolved(node, Artifact.from_log(f"{node.layout.log}/a.log"))
    assert len(taken) == 3
    assert isinstance(rest, Gap)
