"""The manifest: what is written reads back, validates against the published schema, and fits any reader."""

from __future__ import annotations

import dataclasses
import importlib.resources
import json
import re
import tracemalloc
import typing

import jsonschema
import pytest
from bundle_making import entry, make_manifest
from hypothesis import given
from hypothesis import strategies as st

from osvc_diag.bundle.facts import (
    ArtifactEntry,
    LimitFacts,
    LogFacts,
    NodeFacts,
    Owner,
    PluginFacts,
    WindowFacts,
    shareable_size,
    utc,
)
from osvc_diag.bundle.manifest import Manifest
from osvc_diag.bundle.sums import StoredMember
from osvc_diag.gap import Gap, State

GOLDEN = """{
"format": "1",
"tool_version": "0.1",
"started": "2026-11-22T20:00:00.000000Z",
"node": {"name": "node1", "agent": "b2.1", "live": true},
"cluster": {"name": "c1", "nodes": ["node1", "node2"], "peers": []},
"selection": {"selectors": ["web"], "objects": ["web"], "related": [], "only": [], "skip": [], "options": []},
"redaction": {"rule_set": "1", "limits": []},
"window": {},
"limits": {},
"support": {},
"plugins": [],
"seconds": {"collect": 1.5, "plan": 0.25},
"gaps": [
 {"state": "denied", "reason": "permission denied", "artifact": "file/x"}
],
"artifacts": [
 {"name": "file/\\\\xff\\\\\\\\n", "collectors": ["object-log"], "source": "/\\\\xff\\\\\\\\n", "state": "ok", \
"stored_bytes": 1, "sha256": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb", \
"masked": {"a": 2, "b": 1}, "seconds": 0.0}
]
}
"""


def schema() -> dict[str, typing.Any]:
    text = importlib.resources.files("osvc_diag.bundle").joinpath("manifest.schema.json").read_text()
    return json.loads(text)


VALIDATOR = jsonschema.Draft202012Validator(schema())

file_name = st.binary(min_size=1, max_size=20).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
size = st.integers(0, 2**63)
maybe_text = st.none() | text
time = st.floats(0, 2**33).map(utc)
log = st.builds(LogFacts, size, size, maybe_text, maybe_text, st.none() | size)
artifact = st.builds(
    ArtifactEntry,
    name=file_name,
    collectors=st.lists(text, max_size=2).map(tuple),
    source=file_name,
    state=st.sampled_from(State),
    reason=maybe_text,
    source_bytes=st.none() | size,
    mode=st.none() | st.integers(0, 0o7777).map("{:04o}".format),
    owner=st.none() | st.builds(Owner, size, size),
    mtime=st.none() | time,
    log=st.none() | log,
    masked=st.dictionaries(text, st.integers(1, 2**63), max_size=3),
    seconds=st.floats(0, 1e9),
)
manifest_strategy = st.builds(
    make_manifest,
    artifacts=st.lists(artifact, max_size=3).map(tuple),
    gaps=st.lists(
        st.builds(Gap, st.sampled_from(State), text, maybe_text, st.none() | file_name, maybe_text),
        max_size=2,
    ).map(tuple),
    plugins=st.lists(st.builds(PluginFacts, text, maybe_text, st.just(("a",)), maybe_text), max_size=2).map(
        tuple
    ),
    window=st.builds(WindowFacts, maybe_text, maybe_text),
    limits=st.builds(
        LimitFacts,
        st.none() | size,
        st.none() | size,
        st.none() | st.floats(0, 1e6),
        st.none() | st.floats(0, 1e6),
    ),
    label=maybe_text,
    seconds=st.dictionaries(text, st.floats(0, 1e6), max_size=3),
)


@given(manifest_strategy)
def test_a_manifest_reads_back_and_validates(manifest) -> None:
    written = manifest.to_json()
    assert Manifest.from_json(written) == manifest
    assert written.isascii()
    VALIDATOR.validate(json.loads(written))


def test_the_text_of_a_manifest_is_this() -> None:
    stored = entry(StoredMember.of("file/\udcff\\n", b"a"), masked={"b": 1, "a": 2})
    gap = Gap(State.DENIED, "permission denied", artifact="file/x")
    manifest = make_manifest(artifacts=(stored,), gaps=(gap,), seconds={"plan": 0.25, "collect": 1.5})
    assert manifest.to_json().decode() == GOLDEN


