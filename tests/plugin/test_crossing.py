"""Values on their way between the host and a plugin's process: nothing is lost, and nothing is believed."""

from __future__ import annotations

import dataclasses
import json
import typing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osvc_diag.form import Form
from osvc_diag.gap import Gap, State
from osvc_diag.plugin import artifact, sources
from osvc_diag.plugin.artifact import Artifact, Artifacts, Priority
from osvc_diag.plugin.collector import Collector
from osvc_diag.plugin.crossing import CROSSING, CrossingError, no_function, received, sent
from osvc_diag.plugin.declaring import LONGEST_COMMAND, MOST_DECLARED, MOST_OUTPUT, Declaring
from osvc_diag.plugin.options import Option
from osvc_diag.plugin.sources import CommandSource
from osvc_diag.plugin.wire import LARGEST, Inbox, WireError, packed
from osvc_diag.redaction import Anchor, Rule

DECLARED = typing.Union[Artifact, Artifacts, Gap]


def there_and_back(value, kind=DECLARED):
    functions = []

    def keep(function):
        functions.append(function)
        return len(functions) - 1

    return received(kind, json.loads(json.dumps(sent(value, keep))), functions.__getitem__)


def compute():
    return {"a": 1}


VALUES = [
    Artifact.from_file("/etc/opensvc/node.conf"),
    Artifact.from_file("/etc/opensvc/\udcff.conf", form=Form.TEXT, expected=False),
    Artifact.from_glob("/etc/opensvc", "*.conf", without=["x*"], priority=Priority.CONF),
    Artifact.from_log("/var/log/opensvc/node.log"),
    Artifact.from_command("acme/x", ["uptime", "-p"], timeout=3, limit=10),
    Artifact.from_json("acme", compute),
    Artifact.from_text("acme.txt", compute),
    Artifact.from_journal("acme/journal", ["_SYSTEMD_UNIT=acme.service", "_UID=0"]),
    Gap(State.SKIPPED, "not here", hint="install it"),
]


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_what_a_collector_declares_crosses_as_it_is(value):
    assert there_and_back(value) == value


def test_a_collector_crosses_with_all_that_it_says_of_itself():
    collector = Collector(
        "acme", "x", compute, timeout=3.5, options=(Option("a", "x", 1), Option("b", "y", "z"))
    )
    back = there_and_back(collector, Collector)
    assert back == collector
    for field in dataclasses.fields(Collector):
        assert type(getattr(back, field.name)) is type(getattr(collector, field.name)), field.name


def test_a_rule_crosses_as_its_pattern():
    rule = Rule(
        "acme", "x", (Anchor(b"acme\xff", caseless=False),), ("acme=«x»",), ("acme",), b"acme=(?P<secret>x)"
    )
    assert received(Rule, json.loads(json.dumps(sent(rule, no_function))), no_function) == rule


@pytest.mark.parametrize("field", ["find", "keep", "group"])
def test_a_function_of_a_rule_does_not_cross(field):
    pattern = b"" if field == "find" else b"(?P<secret>x)"
    rule = Rule("acme", "x", (Anchor(b"acme"),), (), (), pattern, **{field: lambda value: []})
    with pytest.raises(CrossingError, match=f"a rule's {field} function"):
        sent(rule, no_function)


def test_a_transform_does_not_cross():
    declared = Artifact.from_command("acme/x", ["uptime"], transform=lambda blocks: blocks)
    with pytest.raises(CrossingError, match="transform"):
        there_and_back(declared)


def test_every_class_that_an_artifact_may_hold_crosses():
    kinds = {
        kind
        for kind in (*vars(artifact).values(), *vars(sources).values())
        if isinstance(kind, type) and dataclasses.is_dataclass(kind)
    }
    assert kinds <= set(CROSSING)


@pytest.mark.parametrize(
    "value",
    [
        Artifact("info/x", object()),
        Artifact(b"info/x", None),
        Artifact({"a"}, None),
        Collector("x", "y", print),
    ],
    ids=["no source", "a name of bytes", "a set", "another class"],
)
def test_what_is_no_value_of_an_artifact_is_refused_on_one_side_or_the_other(value):
    with pytest.raises(CrossingError):
        there_and_back(value)


def hostile(**changes) -> Any:
    return {**sent(Artifact.from_file("/x"), lambda _: 0), **changes}


