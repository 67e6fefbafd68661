from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from types import ModuleType, SimpleNamespace

import pytest

from osvc_diag.errors import PluginUnavailableError
from osvc_diag.plugin import shipped
from osvc_diag.plugin.collector import Collector
from osvc_diag.plugin.hookspecs import hookimpl
from osvc_diag.plugin.plugin_manager import load_plugins
from osvc_diag.redaction import Anchor, Rule

SHIPPED = [collector.name for collector in load_plugins().collectors]
ASKED = """
import json
from osvc_diag.plugin.plugin_manager import load_plugins
plugins = load_plugins(blocked={blocked!r})
plugins.close()
print(json.dumps({{
    "plugins": {{info.name: [info.distribution, list(info.collectors), info.problem] for info in plugins.infos}},
    "collectors": [collector.name for collector in plugins.collectors],
    "failures": dict(plugins.failures),
}}))
"""
GOOD = """
from osvc_diag.plugin.collector import Collector
from osvc_diag.plugin.hookspecs import hookimpl

@hookimpl
def osvc_diag_collectors():
    return [Collector({name!r}, "a sentence", lambda node, objects: [])]
"""


@pytest.fixture
def site(tmp_path):
    """Put packages on the path of a fresh interpreter, and return what it loads."""

    def add(package, entry_points, *, metadata=True, **modules):
        for name, text in modules.items():
            (tmp_path / f"{name}.py").write_text(textwrap.dedent(text))
        info = tmp_path / f"{package.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        if metadata:
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_bytes(os.fsencode(entry_points))

    def load(blocked=()):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", ASKED.format(blocked=tuple(blocked))],
            env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return json.loads(done.stdout)

    return SimpleNamespace(add=add, load=load)


def module(**members):
    made = ModuleType("made_up")
    vars(made).update(members)
    return made


def plugin(**hooks):
    return module(**{name: hookimpl(function) for name, function in hooks.items()})


def collector(name):
    return Collector(name, "a sentence", lambda _node, _objects: [])


