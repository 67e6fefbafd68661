"""The front door: from a request to a verified bundle, in one straight line."""

from __future__ import annotations

import json
import os
import time
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Callable, Optional, Union

from osvc_diag import events
from osvc_diag.bundle.compression import Compression
from osvc_diag.bundle.manifest import Gap, Manifest, RedactionFacts, State
from osvc_diag.bundle.place import bundle_name, check_room, selection_word, split_output
from osvc_diag.bundle.verify import Verdict, verify
from osvc_diag.bundle.writer import BundleWriter
from osvc_diag.clock import Clock, SystemClock
from osvc_diag.commands.pool import CommandPool
from osvc_diag.journal.queries import Times
from osvc_diag.journal.reading import JournalReader
from osvc_diag.node.daemon import daemon_sentence
from osvc_diag.node.node import Node
from osvc_diag.plugin.folders import plugin_files
from osvc_diag.plugin.plugin_manager import Plugins, load_plugins, patience_of
from osvc_diag.plugin.profile import Profile
from osvc_diag.reading.bounds import Bounds
from osvc_diag.reading.patience import PatientReader
from osvc_diag.reading.sources import SourceReader
from osvc_diag.redaction import RULE_SET_VERSION, Redactor, SecretSearch, Tokens
from osvc_diag.run.account import write_account
from osvc_diag.run.collecting import Collection, CollectionRun
from osvc_diag.run.configuration import Learning
from osvc_diag.run.frontpage import FRONT_PAGE_NAME, front_page
from osvc_diag.run.prepare import Prepared, prepare
from osvc_diag.run.request import DEFAULT_LOG_SIZE, Issue, Request
from osvc_diag.run.support import support_facts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from osvc_diag.run.plan import Plan

ISSUE_NAME = "issue.json"
MANIFEST_NAME = "manifest.json"