def test_the_schema_is_one_and_names_every_state() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    assert schema()["$defs"]["state"]["enum"] == [state.value for state in State]


def test_the_schema_has_every_field_and_no_other() -> None:
    definitions = schema()
    properties = definitions["properties"]
    for kind, place in [
        (Manifest, properties),
        (ArtifactEntry, definitions["$defs"]["artifact"]["properties"]),
        (Gap, properties["gaps"]["items"]["properties"]),
        (PluginFacts, properties["plugins"]["items"]["properties"]),
        (NodeFacts, properties["node"]["properties"]),
        (LogFacts, definitions["$defs"]["artifact"]["properties"]["log"]["properties"]),
    ]:
        assert set(place) == {field.name for field in dataclasses.fields(kind)}, kind


@pytest.mark.parametrize(
    "change",
    [
        {"artifacts": [{"name": "x"}]},
        {"artifacts": {}},
        {"node": "node1"},
        {"started": 1},
        {"format": "2"},
        {"gaps": [{"state": "unheard-of", "reason": ""}]},
        {"seconds": {"plan": "long"}},
        {"seconds": {"plan": True}},
        {"cluster": None},
    ],
)
def test_a_manifest_with_a_wrong_field_is_refused(change) -> None:
    content = json.loads(make_manifest().to_json())
    with pytest.raises(ValueError, match=r"is not|has no|is none of|format"):
        Manifest.from_json(json.dumps({**content, **change}).encode())
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate({**content, **change})


@pytest.mark.parametrize("number", ["-1", "1" + "0" * 400, "1e400", "-0.5", "NaN", "Infinity"])
@pytest.mark.parametrize("field", ["stored_bytes", "seconds", "masked"])
def test_a_number_that_nobody_can_reckon_with_is_refused(field, number) -> None:
    stored = entry(
        StoredMember.of("file/x", b""), masked={"rule": 31337}, stored_bytes=31337, seconds=31337.0
    )
    written = make_manifest(artifacts=(stored,)).to_json().decode()
    one_wrong = re.sub(rf'("{field}": (?:{{"rule": )?)31337(?:\.0)?', rf"\g<1>{number}", written)
    assert one_wrong != written
    with pytest.raises(ValueError, match=r"below zero|type int|is no JSON|digits"):
        Manifest.from_json(one_wrong.encode())


@pytest.mark.parametrize("filler", [b"[],", b'{"a":0},', b"0,"])
def test_a_manifest_of_countless_values_is_refused_before_it_takes_memory(filler) -> None:
    text = b'{"format": "1", "x": [' + filler * 6_000_000 + b"0]}"
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="more than any run"):
            Manifest.from_json(text)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_a_key_of_a_later_version_is_passed_over() -> None:
    content = json.loads(make_manifest().to_json())
    content["new"] = content["node"]["new"] = 1
    assert Manifest.from_json(json.dumps(content).encode()) == make_manifest()


def test_a_text_that_is_no_text_is_written_all_the_same() -> None:
    label = "a\ud800b\udcffc"
    written = make_manifest(
        label=label, artifacts=(entry(StoredMember.of("file/\ud800", b""), source=label),)
    )
    assert json.loads(written.to_json())["label"] == "a\\ud800b\\udcffc"


def test_masked_adds_up_over_artifacts() -> None:
    stored = StoredMember.of("a", b"")
    entries = (entry(stored, masked={"b": 1, "a": 2}), entry(stored, masked={"b": 3}))
    assert list(make_manifest(artifacts=entries).masked.items()) == [("a", 2), ("b", 4)]


@pytest.mark.parametrize(
    ("size", "masked", "told"),
    [
        (5, {}, 5),
        (5, {"rule": 0}, 5),
        (5, {"rule": 1}, 1024),
        (1024, {"rule": 1}, 1024),
        (1025, {"rule": 1}, 2048),
        (0, {"rule": 1}, 0),
    ],
)
def test_a_size_beside_a_masked_secret_is_rounded(size, masked, told) -> None:
    assert shareable_size(size, masked) == told


def test_a_time_is_told_in_utc_and_an_impossible_one_not_at_all() -> None:
    assert utc(1_795_377_600.25) == "2026-11-22T20:00:00.250000Z"
    assert utc(-1) == "1969-12-31T23:59:59.000000Z"
    assert [utc(impossible) for impossible in (1e18, -1e18, float("nan"), float("inf"))] == [None] * 4