class TestPackages:
    def test_the_shipped_collectors_come_in_like_anybodys(self, site):
        loaded = site.load()
        assert loaded["collectors"] == SHIPPED
        assert set(loaded["plugins"]) == set(shipped.SHIPPED)
        assert loaded["failures"] == {}
        assert {package.split()[0] for package, _, _ in loaded["plugins"].values()} == {"osvc-diag"}

    def test_an_installed_package_adds_its_collector(self, site):
        site.add("acme-diag", "[osvc_diag]\nacme = acme_diag\n", acme_diag=GOOD.format(name="acme-raid"))
        loaded = site.load()
        assert loaded["plugins"]["acme"] == ["acme-diag 1.0", ["acme-raid"], ""]
        assert "acme-raid" in loaded["collectors"]

    @pytest.mark.parametrize(
        ("broken", "problem"),
        [
            ("import no_such_module_anywhere", "ModuleNotFoundError"),
            ("def x(:", "SyntaxError"),
            ("raise SystemExit(3)", "SystemExit: 3"),
            ("1 / 0", "ZeroDivisionError"),
        ],
    )
    def test_one_broken_plugin_costs_only_itself(self, site, broken, problem):
        site.add("bad-diag", "[osvc_diag]\nbad = bad_diag\n", bad_diag=broken)
        site.add("good-diag", "[osvc_diag]\nzgood = good_diag\n", good_diag=GOOD.format(name="good"))
        loaded = site.load()
        assert loaded["collectors"] == sorted([*SHIPPED, "good"])
        assert loaded["failures"]["bad"].startswith(problem)
        assert loaded["plugins"]["bad"][2].startswith(problem)

    @pytest.mark.parametrize(
        "text", ["[osvc_diag]\nno equals sign\n", "[osvc_diag\nx = y\n", "osvc_diag = y\n"]
    )
    def test_a_damaged_package_costs_only_itself(self, site, text):
        site.add("damaged", text)
        site.add("good-diag", "[osvc_diag]\ngood = good_diag\n", good_diag=GOOD.format(name="good"))
        assert site.load()["collectors"] == sorted([*SHIPPED, "good"])

    def test_packages_half_installed_are_told_apart(self, site):
        for name in ("one", "two"):
            site.add(name, f"[osvc_diag]\n{name} = {name}_diag\n", metadata=False)
        loaded = site.load()
        assert sorted(loaded["failures"]) == ["one", "two"]
        assert loaded["plugins"]["two"][0] == "two-1.0.dist-info"

    def test_entry_points_that_are_no_text_are_a_failure(self, site):
        site.add("damaged", "[osvc_diag]\nx = \udcff\n")
        assert list(site.load()["failures"]) == ["damaged-1.0.dist-info"]

    def test_a_damaged_package_that_has_nothing_to_do_with_us_is_no_failure(self, site):
        site.add("damaged", "[console_scripts]\nno equals sign\n")
        assert site.load()["failures"] == {}

    def test_a_blocked_plugin_is_listed_and_not_imported(self, site):
        site.add("bad-diag", "[osvc_diag]\nbad = bad_diag\n", bad_diag="1 / 0")
        loaded = site.load(blocked=["bad", "system"])
        assert loaded["plugins"]["bad"] == ["bad-diag 1.0", [], "blocked"]
        assert "system" not in loaded["collectors"]
        assert loaded["failures"] == {}

    def test_a_shipped_plugin_is_overridden_by_blocking_it(self, site):
        site.add("my-diag", "[osvc_diag]\nmy-system = my_diag\n", my_diag=GOOD.format(name="system"))
        assert "system" in site.load(blocked=["system"])["collectors"]

    def test_a_plugin_called_like_a_shipped_one_does_not_throw_it_out(self, site):
        site.add("a-diag", "[osvc_diag]\nsystem = a_diag\n", a_diag=GOOD.format(name="other"))
        loaded = site.load()
        assert loaded["collectors"] == sorted([*SHIPPED, "other"])
        assert loaded["failures"] == {}

    def test_a_collector_claimed_twice_is_a_failure_that_names_both(self, site):
        site.add("a-diag", "[osvc_diag]\nmine = a_diag\n", a_diag=GOOD.format(name="acme"))
        site.add("b-diag", "[osvc_diag]\nours = b_diag\n", b_diag=GOOD.format(name="acme"))
        loaded = site.load()
        assert "acme" not in loaded["collectors"]
        problem = loaded["failures"]["acme"]
        assert "mine (a-diag 1.0)" in problem
        assert "ours (b-diag 1.0)" in problem

    def test_nobody_takes_a_shipped_collector_away_by_claiming_its_name(self, site):
        site.add("a-diag", "[osvc_diag]\nmine = a_diag\n", a_diag=GOOD.format(name="node-log"))
        loaded = site.load()
        assert "node-log" in loaded["collectors"]
        problem = loaded["failures"]["mine"]
        assert problem.startswith("its collector node-log is not used: node-log (osvc-diag")
        assert loaded["plugins"]["mine"][1:] == [[], problem]

    def test_who_claims_a_shipped_collector_keeps_the_others_and_its_rules(self):
        rule = Rule("acme", "x", (Anchor(b"acme"),), ("acme «abc»",), (), pattern=rb"acme (?P<secret>\w+)")
        mine = plugin(
            osvc_diag_collectors=lambda: [collector("node-log"), collector("acme")],
            osvc_diag_redaction_rules=lambda: [rule],
        )
        with load_plugins([("mine", mine)]) as loaded:
            (info,) = [info for info in loaded.infos if info.name == "mine"]
            assert (info.collectors, info.problem) == (("acme",), "")
            assert [found.name for found in loaded.collectors] == sorted([*SHIPPED, "acme"])
            assert loaded.rules == (rule,)
            assert loaded.redaction_limits() == ()
            ((name, problem),) = loaded.failures
            assert name == "mine's node-log"
            assert problem.startswith("node-log (osvc-diag")

    def test_of_who_has_nothing_but_a_taken_name_no_rule_is_missed(self):
        mine = plugin(osvc_diag_collectors=lambda: [collector("node-log")])
        with load_plugins([("mine", mine)]) as loaded:
            assert loaded.redaction_limits() == ()


