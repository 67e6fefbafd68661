"""Every rule against the examples that stand beside it, on every engine."""

from __future__ import annotations

import itertools
import re

import pytest
from redaction_tools import TOKENS, learned, redacted, redactor, unmarked, usable_engines, with_tokens

from osvc_diag.form import Form
from osvc_diag.redaction import Anchor, Redactor, Rule, Secrets, SecretSearch, Span, builtin_rules
from osvc_diag.redaction.key_anchors import ASSIGNED
from osvc_diag.redaction.rules_network import network_rules

RULES = builtin_rules()
MASKED = [
    pytest.param(rule, text, id=f"{rule.id}-{at}") for rule in RULES for at, text in enumerate(rule.masked)
]
KEPT = [pytest.param(rule, text, id=f"{rule.id}-{at}") for rule in RULES for at, text in enumerate(rule.kept)]
NETWORK = network_rules([])


@pytest.fixture(scope="module", params=usable_engines())
def by(request: pytest.FixtureRequest) -> Redactor:
    return redactor(engine=request.param)


@pytest.mark.parametrize(("rule", "example"), MASKED)
def test_what_a_rule_must_mask_becomes_tokens_and_the_rest_stays(by: Redactor, rule: Rule, example: str):
    assert with_tokens(example).fullmatch(redacted(by, unmarked(example)))


@pytest.mark.parametrize(("rule", "example"), KEPT)
def test_what_looks_like_a_secret_and_is_none_stays(by: Redactor, rule: Rule, example: str):
    assert redacted(by, example.encode()) == example.encode()


@pytest.mark.parametrize(("rule", "example"), MASKED)
def test_what_was_masked_is_not_masked_again(by: Redactor, rule: Rule, example: str):
    once = redacted(by, unmarked(example))
    assert redacted(by, once) == once


@pytest.mark.parametrize(("rule", "example"), [case for case in MASKED if case.values[0].certain])
def test_verify_finds_what_a_certain_rule_masks_and_nothing_in_what_is_left(
    by: Redactor, rule: Rule, example: str
):
    search = SecretSearch(Secrets())
    assert rule.id in {hit.rule for hit in search.search([unmarked(example) + b"\n"])}
    assert list(search.search([redacted(by, unmarked(example)) + b"\n"])) == []


@pytest.mark.parametrize(("rule", "example"), KEPT)
def test_verify_keeps_quiet_about_look_alikes(rule: Rule, example: str):
    assert list(SecretSearch(Secrets()).search([example.encode() + b"\n"])) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_has_examples_of_both_kinds_and_a_purpose(rule: Rule):
    assert rule.masked
    assert rule.kept
    assert len(rule.purpose) > 8
    assert all("«" in example for example in rule.masked)
    assert all("«" not in example for example in rule.kept)


def test_no_rule_has_the_id_of_another():
    ids = [rule.id for rule in (*RULES, *NETWORK)]
    assert sorted(set(ids)) == sorted(ids)


@pytest.mark.parametrize(
    "anchor", sorted({anchor for rule in RULES for anchor in rule.anchors}, key=lambda a: a.pattern)
)
def test_an_anchor_finds_nothing_across_a_line_end(anchor: Anchor):
    """A match that swallows the beginning of the next line would hide what stands there."""
    pattern = re.compile(anchor.pattern, re.IGNORECASE if anchor.caseless else 0)
    for rule in RULES:
        for example in (*rule.masked, *rule.kept):
            text = b"\n".join(unmarked(example).split(b"\n")) + b"\n" + unmarked(example)
            assert all(b"\n" not in match[0] for match in pattern.finditer(text))


@pytest.mark.parametrize("rule", NETWORK, ids=lambda rule: rule.id)
def test_a_network_rule_masks_and_keeps_what_its_examples_say(rule: Rule):
    network = redactor(mask_network=True)
    for example in rule.masked:
        assert with_tokens(example).fullmatch(redacted(network, unmarked(example)))
    for example in rule.kept:
        assert redacted(network, example.encode()) == example.encode()


