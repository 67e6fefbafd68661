from __future__ import annotations

import os
import struct
import zoneinfo
from datetime import datetime, timedelta, timezone

import pytest

from osvc_diag.errors import UsageError
from osvc_diag.node.zones import find_zone

NOW = datetime(2026, 11, 22, 12)  # noqa: DTZ001  the zone under test is put in
needs_database = pytest.mark.skipif(
    not zoneinfo.available_timezones(), reason="no time zone database is installed"
)


def _tzif(seconds: int) -> bytes:
    """Build the smallest zone file: one offset, called LOC."""
    head = struct.pack(">4sc15x6l", b"TZif", b"\0", 0, 0, 0, 0, 1, 4)
    return head + struct.pack(">lbb", seconds, 0, 0) + b"LOC\0"


def _copy(tmp_path: object, content: bytes) -> str:
    os.makedirs(f"{tmp_path}/etc")
    with open(f"{tmp_path}/etc/localtime", "wb") as file:
        file.write(content)
    return str(tmp_path)


def _link(tmp_path: object, target: str) -> str:
    os.makedirs(f"{tmp_path}/etc", exist_ok=True)
    os.symlink(target, f"{tmp_path}/etc/localtime")
    return str(tmp_path)


def test_a_zone_that_is_given_is_taken(tmp_path):
    zone = timezone(timedelta(hours=5))
    assert find_zone(zone, str(tmp_path)) is zone
    assert find_zone("UTC", None) is timezone.utc


@needs_database
def test_a_zone_can_be_named():
    assert str(find_zone("Europe/Paris", None)) == "Europe/Paris"


@pytest.mark.parametrize(
    "name", ["Europe/Nowhere", "../../etc/passwd", "/etc/localtime", "", "Europe", "x\0", "\udcff"]
)
def test_what_is_no_zone_is_refused(name):
    with pytest.raises(UsageError, match="is no time zone"):
        find_zone(name, None)


@needs_database
@pytest.mark.parametrize("target", ["/usr/share/zoneinfo/Asia/Tokyo", "../usr/share/zoneinfo/Asia/Tokyo"])
def test_a_copy_names_its_zone_by_a_link_that_need_not_lead_anywhere(tmp_path, target):
    assert str(find_zone(None, _link(tmp_path, target))) == "Asia/Tokyo"


def test_a_copy_may_hold_the_zone_itself(tmp_path):
    zone = find_zone(None, _copy(tmp_path, _tzif(3 * 3600)))
    assert NOW.replace(tzinfo=zone).utcoffset() == timedelta(hours=3)
    assert str(zone) == "etc/localtime"


def test_a_link_within_the_copy_is_followed(tmp_path):
    os.makedirs(tmp_path / "data")
    (tmp_path / "data/zone").write_bytes(_tzif(7200))
    zone = find_zone(None, _link(tmp_path, "/data/zone"))
    assert NOW.replace(tzinfo=zone).utcoffset() == timedelta(hours=2)


def test_a_link_out_of_the_copy_is_not_followed(tmp_path):
    (tmp_path / "zone").write_bytes(_tzif(7200))
    assert find_zone(None, _link(tmp_path / "copy", "../../zone")) is timezone.utc


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"TZif",
        b"\0" * 1000,
        bytes(range(256)) * 4,
        _tzif(10**6),
        b"TZif2" + b"\xff" * 60,
        _tzif(0)[:-3],
        b"x" * 100_000,
    ],
    ids=["empty", "short", "zeros", "noise", "far", "huge", "cut", "long"],
)
def test_a_broken_zone_file_is_as_good_as_none(tmp_path, content):
    zone = find_zone(None, _copy(tmp_path, content))
    assert NOW.replace(tzinfo=zone).utcoffset() == timedelta(0)


def _tzif_of_two(begin: int, end: int, seconds: int) -> bytes:
    """Build a zone that is UTC, but for a time."""

    def table(form: str) -> bytes:
        head = struct.pack(">4sc15x6l", b"TZif", b"2", 0, 0, 0, 2, 2, 4)
        types = struct.pack(">lbb", 0, 0, 0) + struct.pack(">lbb", seconds, 0, 0)
        return head + struct.pack(form, begin, end) + b"\1\0" + types + b"LOC\0"

    return table(">ll") + table(">qq") + b"\nLOC0\n"


@pytest.mark.parametrize("seconds", [86400, -86400, 2**31 - 1, -(2**31)])
def test_a_zone_that_fails_for_two_days_only_is_as_good_as_none(tmp_path, seconds):
    content = _tzif_of_two(1_763_000_000, 1_763_172_800, seconds)
    assert find_zone(None, _copy(tmp_path, content)) is timezone.utc


def test_a_zone_with_changes_is_read(tmp_path):
    zone = find_zone(None, _copy(tmp_path, _tzif_of_two(0, 2**31 - 1, 86399)))
    assert NOW.replace(tzinfo=zone).utcoffset() == timedelta(seconds=86399)


@needs_database
def test_every_zone_of_the_database_is_good(tmp_path):
    for name in sorted(zoneinfo.available_timezones())[::25]:
        for folder in zoneinfo.TZPATH:
            if os.path.isfile(f"{folder}/{name}"):
                with open(f"{folder}/{name}", "rb") as file:
                    zone = find_zone(None, _copy(tmp_path / name, file.read()))
                assert str(zone) == "etc/localtime", name


def test_a_copy_without_a_zone_is_in_utc(tmp_path):
    assert find_zone(None, str(tmp_path)) is timezone.utc


def test_this_machine_always_has_a_zone():
    assert NOW.replace(tzinfo=find_zone(None, None)).utcoffset() is not None
