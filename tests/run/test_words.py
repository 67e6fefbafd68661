"""What the program says of a run stays its own: rules of third parties see what it tells of, not its words."""

from __future__ import annotations

import functools
import textwrap
import types
from typing import TYPE_CHECKING, Any

import pytest

from osvc_diag import Artifact, Collector, Gap, Rule, State, hookimpl
from osvc_diag.plugin.folders import PluginFile
from osvc_diag.plugin.foreign import Told
from osvc_diag.plugin.plugin_manager import load_plugins
from osvc_diag.redaction import Anchor, Redactor, Tokens, learn
from osvc_diag.run.frontdoor import make_bundle
from osvc_diag.run.request import Request
from osvc_diag.run.words import Words

if TYPE_CHECKING:
    from pathlib import Path

GREEDY = Rule(
    "greedy", "all that follows", (Anchor(b"with"),), ("with «all of it»",), (), rb"with (?P<secret>.+)"
)
CERTAIN = Rule(
    "sure", "tickets", (Anchor(b"ticket"),), ("ticket «abc»",), (), rb"ticket (?P<secret>\w+)", certain=True
)
LEARNED = "S3cret-of-the-node"


def words(*rules: Rule) -> Words:
    secrets = learn([("node.conf", f"[a]\npassword = {LEARNED}\n".encode())], set())
    make = functools.partial(Redactor, secrets, Tokens.random())
    return Words(make(extra_rules=rules), rules, make)


@pytest.mark.parametrize(
    "text",
    [
        "leave it out with --block NAME, or for good with block = NAME in diag.ini",
        "its process ended with exit status 1",
        "the agent's own: not with this node's",
    ],
)
def test_its_own_words_are_never_masked(text: str) -> None:
    assert words(GREEDY).mask(text) == text
    assert words(GREEDY).mask_page(text) == text


@pytest.mark.parametrize(
    ("text", "begin", "secret"),
    [
        (
            Told.of("it ended with 1; it had printed: ", "joe with k1"),
            "it ended with 1; it had printed: joe with",
            "k1",
        ),
        (
            Told.of("", "ended with joe").behind("naming with: "),
            "naming with: ended with <masked:greedy:",
            "joe",
        ),
        ("with '/srv/with joe' there is nothing", "with '/srv/with <masked:greedy:", "joe"),
        (f"with {LEARNED} in it", "with <masked:", LEARNED),
        ("with ticket k1", "with ticket <masked:sure:", "k1"),
    ],
    ids=["printed", "said", "in quotes", "learned", "certain"],
)
def test_values_in_them_are(text: str, begin: str, secret: str) -> None:
    masked = words(GREEDY, CERTAIN).mask(text)
    assert masked.startswith(begin)
    assert secret not in masked.replace("'/srv", "")


def test_a_greedy_rule_leaves_hints_and_reasons_of_a_bundle_to_be_read(diag_node: Any) -> None:
    def fail() -> str:
        raise ValueError("no answer with joe")

    def collect(node: object, objects: object) -> Any:
        yield Artifact.from_file("/var/lib/opensvc/gone")
        yield Artifact.from_text("shop/a.txt", fail)
        yield Artifact.from_text("shop/b.txt", "went with joe\n")
        yield Gap(State.SKIPPED, "not with joe", hint="ask with joe")
        yield Artifact.from_command("shop/c", ["true"])

    plugin = types.ModuleType("shop")
    plugin.osvc_diag_collectors = hookimpl(  # type: ignore[attr-defined]
        specname="osvc_diag_collectors"
    )(lambda: [Collector("shop", "x", collect)])
    plugin.osvc_diag_redaction_rules = hookimpl(  # type: ignore[attr-defined]
        specname="osvc_diag_redaction_rules"
    )(lambda: [GREEDY])
    bundle = diag_node.collect(plugin)
    reasons = {gap.artifact or gap.reason.split("<")[0]: gap.reason for gap in bundle.gaps}
    assert reasons["file/var/lib/opensvc/gone"] == "is not there"
    assert reasons["info/shop/a.txt"].startswith("ValueError: no answer with <masked:greedy:")
    assert "not with " in reasons
    assert bundle.text("info/shop/b.txt").startswith("went with <masked:")
    bundle.assert_no_secret("joe")


PLUGINS = {
    "greedy": """
        from osvc_diag import Anchor, Rule, hookimpl
        @hookimpl
        def osvc_diag_redaction_rules():
            return [Rule("greedy", "x", (Anchor(b"with"),), ("with «it»",), (), rb"with (?P<secret>.+)")]
        """,
    "unmarked": """
        from osvc_diag import hookimpl
        def osvc_diag_collectors():
            return []
        """,
    "dies": """
        import os
        print("logged in with joe", flush=True)
        os._exit(3)
        """,
    "raises": """
        raise ValueError("no answer with joe")
        """,
}


def test_what_is_wrong_with_plugins_is_told_with_what_to_do(diag_node: Any, tmp_path: Path) -> None:
    files = [
        PluginFile(name, f"/plugins/{name}.py", source=textwrap.dedent(text))
        for name, text in PLUGINS.items()
    ]
    with load_plugins(files=files) as plugins:
        result = make_bundle(Request(("node",)), diag_node.read(), plugins, output=str(tmp_path))
    gaps = {gap.collector: gap for gap in result.gaps}
    hint = "leave it out with --block NAME, or for good with block = NAME in diag.ini"
    assert {gaps[name].hint for name in ("unmarked", "dies", "raises")} == {hint}
    assert gaps["unmarked"].reason == "TypeError: osvc_diag_collectors is not marked with @hookimpl"
    begin = "its process ended with exit status 3; it had printed: logged in with <masked:greedy:"
    assert gaps["dies"].reason.startswith(begin)
    assert gaps["raises"].reason.startswith("ValueError: no answer with <masked:greedy:")
    (failure,) = [plugin.failure for plugin in result.manifest.plugins if plugin.name == "unmarked"]
    assert failure == gaps["unmarked"].reason
