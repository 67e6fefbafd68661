"""The kit for authors: a real node, the real line, and a bundle that a test can ask."""

from __future__ import annotations

import types

import pytest

from osvc_diag import Anchor, Artifact, Collector, Form, Gap, ObjectPath, Rule, State, hookimpl
from osvc_diag.errors import NamingError
from osvc_diag.testing import NodeBuilder

SECRET = "cLs7-veRySecret-9"


def plugin(*declared, name="mine", collect=None, **facts):
    """Return a plugin with one collector that declares these."""
    module = types.ModuleType("mine")

    @hookimpl
    def osvc_diag_collectors():
        return [Collector(name, "of the test", collect or (lambda node, objects: declared), **facts)]

    module.osvc_diag_collectors = osvc_diag_collectors
    return module


def test_a_file_of_the_node_is_in_the_bundle_redacted(diag_node):
    diag_node.add_object("prod/svc/web", f"[env]\npassword = {SECRET}\n")
    path = diag_node.write("/var/lib/opensvc/note.txt", f"it is {SECRET}\n")
    bundle = diag_node.collect(plugin(Artifact.from_file(path)))
    assert bundle.names == ("file/var/lib/opensvc/note.txt",)
    assert bundle.has("file/*/note.txt")
    assert not bundle.has("note.txt")
    assert bundle.text("file/var/lib/opensvc/note.txt").startswith("it is <masked:")
    assert bundle.gaps == ()
    bundle.assert_no_secret(SECRET)


def test_a_secret_that_is_left_is_told_by_its_place_and_never_by_its_value(diag_node):
    bundle = diag_node.collect(plugin(Artifact.from_text("a.txt", "harmless words")))
    with pytest.raises(AssertionError, match=r"secret number 2 is in info/a\.txt") as caught:
        bundle.assert_no_secret("absent-value", "harmless words")
    assert "harmless" not in str(caught.value)


def test_a_secret_in_base64_is_found_too(diag_node):
    bundle = diag_node.collect(plugin(Artifact.from_text("a.txt", "aGFybWxlc3Mgd29yZHM=")))
    with pytest.raises(AssertionError):
        bundle.assert_no_secret("harmless words")


def test_what_is_not_there_is_told_with_what_is(diag_node):
    bundle = diag_node.collect(plugin(Artifact.from_json("mine", {"a": 1})))
    assert bundle.json("info/mine.json") == {"a": 1}
    with pytest.raises(LookupError, match=r"there are: info/mine\.json"):
        bundle.text("info/other.json")


def test_a_gap_is_found_by_its_artifact_and_by_its_collector(diag_node):
    told = Gap(State.MISSING, "no haproxy here", hint="install it")
    bundle = diag_node.collect(plugin(told, Artifact.from_file("/var/lib/opensvc/gone")))
    assert bundle.gap("mine").reason == "no haproxy here"
    assert bundle.gap("file/var/lib/opensvc/gone").state is State.MISSING
    with pytest.raises(LookupError, match="file/var/lib/opensvc/gone"):
        bundle.gap("other")


def test_only_the_tested_plugin_takes_part(diag_node):
    bundle = diag_node.collect(plugin())
    assert bundle.names == ()
    assert [found.name for found in bundle.manifest.plugins] == ["tested"]


def test_a_collect_that_returns_nothing_is_told_with_its_line(diag_node):
    def collect(node, objects):
        Artifact.from_file("/var/lib/opensvc/a")

    reason = diag_node.collect(plugin(collect=collect)).gap("mine").reason
    assert "collect (test_testing_kit.py:" in reason
    assert reason.endswith("returned None: have it yield artifacts, or return a list")


def rules(pattern=rb"with ticket (?P<secret>\w+)"):
    module = types.ModuleType("mine")

    @hookimpl
    def osvc_diag_redaction_rules():
        masked = ("joe logged in with ticket «8f3kq02mz»",)
        return [Rule("shop-ticket", "tickets", (Anchor(rb"with ticket"),), masked, (), pattern)]

    module.osvc_diag_redaction_rules = osvc_diag_redaction_rules
    return module


@pytest.mark.parametrize("live", [False, True])
def test_a_plugin_of_rules_alone_is_tried_on_what_the_test_wrote(diag_node, live):
    diag_node.add_object("svc1", "[env]\nnote = with ticket abc1234\n")
    diag_node.write("/srv/shop/log/shop.log", "joe logged in with ticket 8f3kq02mz\n")
    diag_node.write_log("svc1", "joe with ticket k2k2k2")
    bundle = diag_node.collect(rules(), "svc1", live=live)
    assert bundle.text("file/srv/shop/log/shop.log").startswith(
        "joe logged in with ticket <masked:shop-ticket:"
    )
    assert bundle.names == (
        "file/etc/opensvc/svc1.conf",
        "file/srv/shop/log/shop.log",
        "file/var/log/opensvc/svc1.log",
    )
    bundle.assert_no_secret("8f3kq02mz", "abc1234", "k2k2k2")


