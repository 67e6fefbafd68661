"""What is pasted into a ticket, and when somebody is there to read it."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import datetime, timezone

import pytest

from osvc_diag.bundle.facts import ClusterFacts, NodeFacts, RedactionFacts, SelectionFacts
from osvc_diag.bundle.manifest import Manifest
from osvc_diag.exchange.receipt import Receipt
from osvc_diag.gap import Gap, State
from osvc_diag.run.request import Issue
from osvc_diag.ticket import HOURS, support_hours, ticket_text

MANIFEST = Manifest(
    tool_version="1",
    started="2026-11-22T10:00:00Z",
    node=NodeFacts("node1", "b2.1", "2.1-1234"),
    cluster=ClusterFacts("lab", ("node1", "node2")),
    selection=SelectionFacts(("prod/**",), ("prod/svc/web", "prod/vol/data")),
    redaction=RedactionFacts("1"),
    gaps=(Gap(State.DENIED, "run it as root", artifact="file/etc/x"),),
)
ISSUE = Issue("error message", "upgrade", "yesterday", "web is down", "T-7")
RECEIPT = Receipt(
    "https://sfx",
    "web",
    "https://sfx/abc",
    "abc",
    2048,
    "ab" * 32,
    "2026-11-22T10:00:00Z",
    1.0,
    "2026-11-29T10:00:00Z",
)


def text(**more) -> str:
    values = {"manifest": MANIFEST, "issue": ISSUE, "receipt": RECEIPT, **more}
    return ticket_text(
        values["manifest"],
        values["issue"],
        name="b.tar.gz",
        size=2048,
        sha256="ab" * 32,
        receipt=values["receipt"],
    )


def test_a_ticket_has_what_the_support_page_asks_for() -> None:
    lines = text().splitlines()
    for line in (
        "Ticket:   T-7",
        "Purpose:  error message",
        "Context:  upgrade",
        "Started:  yesterday",
        "Impact:   web is down",
        "Object:   prod/svc/web, prod/vol/data",
        "Node:     node1",
        "Cluster:  lab, nodes node1 node2",
        "Agent:    b2.1 2.1-1234",
        "Bundle:   https://sfx/abc",
        f"          b.tar.gz, 2.0 KiB, sha256 {'ab' * 32}",
        "          kept there until 2026-11-29T10:00:00Z",
        "Gaps:     1",
        "          denied: file/etc/x: run it as root",
    ):
        assert line in lines
    assert "run the same on node2" in text()


def test_gaps_of_one_reason_hide_no_other_in_a_ticket() -> None:
    denied = [Gap(State.DENIED, "run it as root", artifact=f"file/{number}") for number in range(50)]
    gaps = (*denied, Gap(State.FAILED, "it broke", "san"))
    lines = text(manifest=replace(MANIFEST, gaps=gaps)).splitlines()
    told = lines[lines.index("Gaps:     51") + 1 :]
    assert told == [
        "          denied: file/0, file/1, file/2 and 47 more: run it as root",
        "          failed: san: it broke",
    ]


def test_what_nobody_said_is_left_to_be_filled_in() -> None:
    assert text(issue=Issue()).count("(please fill in)") == 4


def test_before_it_is_sent_the_ticket_names_the_file() -> None:
    assert "Bundle:   b.tar.gz\n" in text(receipt=None)


def test_a_ticket_holds_no_control_character() -> None:
    shown = text(issue=Issue("a\x1b[31m\rb"))
    assert "\x1b" not in shown
    assert "\r" not in shown


PARIS = [
    # UTC, what is said: in winter Paris is an hour ahead, in summer two
    ("2026-11-23T08:00", "open now"),
    ("2026-11-23T07:59", "closed now; it opens today at 9:00"),
    ("2026-11-23T16:59", "open now, until 18:00"),
    ("2026-11-23T17:00", "closed now; it opens Tuesday at 9:00"),
    ("2026-11-27T17:00", "closed now; it opens Monday at 9:00"),
    ("2026-11-28T10:00", "closed now; it opens Monday at 9:00"),
    ("2026-11-29T23:30", "closed now; it opens today at 9:00"),
    ("2026-07-01T07:00", "open now"),
    ("2026-07-01T16:00", "closed now; it opens Thursday at 9:00"),
]


@pytest.mark.parametrize(("utc", "said"), PARIS)
def test_support_hours_are_those_of_paris(utc: str, said: str) -> None:
    assert said in support_hours(datetime.fromisoformat(utc).replace(tzinfo=timezone.utc))


def test_without_time_zone_data_the_hours_are_told(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "zoneinfo", None)
    assert support_hours(datetime.now(timezone.utc)) == f"Standard support is open {HOURS}."