@pytest.mark.parametrize(
    "content",
    [
        None,
        3,
        [],
        {},
        {"is": "Artifact"},
        {"is": "object"},
        {"is": ["Artifact"]},
        hostile(name=3),
        hostile(name=None),
        hostile(form="martian"),
        hostile(priority=[10]),
        hostile(source=None),
        hostile(source={"is": "Artifact"}),
        hostile(source={"is": "FileSource", "path": ["/x"], "expected": True}),
        hostile(source={"is": "FileSource", "path": "/x", "expected": 1}),
        hostile(source={"is": "DocumentSource", "compute": "os.system"}),
        hostile(source={"is": "DocumentSource", "compute": {"call": "x"}}),
        hostile(source={"is": "DocumentSource", "compute": {"known": "eval"}}),
        hostile(size_hint=1 << 80),
        hostile(size_hint=True),
        hostile(collectors=["x", 3]),
        hostile(collectors="xyz"),
    ],
    ids=range(22),
)
def test_what_comes_is_checked_field_by_field(content):
    with pytest.raises(CrossingError):
        received(DECLARED, content, no_function)


def test_a_transform_that_comes_all_the_same_is_refused():
    content = sent(CommandSource(sources.Command(("x",))), lambda _: 0)
    content["transform"] = {"call": 0}
    with pytest.raises(CrossingError, match="stays behind"):
        received(CommandSource, content, lambda number: compute)


def test_what_is_said_of_an_artifact_that_did_not_cross_is_held_to_a_limit():
    declaring = Declaring(no_function)
    for bad in ("x is no Artifact", "x" * 1_000_000, {"not": "a text"}):
        declaring.take({"bad": bad})
    assert [gap.reason for gap in declaring.declared] == [
        "naming its artifacts: x is no Artifact",
        "it has a gap that says too much",
        "naming its artifacts: {'not': 'a text'}",
    ]


def test_a_command_of_a_third_party_is_held_to_limits():
    declaring = Declaring(no_function)
    greedy = Artifact.from_command("acme/x", ["x"], timeout=1e9, limit=1 << 60)
    declaring.take({"item": sent(greedy, no_function)})
    (declared,) = declaring.declared
    assert (declared.source.command.timeout, declared.source.command.limit) == (LONGEST_COMMAND, MOST_OUTPUT)


def test_more_than_anybody_declares_is_dropped_as_a_whole():
    declaring = Declaring(no_function)
    for _ in range(MOST_DECLARED):
        declaring.take({"bad": "x"})
    with pytest.raises(OverflowError, match=f"named more than {MOST_DECLARED} artifacts"):
        declaring.take({"bad": "x"})
    assert declaring.declared == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["is", "name", "source", "form", "path", "compute", "call", "command", "bytes"])
            | st.text(),
            inner | st.sampled_from([kind.__name__ for kind in CROSSING]),
            max_size=8,
        )
    ),
    max_leaves=25,
)


@given(JSON, st.sampled_from([DECLARED, Collector, Rule]))
def test_anything_that_comes_is_a_value_or_a_crossing_error(content, kind):
    try:
        value = received(kind, content, no_function)
    except CrossingError:
        return
    assert isinstance(value, CROSSING)


@given(st.lists(st.dictionaries(st.text(), st.text() | st.integers()), max_size=5), st.integers(1, 7))
def test_messages_come_through_in_pieces_of_any_size(messages, size):
    line = b"".join(map(packed, messages))
    inbox = Inbox()
    found = []
    for start in range(0, len(line), size):
        inbox.add(line[start : start + size])
        found += iter(inbox.next, None)
    assert found == messages


@pytest.mark.parametrize("line", [b"\xff" * 8, b"\0\0\0\2{]", b"\0\0\0\1", b"\0\0\0\2[]", b"\0\0\0\4null"])
def test_what_is_no_message_is_told(line):
    inbox = Inbox()
    inbox.add(line + b"x")
    with pytest.raises(WireError):
        for _ in iter(inbox.next, None):
            pass


def test_a_message_over_the_limit_is_not_sent():
    with pytest.raises(WireError, match="larger than"):
        packed({"text": "x" * LARGEST})


def test_a_message_that_is_nested_too_deeply_is_told():
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(WireError):
        packed({"deep": deep})