class TestRulesOfOthers:
    """What a plugin may add."""

    BADGE = Rule(
        id="acme-badge",
        purpose="ACME's badge numbers",
        anchors=(Anchor(rb"badge "),),
        pattern=rb"(?i:badge )(?P<secret>[A-Z]{2}\d{4})",
        masked=("Badge «AB1234» entered",),
        kept=("badge of honour",),
        certain=True,
    )

    @pytest.mark.parametrize("engine", usable_engines())
    def test_a_rule_that_was_added_masks_and_is_verified(self, engine: str):
        by = redactor(engine=engine, extra_rules=[self.BADGE])
        assert with_tokens(self.BADGE.masked[0]).fullmatch(redacted(by, unmarked(self.BADGE.masked[0])))
        assert redacted(by, self.BADGE.kept[0].encode()) == self.BADGE.kept[0].encode()
        hits = SecretSearch(Secrets(), extra_rules=[self.BADGE]).search([b"badge AB1234"])
        assert [(hit.rule, hit.offset) for hit in hits] == [("acme-badge", 6)]

    def test_a_rule_that_was_added_removes_none(self):
        by = redactor(
            extra_rules=[
                Rule("assignment", "nothing", (Anchor(b"never"),), (), (), pattern=b"(?P<secret>never)")
            ]
        )
        assert b"hunter2x" not in redacted(by, b"password=hunter2x")

    @pytest.mark.parametrize("engine", usable_engines())
    @pytest.mark.parametrize(
        "pattern", [b"acme|bolt", b"(?:acme|bolt)", b"[ab](?:cme|olt)", b"a?cme|bol", b"\\$acme|bolt"]
    )
    def test_an_anchor_with_a_choice_is_found_in_each_of_its_ways(self, engine: str, pattern: bytes):
        rule = Rule("acme", "x", (Anchor(pattern),), (), (), pattern=rb"[$](?P<secret>acme|bolt)")
        by = redactor(engine=engine, extra_rules=[rule])
        for word in (b"$acme", b"$bolt"):
            assert b"<masked:acme:" in redacted(by, b"x\nthe " + word + b" x\n")

    @pytest.mark.parametrize("engine", usable_engines())
    @pytest.mark.parametrize(
        "pattern", [rb"acme\\bolt ", rb"acme\\{1,2}bolt ", rb"e\\(?:(?<=xx)c|b)olt ", rb"\\(?<=acme\\)bolt "]
    )
    def test_an_anchor_with_a_backslash_or_lookaround_is_found(self, engine: str, pattern: bytes):
        rule = Rule("acme", "x", (Anchor(pattern),), (), (), pattern=rb"(?i:acme\\bolt )(?P<secret>\w+)")
        by = redactor(engine=engine, extra_rules=[rule])
        assert b"AB1234" not in redacted(by, b"x\nthe ACME\\bolt AB1234\n")

    @pytest.mark.parametrize("size", [0, 300_000])
    def test_an_anchor_that_goes_over_a_token_is_found_in_a_line_of_any_length(self, size: int):
        first = Rule("first", "x", (Anchor(b"qq"),), (), (), pattern=rb"(?P<secret>qq\w+)")
        anchor = rb"zed[^<q]{0,64}="
        then = Rule("then", "x", (Anchor(anchor),), (), (), pattern=anchor + rb"(?P<secret>\w+)")
        by = redactor(extra_rules=[first, then])
        assert b"AB1234" not in redacted(by, b"- " * size + b"zed qqx=AB1234" + b" -" * size + b"\n")

    def test_a_find_function_serves_in_the_place_of_a_pattern(self):
        rule = Rule("acme-all", "all", (Anchor(b"acme"),), (), (), find=lambda line: [Span(0, len(line))])
        assert re.fullmatch(
            rb"<masked:acme-all:\w{8}>\nx", redacted(redactor(extra_rules=[rule]), b"the acme\nx")
        )

    @pytest.mark.parametrize(
        "wrong",
        [
            {"id": "Has Blanks"},
            {"anchors": ()},
            {"pattern": b""},
            {"pattern": b"no group"},
            {"pattern": b"(?P<secret>"},
            {"anchors": (Anchor(b"UPPER"),)},
            {"anchors": (Anchor(b"("),)},
        ],
        ids=str,
    )
    def test_a_rule_that_cannot_work_is_refused(self, wrong: dict[str, object]):
        right: dict[str, object] = {
            "id": "acme",
            "purpose": "x",
            "anchors": (Anchor(b"acme"),),
            "masked": (),
            "kept": (),
            "pattern": b"(?P<secret>acme)",
        }
        with pytest.raises(ValueError, match=r"acme|Has Blanks|anchor"):
            Rule(**{**right, **wrong}).check()  # type: ignore[arg-type]


def test_the_repr_of_a_literal_and_of_secrets_shows_nothing():
    secrets = learned(b"Sup3rS3cret")
    secrets.cluster_secret = b"Sup3rS3cret"
    assert "Sup3rS3cret" not in repr(secrets) + repr(secrets.literals) + repr(TOKENS)


def test_counts_tell_how_often_each_rule_masked():
    from collections import Counter  # noqa: PLC0415

    counts: Counter[str] = Counter()
    redacted(redactor(b"Sup3rS3cret"), b"Sup3rS3cret\npassword=x1\npassword=x2\n", Form.LOG, counts)
    assert counts == {"conf-key": 1, "assignment": 2}


@pytest.mark.parametrize("module", ["requests/sessions", "http/cookies", "oauth/token"])
def test_a_module_of_a_traceback_is_not_taken_for_a_member(module: str):
    line = b'  File "/usr/lib/python3/%s.py", line 589, in request' % module.encode()
    assert not any(anchor.compiled.search(line) for rule in RULES for anchor in rule.anchors)


@pytest.mark.parametrize("stem", ["token", "cookie", "sess"])
def test_every_other_name_with_a_dot_is_taken_for_a_member(stem: str):
    anchor = ASSIGNED[stem.encode()].compiled
    ends = ("".join(end) for size in range(6) for end in itertools.product("py.a-", repeat=size))
    assert all(bool(anchor.search(f'{stem}{end}",'.encode())) is not end.endswith(".py") for end in ends)
