from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from osvc_diag.journal.queries import AS_ROOT, FIELDS, Times, arguments, of_agent, of_object
from osvc_diag.objects.naming import ObjectPath
from osvc_diag.window import Window


class TestMatches:
    @pytest.mark.parametrize(
        ("path", "names"),
        [
            ("svc1", ["svc1", "svc/svc1", "root/svc/svc1"]),
            ("prod/svc/web", ["prod/svc/web"]),
            ("vol/v", ["vol/v", "root/vol/v"]),
            ("ns1/", ["ns1/", "ns1/nscfg/namespace"]),
            ("cluster", ["cluster", "ccfg/cluster", "root/ccfg/cluster"]),
        ],
    )
    def test_an_object_is_asked_for_by_every_name_that_it_may_have(self, path, names):
        assert of_object(ObjectPath.parse(path)) == ((AS_ROOT, *(f"OBJ_PATH={name}" for name in names)),)

    def test_every_alternative_asks_for_a_field_that_nobody_but_journald_sets(self):
        for term in (*of_object(ObjectPath.parse("svc1")), *of_agent()):
            assert any(match.startswith("_") for match in term)

    def test_alternatives_are_joined_by_a_plus(self):
        assert arguments((("A=1", "B=2"), ("C=3",))) == ["A=1", "B=2", "+", "C=3"]

    @pytest.mark.parametrize(
        "matches",
        [(), ((),), (("--flush",),), (("/usr/bin/om",),), (("A",),), (("A=x\ny",),), (("+",),), (("a=b",),)],
    )
    def test_what_is_no_match_is_refused(self, matches):
        with pytest.raises(ValueError, match="FIELD=value"):
            arguments(matches)

    def test_what_is_full_of_secrets_and_stands_elsewhere_too_is_not_asked_for(self):
        assert not {"JSON", "ARGV", "_CMDLINE"} & set(FIELDS)
        assert len(set(FIELDS)) == len(FIELDS)


class TestTimes:
    def test_the_end_of_a_window_is_not_in_it(self):
        at = datetime(2026, 11, 21, tzinfo=timezone.utc)
        times = Times.of(Window(at, at + timedelta(hours=6)))
        assert times.options() == ("--since=@1795219200.000000", "--until=@1795240799.999999")

    def test_a_zone_does_not_matter(self):
        at = datetime(2026, 11, 21, 1, tzinfo=timezone(timedelta(hours=1)))
        assert Times.of(Window(at)).options() == ("--since=@1795219200.000000",)

    def test_an_open_window_says_nothing(self):
        assert Times.of(Window()).is_open
        assert Times.of(Window()).options() == ()