class TestOnePlugin:
    def test_a_hook_that_raises_while_it_is_iterated_costs_only_itself(self):
        def broken():
            yield collector("first")
            raise OSError("disk on fire")

        loaded = load_plugins(
            [
                ("bad", plugin(osvc_diag_collectors=broken)),
                ("good", plugin(osvc_diag_collectors=lambda: [collector("good")])),
            ]
        )
        assert [found.name for found in loaded.collectors] == sorted([*SHIPPED, "good"])
        assert loaded.failures == (("bad", "OSError: disk on fire"),)

    def test_of_a_plugin_with_one_broken_hook_nothing_is_used(self):
        both = plugin(osvc_diag_collectors=lambda: [collector("mine")], osvc_diag_redaction_rules=lambda: [1])
        loaded = load_plugins([("bad", both)])
        assert [found.name for found in loaded.collectors] == SHIPPED
        assert loaded.rules == ()
        problem = dict(loaded.failures)["bad"]
        assert problem.startswith("TypeError: osvc_diag_redaction_rules (test_plugin_manager.py:")
        assert problem.endswith(" gave a int, not a Rule")
        (info,) = [info for info in loaded.infos if info.name == "bad"]
        assert info.collectors == ()

    def test_a_rule_that_cannot_work_is_told(self):
        rule = Rule("acme", "x", (Anchor(b"acme"),), (), (), pattern=b"(?P<secret>")
        loaded = load_plugins([("bad", plugin(osvc_diag_redaction_rules=lambda: [rule]))])
        assert loaded.rules == ()
        assert "rule acme" in dict(loaded.failures)["bad"]

    def test_a_misspelt_hook_is_told(self):
        loaded = load_plugins([("bad", plugin(osvc_diag_colectors=lambda: ()))])
        assert "osvc_diag_colectors is not a hook" in dict(loaded.failures)["bad"]

    def test_a_hook_without_its_marker_is_told(self):
        loaded = load_plugins([("bad", module(osvc_diag_collectors=lambda: ()))])
        assert "is not marked with @hookimpl" in dict(loaded.failures)["bad"]

    def test_a_hook_with_an_argument_that_there_is_not_is_told(self):
        loaded = load_plugins([("bad", plugin(osvc_diag_collectors=lambda node: []))])
        problem = dict(loaded.failures)["bad"]
        assert problem.startswith("TypeError: osvc_diag_collectors (test_plugin_manager.py:")
        assert problem.endswith(" takes 'node': write def osvc_diag_collectors()")

    def test_a_module_without_a_hook_is_told(self):
        loaded = load_plugins([("bad", module())])
        assert "it has no hook: mark osvc_diag_collectors or" in dict(loaded.failures)["bad"]

    @pytest.mark.parametrize("answer", [5, collector("mine")], ids=["a number", "a collector alone"])
    def test_an_answer_that_is_no_list_is_told_with_the_line_of_its_hook(self, answer):
        loaded = load_plugins([("bad", plugin(osvc_diag_collectors=lambda: answer))])
        assert re.fullmatch(
            r"TypeError: osvc_diag_collectors \(test_plugin_manager\.py:\d+\) returned a \w+, not a list: "
            r"write return \[Collector\(\.\.\.\)\]",
            dict(loaded.failures)["bad"],
        )

    def test_a_hook_of_a_newer_host_can_be_optional(self):
        newer = module(osvc_diag_dreams=hookimpl(optionalhook=True)(lambda: ()))
        assert load_plugins([("newer", newer)]).failures == ()

    def test_other_names_of_a_module_are_its_own_affair(self):
        helped = plugin(osvc_diag_collectors=lambda: [collector("mine")])
        helped.osvc_diag_acme_helpers = SimpleNamespace()
        helped.osvc_diag_limit = 3
        assert load_plugins([("mine", helped)]).failures == ()

    @pytest.mark.parametrize("answer", [["node-log"], 3, [None]])
    def test_an_answer_of_another_kind_is_told(self, answer):
        loaded = load_plugins([("bad", plugin(osvc_diag_collectors=lambda: answer))])
        assert "TypeError" in dict(loaded.failures)["bad"]

    def test_a_hook_that_answers_nothing_adds_nothing(self):
        assert load_plugins([("idle", plugin(osvc_diag_collectors=lambda: None))]).failures == ()

    @pytest.mark.parametrize("name", ["", "A", "a b", "-x", "../x", "x\n", "a" * 65])
    def test_a_collector_has_a_name_that_fits_a_command_line(self, name):
        loaded = load_plugins([("bad", plugin(osvc_diag_collectors=lambda: [collector(name)]))])
        assert "is no name of a collector" in dict(loaded.failures)["bad"]

    def test_an_error_that_cannot_even_be_printed_costs_only_its_plugin(self):
        class UnprintableError(Exception):
            def __str__(self):
                raise RuntimeError

        def broken():
            raise UnprintableError

        loaded = load_plugins([("bad", plugin(osvc_diag_collectors=broken))])
        assert loaded.failures == (("bad", "UnprintableError"),)

    def test_the_same_plugin_twice_is_used_once(self):
        mine = plugin(osvc_diag_collectors=lambda: [collector("mine")])
        loaded = load_plugins([("one", mine), ("two", mine)])
        assert "mine" in [found.name for found in loaded.collectors]
        assert [name for name, _ in loaded.failures] == ["two"]

    def test_rules_add_up(self):
        rules = [
            Rule(
                word, "x", (Anchor(word.encode()),), (f"{word} «secret»",), (), pattern=rb"\w (?P<secret>\w+)"
            )
            for word in ("acme", "bolt")
        ]
        loaded = load_plugins(
            [
                ("one", plugin(osvc_diag_redaction_rules=lambda: rules[:1])),
                ("two", plugin(osvc_diag_redaction_rules=lambda: rules[1:])),
            ]
        )
        assert loaded.rules == tuple(rules)


