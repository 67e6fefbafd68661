"""The public API is typed: mypy finds nothing in the examples, and every mistake in a plugin."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest
from mypy import api

if TYPE_CHECKING:
    from pathlib import Path

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GOOD = """\
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import osvc_diag
from osvc_diag import Artifact, Artifacts, Collector, Declared, Form, Gap, Node, ObjectPath, Option, Priority, State
from osvc_diag import hookimpl
from osvc_diag.testing import Collected, NodeBuilder


def collect(node: Node, objects: Sequence[ObjectPath], options: Mapping[str, object]) -> Iterator[Declared]:
    for obj in objects:
        for entry in node.conf_of(obj):
            one: Artifact = Artifact.from_file(entry.value, form=Form.TEXT, expected=False)
            several: Artifacts = Artifact.from_glob("/srv", "*.log", priority=Priority.OTHER)
            yield from (one, several)
    yield Gap(State.MISSING, "nothing here", hint="start it")
    yield Artifact.from_json("mine", lambda: {"a": 1})
    yield Artifact.from_text("mine.txt", "a text")


@hookimpl
def osvc_diag_collectors() -> Iterator[Collector]:
    yield Collector("mine", "of the test", collect, options=(Option("depth", "folders", default=3),))


def plain(node: Node, objects: Sequence[ObjectPath]) -> list[Artifact]:
    return [Artifact.from_file(node.layout.node_conf)]


def test(diag_node: NodeBuilder) -> None:
    obj: ObjectPath = diag_node.add_object("svc1", "[env]")
    bundle: Collected = diag_node.collect(object(), str(obj))
    text: str = bundle.text("info/mine.json")
    gaps: tuple[Gap, ...] = bundle.gaps
    result: osvc_diag.Result = osvc_diag.diagnose("svc1", node=diag_node.read())
    receipt: osvc_diag.Receipt = osvc_diag.upload(result, osvc_diag.resolve_settings())


Collector("plain", "of the test", plain)
"""
BAD = """\
from osvc_diag import Artifact, Collector, Gap, Node, State
import osvc_diag

Artifact.from_file(1)  # wrong
Artifact.from_file("/a", "conf")  # wrong
Artifact.from_glob("/a", ["*"])  # wrong
Artifact.from_command("a", "ls -l", timeout="3")  # wrong
Artifact.from_log("/a").path  # wrong
Collector("mine", "of the test")  # wrong
Collector("mine", "of the test", lambda node: [])  # wrong
Gap("missing", "nothing")  # wrong
Gap(State.MISSING)  # wrong
osvc_diag.no_such_name  # wrong
Node.discover().conf_of("svc1")  # wrong
"""


@pytest.fixture
def check(tmp_path: Path):
    def run(*arguments: str) -> str:
        config = tmp_path / "mypy.ini"
        config.write_text("[mypy]\n")
        options = ["--strict", "--no-error-summary", "--no-pretty", "--config-file", str(config)]
        out, err, _ = api.run([*options, "--cache-dir", str(tmp_path / "cache"), *arguments])
        assert err == ""
        return out

    return run


def own(out: str, path: str) -> list[str]:
    return [line for line in out.splitlines() if line.startswith(path)]


def test_the_examples_are_without_a_mistake(check) -> None:
    package = os.path.join(ROOT, "examples", "third_party_plugin", "osvc_diag_app_logs")
    library = os.path.join(ROOT, "examples", "library.py")
    assert own(check(package, library), os.path.join(ROOT, "examples")) == []


def test_what_an_author_writes_is_without_a_mistake(check, tmp_path: Path) -> None:
    path = tmp_path / "good.py"
    path.write_text(GOOD)
    assert own(check(str(path)), str(path)) == []


def test_every_mistake_is_found(check, tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_text(BAD)
    found = {int(number) for number in re.findall(r"bad\.py:(\d+): error", check(str(path)))}
    wrong = {number for number, line in enumerate(BAD.splitlines(), start=1) if line.endswith("# wrong")}
    assert found == wrong
