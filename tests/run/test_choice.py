"""What a profile, --only and --skip take of what collectors name."""

from __future__ import annotations

from typing import Any

import pytest

from osvc_diag.errors import PluginUnavailableError, UsageError
from osvc_diag.gap import Gap, State
from osvc_diag.plugin.artifact import Artifact
from osvc_diag.plugin.collector import Collector
from osvc_diag.plugin.profile import Profile
from osvc_diag.plugin.sources import Command, CommandSource, DocumentSource
from osvc_diag.run.choice import Choice

QUICK, STANDARD, FULL = Profile


def document(name: str, profile: Any = None) -> Artifact:
    return Artifact(name, DocumentSource(dict), profile=profile)


def command(name: str, profile: Any = None) -> Artifact:
    return Artifact(name, CommandSource(Command(("true",))), profile=profile)


def collector(name: str = "mine", profile: Profile = STANDARD) -> Collector:
    return Collector(name, "", lambda _node, _objects: (), profile=profile)


def taken(profile: Profile, artifact: Artifact, of: Collector, only: Any = (), skip: Any = ()) -> bool:
    return Choice(profile, only, skip).takes(of, artifact)


@pytest.mark.parametrize("least", Profile, ids=lambda profile: profile.value)
@pytest.mark.parametrize("asked", Profile, ids=lambda profile: profile.value)
def test_a_profile_includes_those_before_it(asked: Profile, least: Profile) -> None:
    names = ["quick", "standard", "full"]
    expected = names.index(least.value) <= names.index(asked.value)
    assert asked.includes(least) is expected
    assert taken(asked, document("info/a.json"), collector(profile=least)) is expected
    assert taken(asked, document("info/a.json", least), collector(profile=QUICK)) is expected


def test_no_command_is_quick_whatever_anybody_says() -> None:
    for only in ((), ("mine",), ("cmd/a.out",)):
        assert not taken(QUICK, command("cmd/a.out", QUICK), collector(profile=QUICK), only)


def test_a_collector_that_is_named_is_taken_whatever_its_profile() -> None:
    assert taken(STANDARD, document("info/a.json"), collector(profile=FULL), only=["mine"])
    assert not taken(STANDARD, document("info/a.json", FULL), collector(), only=["mine"])


def test_an_artifact_that_is_named_is_taken_whatever_its_profile() -> None:
    for word in ("info/a.json", "info/*", "*/a.json"):
        assert taken(STANDARD, document("info/a.json", FULL), collector(profile=FULL), only=[word])


def test_only_collectors_and_only_artifacts_add_up() -> None:
    only = ["mine", "info/b.json"]
    assert taken(STANDARD, document("info/a.json"), collector(), only)
    assert taken(STANDARD, document("info/b.json"), collector("other"), only)
    assert not taken(STANDARD, document("info/c.json"), collector("other"), only)


def test_what_is_skipped_is_not_taken_even_where_it_is_named() -> None:
    assert not taken(STANDARD, document("info/a.json"), collector(), ["info/a.json"], ["info/*"])


def test_a_name_is_found_as_it_is_printed() -> None:
    assert taken(STANDARD, document("file/a\x1b[m"), collector(), only=["file/a\\x1b[[]m"])


def test_a_word_that_calls_no_artifact_is_refused_with_the_nearest() -> None:
    choice = Choice(STANDARD, ["file/etc/node.cnf", "info/a.json"], [])
    for name in ("info/a.json", "file/etc/node.conf"):
        choice.takes(collector(), document(name))
    with pytest.raises(PluginUnavailableError, match=r"file/etc/node\.cnf") as caught:
        choice.check()
    assert caught.value.hint == "did you mean file/etc/node.conf"


def test_a_name_of_which_only_the_folder_is_right_is_near_to_none_of_its_files() -> None:
    choice = Choice(STANDARD, ["file/etc/opensvc/zzzz.txt"], [])
    choice.takes(collector(), document("file/etc/opensvc/node.conf"))
    with pytest.raises(PluginUnavailableError) as caught:
        choice.check()
    assert (caught.value.hint or "").startswith("--dry-run lists")


def test_a_skipped_word_that_calls_none_is_refused_too() -> None:
    with pytest.raises(PluginUnavailableError, match=r"'cmd/\*'"):
        Choice(STANDARD, [], ["cmd/*"]).check()


def test_a_quick_run_may_skip_commands_that_it_does_not_run_and_not_take_them() -> None:
    Choice(QUICK, [], ["cmd/*"]).check()
    choice = Choice(QUICK, ["cmd/*"], [])
    choice.takes(collector(), command("cmd/a.out"))
    with pytest.raises(PluginUnavailableError) as caught:
        choice.check()
    assert "quick runs no command" in str(caught.value.hint)


def test_a_gap_is_told_where_what_it_is_about_is_wanted() -> None:
    named, unnamed = Gap(State.MISSING, "gone", artifact="file/a"), Gap(State.FAILED, "broken")
    for only, skip, tells in (
        ([], [], (True, True)),
        (["mine"], [], (True, True)),
        (["other"], [], (False, False)),
        (["file/*"], [], (True, False)),
        (["file/b"], [], (False, False)),
        ([], ["file/a"], (False, True)),
    ):
        choice = Choice(STANDARD, only, skip)
        assert (choice.tells(collector(), named), choice.tells(collector(), unnamed)) == tells


def test_every_word_learns_that_it_was_found() -> None:
    choice = Choice(STANDARD, ["info/*", "info/a.json"], ["info/a*"])
    choice.takes(collector(), document("info/a.json"))
    choice.check()


def test_an_unknown_profile_is_refused_with_those_there_are() -> None:
    assert Profile.parse(" Full ") is FULL
    with pytest.raises(UsageError, match="'fast'") as caught:
        Profile.parse("fast")
    assert caught.value.hint == "there are quick, standard, full"