@dataclass(frozen=True)
class Result:
    """A bundle that was verified and has its name."""

    bundle: str
    """Its path, absolute."""
    manifest: Manifest
    verdict: Verdict
    mask: Callable[[str], str] = field(repr=False)
    """Takes the node's secrets out of a text that is to go with the bundle."""

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What could not be had."""
        return self.manifest.gaps


def diagnose(
    selectors: Union[str, Sequence[str]],
    *,
    node: Optional[Node] = None,
    output: Optional[str] = None,
    since: Optional[str] = None,
    until: Optional[str] = None,
    log_size: int = DEFAULT_LOG_SIZE,
    max_size: Optional[int] = None,
    timeout: Optional[float] = None,
    cpu_time: Optional[float] = None,
    compress: Union[Compression, str] = Compression.FAST,
    profile: Union[Profile, str] = Profile.STANDARD,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    with_related: bool = False,
    options: Optional[Mapping[str, object]] = None,
    plugin_dirs: Sequence[str] = (),
    block: Sequence[str] = (),
    label: Optional[str] = None,
    issue: Optional[Issue] = None,
    mask_network: bool = False,
    on_event: events.Listener = events.ignore,
) -> Result:
    """Make a bundle of objects of a node: collected, redacted, verified.

    Prints nothing, changes nothing of the process, and may run in any thread.

    Args:
        selectors: objects, as `osvc_diag.objects.selectors` reads them; `node` is the node alone.
        node: where to look; None is this machine.
        output: a folder, or a path that ends in `.tar.gz`; None is /var/tmp.
        since: `2h`, `3d`, `2026-11-22 10:00`; the beginning of what is taken of logs.
        until: the same; exclusive.
        log_size: bytes kept of a log and its rotated ones, the newest.
        max_size: bytes of the archive.
        timeout: seconds for collecting; verifying comes after.
        cpu_time: seconds of all processors for collecting, that of the caller's other threads included.
        compress: `fast`, or `small`: a little smaller than gzip makes it, and slower.
        profile: `quick` is files alone, `standard`, or `full`.
        only: collectors, and artifacts by name or glob; empty takes all of the profile.
        skip: the same, to leave out.
        with_related: whether what the objects refer to, and what refers to them, is taken too.
        options: of collectors: values by `COLLECTOR.KEY`.
        plugin_dirs: folders of plugins, beside `<etc>/diag.d` of a live node.
        block: names of plugins that are not loaded.
        label: a word for the manifest.
        issue: what the support page asks for.
        mask_network: whether addresses and host names are masked too.
        on_event: is told what happens, in the calling thread.

    Raises:
        UsageError: nothing matches, or an argument makes no sense; nothing was written.
        PluginUnavailableError: a collector or an artifact asked for by name is unknown, or a plugin folder is
            refused.
        BundleError: the bundle cannot be written.
        VerificationError: a secret was found in the finished archive; it was not published.
    """
    request = Request(
        selectors=(selectors,) if isinstance(selectors, str) else tuple(selectors),
        since=since,
        until=until,
        log_size=log_size,
        max_size=max_size,
        timeout=timeout,
        cpu_time=cpu_time,
        compression=Compression.parse(compress),
        profile=Profile.parse(profile),
        only=tuple(only),
        skip=tuple(skip),
        options=tuple(f"{name}={value}" for name, value in (options or {}).items()),
        with_related=with_related,
        label=label,
        issue=issue or Issue(),
        mask_network=mask_network,
    )
    node = node or Node.discover()
    files = plugin_files(node.layout.etc if node.live else None, plugin_dirs)
    with load_plugins(blocked=block, files=files, patience=patience_of(timeout)) as plugins:
        return make_bundle(request, node, plugins, output=output, on_event=on_event)


def make_bundle(
    request: Request,
    node: Node,
    plugins: Plugins,
    *,
    output: Optional[str],
    on_event: events.Listener = events.ignore,
    clock: Optional[Clock] = None,
) -> Result:
    """Walk the line: plan, learn, collect, assemble, verify, publish; as `diagnose` tells."""
    clock = clock or SystemClock()
    started = clock.now()
    # That third parties' plugins were slow to load is not to make the run longer.
    deadline = None if request.timeout is None else time.monotonic() + request.timeout - plugins.seconds
    patient = PatientReader(deadline=deadline, cpu_time=request.cpu_time)
    commands = CommandPool(deadline=deadline)
    phases = _Phases(clock, on_event)
    try:
        with phases("plan"):
            prepared = prepare(request, node, plugins, started=started, patient=patient)
        folder, name = split_output(output)
        expected = prepared.plan.expected_bytes
        check_room(folder, expected if request.max_size is None else min(expected, request.max_size))
        on_event(_planned(prepared.plan, folder))
        commands.start(prepared.plan.artifacts)
        with phases("learn"):
            learning = Learning(node)
            secrets = learning.secrets
            redactor = Redactor(
                secrets,
                Tokens.for_cluster(secrets),
                extra_rules=plugins.rules,
                mask_network=request.mask_network,
            )
        with BundleWriter(
            folder, name or _name(prepared, redactor), compression=request.compression
        ) as writer:
            with (
                phases("collect", announce=False),
                closing(
                    JournalReader(
                        node, Times.of(prepared.window), prepared.request.log_size, deadline=deadline
                    )
                ) as journal,
            ):
                collection = CollectionRun(
                    node=node,
                    sources=SourceReader(
                        prepared.node.trees,
                        Bounds.of(prepared.window, node.zone),
                        prepared.request.log_size,
                        node.zone,
                    ),
                    patient=patient,
                    commands=commands,
                    journal=journal,
                    redactor=redactor,
                    writer=writer,
                    max_size=request.max_size,
                    clock=clock,
                    on_event=on_event,
                ).run(prepared.plan)
            commands.close()
            with phases("assemble"):
                manifest = write_account(
                    prepared,
                    plugins,
                    entries=collection.entries,
                    gaps=[
                        *_plugin_gaps(plugins, request),
                        *prepared.plan.gaps,
                        *learning.gaps,
                        *collection.gaps,
                    ],
                    redaction=RedactionFacts(
                        RULE_SET_VERSION, (*secrets.limits, *plugins.redaction_limits())
                    ),
                    support=support_facts(node, collection.entries, collection.heads),
                    seconds=phases.seconds,
                    mask=redactor.mask_text,
                )
                # Nobody keeps the pages: of 50,000 objects the manifest has 70 MB.
                archive = writer.seal(
                    _front(manifest, prepared, collection, redactor), mtime=started.timestamp()
                )
            with phases("verify", announce=False):
                # Learned again: what was configured meanwhile must not be in the archive either.
                search = SecretSearch(learning.again(), extra_rules=plugins.rules)
                verdict = verify(archive, search, on_event=on_event)
                verdict.raise_for_problems()
            return Result(writer.publish(), manifest, verdict, redactor.mask_text)
    finally:
        patient.close()
        commands.close()


class _Phases:
    """Announces and times the stages of a run."""

    def __init__(self, clock: Clock, on_event: events.Listener) -> None:
        self.seconds: dict[str, float] = {}
        self._clock = clock
        self._on_event = on_event

    @contextmanager
    def __call__(self, phase: str, *, announce: bool = True) -> Iterator[None]:
        if announce:
            self._on_event(events.PhaseStarted(phase))
        begin = self._clock.seconds()
        yield
        self.seconds[phase] = self._clock.seconds() - begin


def _planned(plan: Plan, folder: str) -> events.Planned:
    return events.Planned(
        len(plan.artifacts), plan.source_bytes, plan.expected_bytes, os.path.abspath(folder)
    )


def _name(prepared: Prepared, redactor: Redactor) -> str:
    """Return the bundle's name: every member's name begins with it, so it is masked as they are."""
    cluster, node = prepared.node.cluster.name, prepared.node.name
    selection = selection_word(prepared.request.selectors, [str(obj) for obj in prepared.objects])
    if prepared.request.mask_network:
        cluster, node = cluster and redactor.mask_text(cluster), redactor.mask_text(node)
    return bundle_name(cluster, node, selection, prepared.started)


def _plugin_gaps(plugins: Plugins, request: Request) -> list[Gap]:
    hint = "leave it out with --block NAME, or for good with block = NAME in diag.ini"
    return [Gap(State.FAILED, problem, name, hint=hint) for name, problem in plugins.gaps(request.only)]


def _front(
    manifest: Manifest, prepared: Prepared, collection: Collection, redactor: Redactor
) -> list[tuple[str, bytes]]:
    """Return the pages before the artifacts."""
    issue = replace(
        prepared.request.issue,
        **{name: redactor.mask_text(value) for name, value in asdict(prepared.request.issue).items()},
    )
    page = front_page(
        manifest,
        prepared.node,
        issue=issue,
        errors=collection.errors,
        daemon=daemon_sentence(prepared.node),
    )
    return [
        (MANIFEST_NAME, manifest.to_json()),
        (FRONT_PAGE_NAME, redactor.mask_text(page).encode("utf-8", "backslashreplace")),
        (ISSUE_NAME, (json.dumps(asdict(issue), indent=2) + "\n").encode()),
    ]
