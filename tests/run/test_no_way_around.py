"""The law of the API for authors: whatever a collector declares, no secret of the node gets out."""

from __future__ import annotations

import inspect
import types

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from osvc_diag import Artifact, Collector, Form, Gap, Priority, State, hookimpl

SECRET = "9d1a3d2a0e6b11ef9c0a525400a1b2c3"
TEXT = f"it is {SECRET}\n"
FILE = "/srv/app/a.txt"


def plugin(*declared):
    module = types.ModuleType("mine")

    @hookimpl
    def osvc_diag_collectors():
        return [Collector("mine", "of the test", lambda node, objects: declared, folders=("/srv",))]

    module.osvc_diag_collectors = osvc_diag_collectors
    return module


def every_way(form, priority):
    """Return a declaration by each constructor, of a source that holds the secret."""
    return {
        "from_file": Artifact.from_file(FILE, form=form, priority=priority),
        "from_glob": Artifact.from_glob("/srv/app", "*.txt", form=form, priority=priority),
        "from_log": Artifact.from_log(FILE, priority=priority),
        "from_json": Artifact.from_json("mine", {"a": [TEXT], SECRET: 1}, priority=priority),
        "from_text": Artifact.from_text("mine.txt", lambda: TEXT, form=form, priority=priority),
        "from_command": Artifact.from_command("mine/echo", ["echo", SECRET], form=form, priority=priority),
    }


def test_every_constructor_is_tried():
    constructors = {
        name for name, _ in inspect.getmembers(Artifact, inspect.ismethod) if name.startswith("from_")
    }
    # tests/journal tries records of the journal.
    assert set(every_way(Form.TEXT, Priority.OTHER)) == constructors - {"from_journal"}


@pytest.fixture
def node(diag_node):
    diag_node.add_object("prod/svc/web", f"[env]\npassword = {SECRET}\n")
    diag_node.write(FILE, TEXT)
    return diag_node


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("way", sorted(every_way(Form.TEXT, Priority.OTHER)))
def test_no_secret_gets_out_by_any_constructor_and_form(node, way, form):
    live = way == "from_command"
    bundle = node.collect(plugin(every_way(form, Priority.OTHER)[way]), live=live)
    assert bundle.names, bundle.gaps
    bundle.assert_no_secret(SECRET)


def test_none_gets_out_by_a_name_or_a_gap(node):
    bundle = node.collect(
        plugin(
            Artifact.from_json(f"mine-{SECRET}", 1),
            Gap(State.MISSING, f"there is no {SECRET}", artifact=f"info/{SECRET}", hint=SECRET),
            Artifact.from_json("mine", lambda: int(SECRET)),
        )
    )
    assert len(bundle.gaps) == 2
    bundle.assert_no_secret(SECRET)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.text(max_size=40),
    after=st.text(max_size=40),
    form=st.sampled_from(list(Form)),
    is_json=st.booleans(),
)
def test_none_gets_out_whatever_stands_around_it(node, before, after, form, is_json):
    text = f"{before}{SECRET}{after}".encode("utf-8", "replace").decode()
    declared = Artifact.from_json("mine", text) if is_json else Artifact.from_text("mine", text, form=form)
    node.collect(plugin(declared)).assert_no_secret(SECRET)
