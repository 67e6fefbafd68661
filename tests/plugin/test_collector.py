"""What a collector says of itself: which agents, objects and folders it is for."""

from __future__ import annotations

import types

import pytest

from osvc_diag import Artifact, Collector, ObjectPath, hookimpl
from osvc_diag.testing import NodeBuilder


def collector(name="mine", **facts):
    return Collector(name, "of the test", lambda node, objects: [], **facts)


def paths(*texts):
    return [ObjectPath.parse(text) for text in texts]


@pytest.mark.parametrize(
    ("agents", "agent", "is_asked"),
    [
        ((), "b2.1", True),
        ((), "om3", True),
        (("b2.1",), "b2.1", True),
        (("b2.1",), "om3", False),
        (("b2.1", "om3"), "om3", True),
    ],
)
def test_it_is_asked_on_its_agents_alone(tmp_path, agents, agent, is_asked):
    node = NodeBuilder(tmp_path, agent=agent).read()
    assert (collector(agents=agents).objects_of(node, []) is not None) is is_asked


def test_where_the_agent_cannot_be_told_it_is_asked(live_node):
    node = live_node()
    assert node.agent.kind == "unknown"
    assert collector(agents=("om3",)).objects_of(node, []) == []


def test_it_is_given_its_kinds_alone_and_not_asked_without_any(live_node):
    chosen = paths("prod/sec/s1", "svc1", "prod/vol/v1")
    assert collector(kinds=("svc", "vol")).objects_of(live_node(), chosen) == paths("svc1", "prod/vol/v1")
    assert collector(kinds=("usr",), agents=("om3",)).audience == "agent om3 and objects of kind usr"
    assert collector(kinds=("usr",)).objects_of(live_node(), chosen) is None
    assert collector(kinds=("svc",)).objects_of(live_node(), []) is None
    assert collector().objects_of(live_node(), []) == []


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"name": "My Collector"}, "is no name of a collector"),
        ({"name": ""}, "is no name of a collector"),
        ({"name": None}, "is no name of a collector"),
        ({"agents": ("b2.2",)}, "agents holds 'b2.2', none of b2.1, om3"),
        ({"agents": "om3"}, "agents is a text: write ('om3',)"),
        ({"kinds": "svc"}, "kinds is a text: write ('svc',)"),
        ({"options": {}}, "options is a dict, not a tuple"),
        ({"kinds": ("service",)}, "kinds holds 'service'"),
        ({"folders": "/srv"}, "folders is a text: write ('/srv',)"),
        ({"folders": ("srv",)}, "folders holds 'srv'"),
    ],
)
def test_what_could_never_be_used_is_refused_with_the_field(facts, told):
    with pytest.raises((TypeError, ValueError)) as caught:
        collector(**facts).check()
    assert told in str(caught.value)


def test_a_collector_without_a_function_is_refused():
    with pytest.raises(TypeError, match="its collect is no function"):
        Collector("mine", "of the test", ["artifact"]).check()  # type: ignore[arg-type]


def test_one_that_is_not_for_this_agent_adds_nothing_and_is_no_gap(diag_node):
    module = types.ModuleType("mine")

    @hookimpl
    def osvc_diag_collectors():
        return [
            Collector(
                "mine", "of the test", lambda node, objects: [Artifact.from_json("mine", 1)], agents=("om3",)
            )
        ]

    module.osvc_diag_collectors = osvc_diag_collectors
    bundle = diag_node.collect(module)
    assert (bundle.names, bundle.gaps) == ((), ())
