"""From a request to a plan: which node, objects, window and artifacts; what --dry-run shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from osvc_diag.errors import UsageError
from osvc_diag.gap import Gap, State
from osvc_diag.plugin.options import resolve_options
from osvc_diag.run.choice import Choice
from osvc_diag.run.planning import make_plan
from osvc_diag.run.relating import related_objects
from osvc_diag.run.rights import as_root
from osvc_diag.units import format_size
from osvc_diag.window import Window

if TYPE_CHECKING:
    from datetime import datetime

    from osvc_diag.node.node import Node
    from osvc_diag.objects.naming import ObjectPath
    from osvc_diag.plugin.plugin_manager import Plugins
    from osvc_diag.reading.patience import PatientReader
    from osvc_diag.run.plan import Plan
    from osvc_diag.run.request import Request


@dataclass(frozen=True)
class Prepared:
    """A run before its first byte."""

    request: Request
    node: Node
    """Which opens the files, too, that the collectors of the plan may have."""
    objects: tuple[ObjectPath, ...]
    """That were selected."""
    window: Window
    plan: Plan
    started: datetime
    related: tuple[ObjectPath, ...] = ()
    """One step away from the selected ones, where that was asked for."""

    @property
    def expected_bytes(self) -> int:
        """About how large the bundle will be; never more than it may be."""
        expected, most = self.plan.expected_bytes, self.request.max_size
        return expected if most is None else min(expected, most)


def prepare(
    request: Request, node: Node, plugins: Plugins, *, started: datetime, patient: PatientReader
) -> Prepared:
    """Understand a request on a node, and plan it.

    Raises:
        UsageError: nothing matches a selector, or the window, a limit or an option makes no sense.
        PluginUnavailableError: a collector or an artifact asked for by name is unknown.
    """
    choice = Choice(request.profile, request.only, request.skip)
    collectors = choice.collectors(plugins)
    if not collectors:
        raise UsageError("no collector is left to run", hint="look at --only and --skip: they exclude all")
    window = Window.parse(request.since, request.until, now=started, zone=node.zone)
    objects = tuple(node.select(request.selectors))
    related, unrelated = related_objects(node, objects, patient) if request.with_related else ((), [])
    is_limited = request.max_size is not None
    plan = make_plan(
        node,
        sorted((*objects, *related)),
        # The shipped ones first: of two that give different sources one name, the later loses it.
        sorted(collectors, key=plugins.is_foreign),
        patient,
        log_size=request.log_size,
        is_limited=is_limited,
        choice=choice,
        values=resolve_options(collectors, request.options),
    )
    choice.check()
    if request.max_size is not None and request.max_size < plan.pages_bytes:
        raise UsageError(
            f"a bundle of {format_size(request.max_size)} has no room for its manifest: "
            f"about {format_size(plan.pages_bytes)} for {len(plan.artifacts)} artifacts",
            hint="raise --max-size, or name fewer objects",
        )
    plan = replace(plan, gaps=(*_unlisted(node), *unrelated, *plan.gaps))
    node = replace(node, trees=node.trees.granting(plan.granted.__contains__))
    return Prepared(request, node, objects, window, plan, started, related)


def _unlisted(node: Node) -> list[Gap]:
    """Return a gap for each folder in which objects may lie that nobody could see."""
    return [
        Gap(
            State.DENIED,
            f"{folder.reason}: objects in it are not known",
            artifact=node.member(folder.path),
            hint=as_root(),
        )
        for folder in node.unlisted
    ]
