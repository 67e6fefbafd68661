from __future__ import annotations

import pytest

from osvc_diag.errors import UsageError
from osvc_diag.plugin.collector import Collector
from osvc_diag.plugin.options import Option, resolve_options


def collector(name, *options):
    return Collector(name, "a sentence", lambda node, objects, values: [], options=options)


ACME = collector(
    "acme",
    Option("depth", "how deep", 3),
    Option("share", "of what is there", 0.5),
    Option("all", "not only the newest", False),
    Option("where", "a folder", ""),
    Option("note", "anything"),
    Option("level", "how much", "low", choices=("low", "high")),
)
PLAIN = collector("plain")


def resolved(*given):
    return resolve_options([ACME, PLAIN], given)


def test_what_is_not_given_has_its_default():
    defaults = {"depth": 3, "share": 0.5, "all": False, "where": "", "note": None, "level": "low"}
    assert resolved() == {"acme": defaults}


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("depth=7", 7),
        ("depth=-1", -1),
        ("share=1", 1.0),
        ("all=yes", True),
        ("all=OFF", False),
        ("where=/a=b,c.d", "/a=b,c.d"),
        ("note=", ""),
        ("level=high", "high"),
    ],
)
def test_a_value_has_the_type_of_the_default(given, value):
    found = resolved(f"acme.{given}")["acme"][given.partition("=")[0]]
    assert found == value
    assert type(found) is type(value)


def test_of_two_the_later_holds():
    assert resolved("acme.depth=1", "acme.depth=2")["acme"]["depth"] == 2


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ("acme.dept=1", "acme has no option 'dept'", "acme has: depth, share, all"),
        ("acne.depth=1", "no collector 'acne' takes part", "there are: acme.depth"),
        ("plain.x=1", "plain has no option 'x'", "plain has no options; there are: acme.depth"),
        ("depth=1", "it is written COLLECTOR.KEY=VALUE", "acme.depth"),
        ("acme.depth", "it is written COLLECTOR.KEY=VALUE", "acme.depth"),
        ("acme.=1", "it is written COLLECTOR.KEY=VALUE", "acme.depth"),
        ("acme.depth=x", "'x' is not a whole number", "how deep"),
        ("acme.depth=1_000", "'1_000' is not a whole number", "how deep"),
        ("acme.depth= 7 ", "' 7 ' is not a whole number", "how deep"),
        ("acme.depth=1.5", "'1.5' is not a whole number", "how deep"),
        ("acme.share=inf", "'inf' is not a number", "of what is there"),
        ("acme.share=1e999", "'1e999' is not a number", "of what is there"),
        ("acme.all=maybe", "'maybe' is not yes or no", "not only the newest"),
        ("acme.level=middle", "'middle' is not low or high", "how much"),
    ],
)
def test_a_mistake_is_told_with_what_there_is(given, message, hint):
    with pytest.raises(UsageError, match="-o") as caught:
        resolved(given)
    assert message in str(caught.value)
    assert hint in caught.value.hint


def test_the_value_of_an_option_that_there_is_not_is_not_repeated():
    with pytest.raises(UsageError) as caught:
        resolved("acme.pasword=geheim")
    assert "geheim" not in f"{caught.value} {caught.value.hint}"


def test_where_no_collector_has_options_that_is_told():
    with pytest.raises(UsageError) as caught:
        resolve_options([PLAIN], ["plain.x=1"])
    assert "no collector of this run has options" in caught.value.hint


@pytest.mark.parametrize(
    "option",
    [
        Option("", "x"),
        Option("A", "x"),
        Option("a=b", "x"),
        Option("a.b", "x"),
        Option("a", "x", []),
        Option("a", 3),
        Option("a", "x", choices=(1,)),
    ],
)
def test_an_option_that_no_command_line_can_name_is_refused_with_its_collector(option):
    with pytest.raises((TypeError, ValueError)):
        collector("acme", option).check()


def test_an_option_that_stands_twice_is_refused():
    with pytest.raises(ValueError, match="twice"):
        collector("acme", Option("a", "x"), Option("a", "y")).check()


def test_only_a_collector_with_options_is_given_their_values():
    told = []
    Collector("plain", "x", lambda *given: told.append(given) or []).declared("node", (), {"a": 1})
    with_options = Collector(
        "acme", "x", lambda *given: told.append(given) or [], options=(Option("a", "x", 0),)
    )
    with_options.declared("node", (), {"a": 1})
    with_options.declared("node", (), {})
    assert told == [("node", ()), ("node", (), {"a": 1}), ("node", (), {"a": 0})]
