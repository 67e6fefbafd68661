"""Tells what is missing: gaps of one reason in one row, a broken plugin once; the manifest has each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from osvc_diag.plugin.plugins import NO_RULES, without_rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osvc_diag.gap import Gap

NAMES_SHOWN = 3  # of the gaps that have one reason

COLUMNS = ("state", "gap")


def gap_rows(gaps: Sequence[Gap], *, with_hints: bool = False) -> list[tuple[str, str]]:
    """Return a row of `COLUMNS` for each reason, in the order in which the reasons first come."""
    alike: dict[tuple[str, str], list[str]] = {}
    for gap in gaps:
        hint = f" ({gap.hint})" if with_hints and gap.hint else ""
        alike.setdefault((gap.state.value, gap.reason + hint), []).append(gap.artifact or gap.collector or "")
    return [
        (state, f"{_listed(names)}: {reason}" if any(names) else reason)
        for (state, reason), names in alike.items()
    ]


def join_limits(gaps: Sequence[Gap], limits: Sequence[str]) -> tuple[list[Gap], list[str]]:
    """Add to the gap of a plugin that cannot be used what that means for redaction.

    Args:
        gaps: of a manifest.
        limits: of its redaction, in sentences.

    Returns:
        All gaps, and the limits that none of them tells.
    """
    plugins = {gap.collector for gap in gaps if gap.collector and gap.artifact is None}
    told = {name: limit for name in plugins if (limit := without_rules(name)) in limits}
    joined = [
        replace(gap, reason=f"{gap.reason}; {NO_RULES}")
        if gap.collector in told and gap.artifact is None
        else gap
        for gap in gaps
    ]
    return joined, [limit for limit in limits if limit not in told.values()]


def _listed(names: Sequence[str]) -> str:
    names = list(dict.fromkeys(filter(None, names)))
    if len(names) <= NAMES_SHOWN + 1:  # "and 1 more" is no shorter than a name
        return ", ".join(names)
    return f"{', '.join(names[:NAMES_SHOWN])} and {len(names) - NAMES_SHOWN} more"
