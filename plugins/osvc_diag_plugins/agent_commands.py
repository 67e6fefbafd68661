"""What the agent answers when it is asked: the daemon, the nodes, the status of the selected objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osvc_diag import Artifacts, Collector, Form, Gap, Priority, Profile, State, hookimpl
from osvc_diag.node.om import NoOmError, find_om, selector
from osvc_diag.plugin.sources import OutputSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osvc_diag import Declared, Node, ObjectPath
    from osvc_diag.node.om import Om

NAME = "agent-commands"
TIMEOUT = 10.0  # seconds; the real ones take about one
MOST_OBJECTS = 50  # asked about one by one: each takes about a second; the daemon's status has all of them
KINDS = frozenset({"svc", "vol"})  # the others have no resources


@dataclass(frozen=True)
class Question:
    """What is asked, of the node or of an object.

    It changes nothing, and its answer has no secret by design: `print config` and `decode` are never asked.
    """

    name: str
    """Of its artifacts."""
    arguments: tuple[str, ...]
    profile: Profile = Profile.STANDARD
    form: Form = Form.TEXT


_JSON = ("--format", "json")
B21_NODE = (
    Question("daemon-status", ("daemon", "status", *_JSON), form=Form.JSON),
    Question("mon", ("mon",)),
    Question("daemon-stats", ("daemon", "stats", *_JSON), form=Form.JSON),
    Question("daemon-lock-show", ("daemon", "lock", "show")),
    Question("pool-status", ("pool", "status", "--verbose")),
    Question("network-status", ("network", "status", "--verbose")),
    Question("node-version", ("node", "--version")),
    Question("daemon-relay-status", ("daemon", "relay", "status"), Profile.FULL),
    Question("daemon-dns-dump", ("daemon", "dns", "dump"), Profile.FULL),
    Question("node-print-schedule", ("node", "print", "schedule"), Profile.FULL),
    Question("node-print-capabilities", ("node", "print", "capabilities"), Profile.FULL),
    Question("ls", ("**", "ls"), Profile.FULL),
)
B21_OBJECT = (
    Question("print-status", ("print", "status", *_JSON), form=Form.JSON),
    Question("print-schedule", ("print", "schedule"), Profile.FULL),
)
OM3_NODE = (
    Question("cluster-status", ("cluster", "status", "-o", "json"), form=Form.JSON),
    Question("mon", ("mon",)),
    Question("daemon-ps", ("daemon", "ps")),
    Question("daemon-hb-status", ("daemon", "hb", "status")),
    Question("pool-list", ("pool", "list")),
    Question("network-list", ("network", "list")),
    Question("node-version", ("node", "--version")),
    Question("daemon-relay-status", ("daemon", "relay", "status"), Profile.FULL),
    Question("daemon-dns-dump", ("daemon", "dns", "dump"), Profile.FULL),
    Question("node-schedule-list", ("node", "schedule", "list"), Profile.FULL),
    Question("node-capabilities-list", ("node", "capabilities", "list"), Profile.FULL),
)
OM3_OBJECT = (
    Question("instance-status", ("instance", "status", "-o", "json"), form=Form.JSON),
    Question("schedule-list", ("schedule", "list"), Profile.FULL),
)
QUESTIONS = {"b2.1": (B21_NODE, B21_OBJECT), "om3": (OM3_NODE, OM3_OBJECT)}


def collect(node: Node, objects: Sequence[ObjectPath]) -> Iterator[Declared]:
    """Name the answers about the node, and about the selected services and volumes.

    Nothing on a copy of a node's files, and where it cannot be told which agent the node runs.
    """
    if not node.live or node.agent.kind not in QUESTIONS:
        return
    try:
        om = find_om(node)
    except NoOmError as error:
        yield Gap(error.state, f"the agent cannot be asked: {error}", hint=error.hint)
        return
    of_node, of_object = QUESTIONS[node.agent.kind]
    for question in of_node:
        yield answer(om, question)
    configured = {known.path for known in node.objects if known.has_conf}
    wanted = [obj for obj in objects if obj.kind in KINDS and obj in configured]
    for obj in wanted[:MOST_OBJECTS]:
        for question in of_object:
            yield answer(om, question, obj)
    if len(wanted) > MOST_OBJECTS:
        reason = f"the agent was asked about {MOST_OBJECTS} of {len(wanted)} objects, one by one"
        hint = f"cmd/{NAME}/{of_node[0].name}.out has the status of all; or name fewer objects"
        yield Gap(State.SKIPPED, reason, hint=hint)


def answer(om: Om, question: Question, *objects: ObjectPath) -> Artifacts:
    """Name both outputs of a command, in a folder for each object."""
    words = [selector(obj) for obj in objects]
    command = om.command(*words, *question.arguments, timeout=TIMEOUT)
    name = "/".join(["cmd", NAME, *(obj.full for obj in objects), question.name])
    return Artifacts(
        OutputSource(command), name, form=question.form, priority=Priority.STATE, profile=question.profile
    )


@hookimpl
def osvc_diag_collectors() -> Iterator[Collector]:
    """Add the collector."""
    yield Collector(NAME, "what the agent's own commands tell: daemon, monitor, pools, status", collect)