def test_a_rule_that_does_not_mask_its_own_example_fails_its_test(diag_node):
    with pytest.raises(ValueError, match="rule shop-ticket: it does not mask what is marked in its example"):
        diag_node.collect(rules(rb"with ticket (?P<secret>\d+)"))


def test_a_rule_that_takes_for_ever_fails_its_test_by_its_name(diag_node):
    with pytest.raises(ValueError, match=r"rule shop-ticket: its pattern .* takes too long"):
        diag_node.collect(rules(rb"with ticket (?P<secret>(?:\w+)+)(?!!)$"))


def test_a_plugin_that_cannot_be_used_fails_its_test(diag_node):
    module = plugin()
    module.osvc_diag_colectors = module.osvc_diag_collectors
    with pytest.raises(AttributeError, match="osvc_diag_colectors is not a hook"):
        diag_node.collect(module)


def test_what_could_not_cross_to_the_host_is_a_gap_here_too(diag_node):
    declared = Artifact.from_command("mine/echo", ["echo"], transform=lambda blocks: blocks)
    bundle = diag_node.collect(
        plugin(declared, "no artifact", Artifact.from_json("mine", lambda: 1)), live=True
    )
    assert bundle.names == ("info/mine.json",)
    assert [gap.collector for gap in bundle.gaps] == ["mine", "mine"]
    assert "str is no Artifact" in bundle.gaps[1].reason


def test_logs_are_written_as_the_agent_does_and_sliced_as_on_a_real_node(diag_node):
    obj = diag_node.add_object("svc1")
    diag_node.write_log(obj, "first", "second\n  continued")
    diag_node.write_log(obj, "third", level="ERROR")
    log = "/var/log/opensvc/svc1.log"
    bundle = diag_node.collect(plugin(Artifact.from_log(diag_node.path(log))), since="2026-01-01 00:00:01")
    assert bundle.text(f"file{log}") == (
        "2026-01-01 00:00:01,000 INFO n:node1 | second\n  continued\n"
        "2026-01-01 00:00:02,000 ERROR n:node1 | third\n"
    )


def test_logs_that_a_glob_finds_are_sliced_and_have_their_rotated_ones(diag_node):
    for name in ("a.log", "a.log.1", "b.err", "notes.md"):
        diag_node.write_log(f"/var/log/opensvc/{name}", "first", "last")
    declared = Artifact.from_glob("/var/log/opensvc", "*.log", "*.err", form=Form.LOG)
    bundle = diag_node.collect(plugin(declared), since="2026-01-01 00:00:01")
    assert [name.rpartition("/")[2] for name in bundle.names] == ["a.log", "a.log.1", "b.err"]
    assert [bundle.text(name).count("\n") for name in bundle.names] == [1, 2, 2]


def test_a_collector_reads_the_configuration_of_an_object_with_its_references_filled_in(diag_node):
    conf = "[env]\nbase = /srv/{name}\n\n[app#1]\nstart = {env.base}/bin/start\n  --now\n"
    obj = diag_node.add_object("prod/svc/web", conf)
    entries = diag_node.read().conf_of(obj)
    assert [(entry.section, entry.key, entry.value) for entry in entries] == [
        ("env", "base", "/srv/web"),
        ("app#1", "start", "/srv/web/bin/start\n--now"),
    ]


def test_an_object_whose_configuration_cannot_be_read_has_no_keys(diag_node):
    assert diag_node.read().conf_of(ObjectPath.parse("svc1")) == []


def test_a_node_tells_its_agent_its_objects_and_their_state(tmp_path):
    builder = NodeBuilder(tmp_path, name="node7", agent="om3")
    builder.add_object("prod/svc/web")
    builder.write_state("prod/svc/web", "status.json", {"avail": "up"})
    node = builder.read()
    assert (node.name, node.agent.kind, node.live) == ("node7", "om3", False)
    assert [str(known.path) for known in node.objects] == ["prod/svc/web", "cluster"]
    assert [known.has_var for known in node.objects] == [True, False]


def test_paths_and_objects_that_are_none_are_refused(diag_node):
    with pytest.raises(ValueError, match="not absolute"):
        diag_node.write("etc/x", "")
    with pytest.raises(NamingError):
        diag_node.add_object("a b")


def test_a_live_node_has_the_same_names(diag_node):
    path = diag_node.write("/var/lib/opensvc/note.txt", "x\n")
    bundle = diag_node.collect(plugin(Artifact.from_file(path)), live=True)
    assert bundle.names == ("file/var/lib/opensvc/note.txt",)


def test_commands_run_on_a_live_node(diag_node):
    bundle = diag_node.collect(plugin(Artifact.from_command("mine/echo", ["echo", "hello"])), live=True)
    assert bundle.text("cmd/mine/echo.out") == "hello\n"