class TestChosen:
    @pytest.fixture
    def plugins(self):
        def broken():
            raise OSError("disk on fire")

        return load_plugins(
            [
                ("broken", plugin(osvc_diag_collectors=broken)),
                ("one", plugin(osvc_diag_collectors=lambda: [collector("twice")])),
                ("two", plugin(osvc_diag_collectors=lambda: [collector("twice")])),
            ],
            blocked=["system"],
        )

    def names(self, plugins, only=(), skip=()):
        return [found.name for found in plugins.chosen(only, skip)]

    def test_without_a_wish_all_are_taken(self, plugins):
        assert self.names(plugins) == [name for name in SHIPPED if name != "system"]

    def test_only_and_skip_choose_by_name_and_keep_the_order(self, plugins):
        assert self.names(plugins, ["node-log", "cluster-conf"]) == ["cluster-conf", "node-log"]
        assert self.names(plugins, ["node-log", "cluster-conf"], ["node-log"]) == ["cluster-conf"]
        rest = [name for name in SHIPPED if name not in {"object-log", "object-state", "system"}]
        assert self.names(plugins, skip=rest) == ["object-log", "object-state"]

    @pytest.mark.parametrize(
        ("name", "told", "hint"),
        [
            ("nothing", "is unknown", "there are: agent-commands, "),
            ("nod-log", "is unknown", "did you mean node-log, "),
            ("broken", "OSError: disk on fire", "osvc-diag plugins tells"),
            ("Broken", "plugin broken: OSError: disk on fire", "osvc-diag plugins tells"),
            ("twice", "claimed by one and two", "osvc-diag plugins tells"),
            ("system", "blocked", "osvc-diag plugins tells"),
        ],
    )
    @pytest.mark.parametrize("wish", ["only", "skip"])
    def test_a_name_that_cannot_be_served_is_an_error_of_its_own(self, plugins, name, told, hint, wish):
        with pytest.raises(PluginUnavailableError, match=told) as caught:
            self.names(plugins, **{wish: [name]})
        assert caught.value.exit_code == 3
        assert caught.value.hint.startswith(hint)
