"""Collectors of third parties: whatever they do costs them alone, and nothing of it leaks."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable

import pytest
from e2e_tools import content, files_of, leaks, unpack

from osvc_diag.form import Form
from osvc_diag.gap import State
from osvc_diag.plugin.artifact import Artifact, Priority
from osvc_diag.plugin.sources import DocumentSource, FileSource, LogSource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from osvc_diag.bundle.facts import ArtifactEntry
    from osvc_diag.bundle.manifest import Manifest
    from osvc_diag.gap import Gap
    from osvc_diag.run.frontdoor import Result

Collected = Callable[..., "Result"]
SECRET = "9d1a3d2a0e6b11ef9c0a525400a1b2c3"


def gap_of(manifest: Manifest, what: str) -> Gap:
    (gap,) = [gap for gap in manifest.gaps if what in {gap.artifact, gap.collector}]
    return gap


def entry_of(manifest: Manifest, name: str) -> ArtifactEntry:
    (entry,) = [entry for entry in manifest.artifacts if entry.name == name]
    return entry


def document(compute: Callable[[], object], name: str = "info/mine.json") -> Artifact:
    return Artifact(name, DocumentSource(compute), form=Form.JSON)


def test_a_document_of_a_third_party_is_redacted_like_everything(
    collected: Collected, naming: Callable[..., Any], tmp_path: Path, secrets: list[str]
) -> None:
    told = {"cluster": f"it has {SECRET} in it", "ümlaut": ["kept", 1, None]}
    result = collected(naming=naming(document(lambda: told)))
    folder = unpack(result.bundle, str(tmp_path / "unpacked"))
    text = content(folder, "info/mine.json").decode()
    assert "it has <masked:" in text
    assert "ümlaut" in text
    assert leaks(folder, secrets) == []


def test_a_secret_in_a_plugins_exception_is_masked_in_the_manifest(
    collected: Collected, naming: Callable[..., Any], tmp_path: Path, secrets: list[str]
) -> None:
    def fail() -> object:
        raise ValueError(f"cannot log in with {SECRET}")

    result = collected(naming=naming(document(fail)))
    gap = gap_of(result.manifest, "info/mine.json")
    assert gap.state is State.FAILED
    assert gap.reason.startswith("ValueError: cannot log in with <masked:")
    assert leaks(unpack(result.bundle, str(tmp_path / "unpacked")), secrets) == []


def test_a_secret_in_what_a_collector_raises_is_masked_too(
    collected: Collected, tmp_path: Path, secrets: list[str]
) -> None:
    def fail(node: object, objects: object) -> Iterator[Artifact]:
        yield document(dict)
        raise RuntimeError(SECRET)

    result = collected(naming=fail)
    assert "<masked:" in gap_of(result.manifest, "third-party").reason
    assert entry_of(result.manifest, "info/mine.json").is_stored, "what it named before counts"
    assert leaks(unpack(result.bundle, str(tmp_path / "unpacked")), secrets) == []


class UnspeakableError(Exception):
    """An exception that raises when it is asked what it says."""

    def __str__(self) -> str:
        raise RuntimeError("not even this")


@pytest.mark.parametrize(
    "error", [SystemExit(3), KeyboardInterrupt(), UnspeakableError(), MemoryError(), StopIteration()]
)
@pytest.mark.parametrize("when", ["naming", "computing"])
def test_whatever_a_plugin_raises_costs_it_alone(
    error: BaseException, when: str, collected: Collected, naming: Callable[..., Any]
) -> None:
    def fail(*_: object) -> list[Artifact]:
        raise error

    result = collected(naming=fail if when == "naming" else naming(document(fail)))
    (gap,) = result.gaps
    assert gap.state is State.FAILED
    assert type(error).__name__ in gap.reason or when == "computing"
    assert len(result.manifest.artifacts) > 20


@pytest.mark.parametrize("when", ["naming", "computing"])
def test_a_plugin_that_never_returns_is_given_up(
    when: str, collected: Collected, naming: Callable[..., Any], tmp_path: Path
) -> None:
    for_ever = threading.Event()

    def hang(*_: object) -> list[Artifact]:
        for_ever.wait()
        return []

    try:
        if when == "naming":
            result = collected(naming=hang, patience=0.2)
        else:
            result = collected(naming=naming(replace(document(hang), priority=Priority.OTHER)), timeout=2.0)
    finally:
        for_ever.set()
    (gap,) = result.gaps
    assert gap.state is State.TIMEOUT
    unpack(result.bundle, str(tmp_path / "unpacked"))


def test_a_collector_that_never_ends_naming_is_given_up_and_stopped(collected: Collected) -> None:
    named = []

    def endless(node: object, objects: object) -> Iterator[Artifact]:
        while True:
            named.append(len(named))
            yield document(dict, f"info/{len(named)}.json")
            threading.Event().wait(0.01)

    result = collected(naming=endless, patience=0.3)
    gap = gap_of(result.manifest, "third-party")
    assert gap.state is State.TIMEOUT
    assert entry_of(result.manifest, "info/1.json").is_stored
    after = len(named)
    threading.Event().wait(0.2)
    assert len(named) <= after + 1


NONSENSE = {
    "no artifact": "file/x",
    "no name": Artifact(None, FileSource("/x")),  # type: ignore[arg-type]
    "an empty name": Artifact("", DocumentSource(dict)),
    "an absolute name": Artifact("/etc/shadow", FileSource("/x")),
    "a name that leads out": Artifact("file/../../etc/cron.d/x", FileSource("/x")),
    "a page's name": Artifact("manifest.json", DocumentSource(dict)),
    "the sums' name": Artifact("SHA256SUMS", DocumentSource(dict)),
    "no source": Artifact("file/x", "/etc/passwd"),  # type: ignore[arg-type]
    "no form": Artifact("file/x", FileSource("/x"), form="martian"),  # type: ignore[arg-type]
    "no priority": Artifact("file/x", FileSource("/x"), priority="urgent"),  # type: ignore[arg-type]
    "no size": Artifact("file/x", FileSource("/x"), size_hint="big"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("nonsense", NONSENSE.values(), ids=NONSENSE.keys())
def test_nonsense_among_its_artifacts_costs_only_that_one(
    nonsense: object, collected: Collected, naming: Callable[..., Any], tmp_path: Path
) -> None:
    result = collected(naming=naming(document(dict, "info/a.json"), nonsense, document(dict, "info/b.json")))
    (gap,) = result.gaps
    assert (gap.collector, gap.state) == ("third-party", State.FAILED)
    assert {"info/a.json", "info/b.json"} <= set(files_of(unpack(result.bundle, str(tmp_path / "unpacked"))))


def test_a_name_taken_by_another_source_is_a_gap_for_the_second(
    collected: Collected, naming: Callable[..., Any], sample_tree: Callable[..., str]
) -> None:
    taken = "file/etc/opensvc/node.conf"
    other = f"{sample_tree()}/etc/opensvc/cluster.conf"
    result = collected(naming=naming(Artifact(taken, FileSource(other))))
    (gap,) = result.gaps
    assert (gap.artifact, gap.collector) == (taken, "third-party")
    assert entry_of(result.manifest, taken).collectors == ("node-conf",)


def test_a_source_that_two_collectors_name_is_taken_once_and_names_both(
    collected: Collected, naming: Callable[..., Any], sample_tree: Callable[..., str]
) -> None:
    name = "file/etc/opensvc/node.conf"
    same = Artifact(name, FileSource(f"{sample_tree()}/etc/opensvc/node.conf"), form=Form.TEXT)
    result = collected(naming=naming(same))
    assert result.gaps == ()
    assert entry_of(result.manifest, name).collectors == ("node-conf", "third-party")


def test_a_name_below_another_artifact_is_a_gap_for_the_second(
    collected: Collected, naming: Callable[..., Any]
) -> None:
    result = collected(naming=naming(document(dict, "info/a"), document(dict, "info/a/b")))
    (gap,) = result.gaps
    assert (gap.artifact, gap.state) == ("info/a/b", State.FAILED)


@pytest.mark.parametrize(
    "path", ["/etc/shadow", "/proc/self/environ", "/dev/zero", "relative", "/etc/opensvc/../shadow"]
)
def test_a_plugin_gets_nothing_outside_of_the_agents_folders(
    path: str, collected: Collected, naming: Callable[..., Any], tmp_path: Path
) -> None:
    result = collected(
        naming=naming(Artifact("file/stolen", FileSource(path)), Artifact("file/log", LogSource(path, path)))
    )
    assert {gap.artifact: gap.state for gap in result.gaps} == {
        "file/stolen": State.SKIPPED,
        "file/log": State.SKIPPED,
    }
    assert not {"file/stolen", "file/log"} & set(files_of(unpack(result.bundle, str(tmp_path / "unpacked"))))


def test_a_conf_is_redacted_as_one_whatever_a_plugin_calls_it(
    collected: Collected, naming: Callable[..., Any], tmp_path: Path, own_tree: Callable[..., str]
) -> None:
    root = own_tree()
    path = f"{root}/etc/opensvc/cluster.conf"
    with open(path, "a", encoding="ascii") as conf:
        conf.write("\n[hb#9]\nsecret = b7\n[arbitrator#9]\nsecret = 8080\n")
    forms = [Artifact(f"file/copy-{form.value}", FileSource(path), form=form) for form in Form]
    same = Artifact("file/etc/opensvc/cluster.conf", FileSource(path), form=Form.TEXT)
    folder = unpack(collected(root=root, naming=naming(*forms, same)).bundle, str(tmp_path / "unpacked"))
    texts = {
        content(folder, name) for name in files_of(folder) if "copy-" in name or name.endswith("cluster.conf")
    }
    (text,) = texts  # each of them is masked alike
    assert b"secret = <masked:" in text
    assert b"= b7\n" not in text
    assert b"= 8080\n" not in text


def test_a_member_name_that_holds_a_secret_is_masked(
    collected: Collected, naming: Callable[..., Any], tmp_path: Path, secrets: list[str]
) -> None:
    result = collected(naming=naming(document(dict, f"info/{SECRET}/dump.json")))
    folder = unpack(result.bundle, str(tmp_path / "unpacked"))
    assert any(name.startswith("info/<masked:") for name in files_of(folder))
    assert leaks(folder, secrets) == []


def test_a_listener_that_raises_calls_the_run_off_and_leaves_nothing(
    collected: Collected, tmp_path: Path
) -> None:
    class EnoughError(Exception):
        pass

    def listen(event: object) -> None:
        if "web.log" in getattr(event, "name", ""):
            raise EnoughError

    with pytest.raises(EnoughError):
        collected(on_event=listen)
    assert os.listdir(tmp_path) == []


def test_no_thread_of_a_run_is_left(collected: Collected) -> None:
    before = set(threading.enumerate())
    collected()
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
        assert not thread.is_alive(), thread.name
