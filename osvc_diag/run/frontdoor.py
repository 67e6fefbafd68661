"""The front door: from a request to a verified bundle, in one straight line."""

from __future__ import annotations

import functools
import os
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Callable, Optional

from osvc_diag import events
from osvc_diag.bundle.facts import RedactionFacts
from osvc_diag.bundle.place import bundle_name, check_room, selection_word, split_output
from osvc_diag.bundle.verify import verify
from osvc_diag.bundle.writer import BundleWriter
from osvc_diag.clock import Clock, SystemClock
from osvc_diag.gap import Gap, State
from osvc_diag.journal.queries import Times
from osvc_diag.journal.reading import JournalReader
from osvc_diag.reading.bounds import Bounds
from osvc_diag.reading.sources import SourceReader
from osvc_diag.redaction import RULE_SET_VERSION, Redactor, SecretSearch, Tokens
from osvc_diag.run.account import write_account
from osvc_diag.run.collecting import Collection, CollectionRun
from osvc_diag.run.configuration import Learning
from osvc_diag.run.means import Means
from osvc_diag.run.pages import front_pages
from osvc_diag.run.prepare import Prepared, prepare
from osvc_diag.run.support import support_facts
from osvc_diag.run.words import Words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osvc_diag.bundle.manifest import Manifest
    from osvc_diag.bundle.verdict import Verdict
    from osvc_diag.node.node import Node
    from osvc_diag.plugin.plugin_manager import Plugins
    from osvc_diag.run.request import Request


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
    with Means(request, clock, on_event, spent=plugins.seconds) as means:
        with means.phase("plan"):
            prepared = prepare(request, node, plugins, started=started, patient=means.patient)
        folder, name = _place(prepared, output, on_event)
        means.commands.start(prepared.plan.artifacts)
        with means.phase("learn"):
            learning = Learning(node)
            tokens = Tokens.for_cluster(learning.secrets)
            make = functools.partial(Redactor, learning.secrets, tokens, mask_network=request.mask_network)
            redactor = make(
                extra_rules=plugins.rules, helpers=means.helpers, expected=prepared.plan.source_bytes
            )
            words = Words(redactor, plugins.rules, make)
        name = name or _name(prepared, redactor)
        with BundleWriter(folder, name, compression=request.compression) as writer:
            with means.phase("collect", announce=False):
                collection = _collect(prepared, means, redactor, words, writer)
            with means.phase("assemble"):
                manifest = _account(
                    prepared,
                    plugins,
                    learning,
                    collection,
                    seconds=means.seconds,
                    mask=redactor.mask_text,
                    mask_words=words.mask,
                )
                # Nobody keeps the pages: of 50,000 objects the manifest has 70 MB.
                pages = front_pages(manifest, prepared, collection.errors, redactor=redactor, words=words)
                archive = writer.seal(pages, mtime=started.timestamp())
            with means.phase("verify", announce=False):
                verdict = _verify(archive, manifest, learning, plugins, means)
            return Result(writer.publish(), manifest, verdict, redactor.mask_text)


def _place(prepared: Prepared, output: Optional[str], on_event: events.Listener) -> tuple[str, Optional[str]]:
    """Return the bundle's folder, which has room for it, and its name where the user gave one."""
    folder, name = split_output(output)
    plan, expected = prepared.plan, prepared.expected_bytes
    check_room(folder, expected)
    on_event(events.Planned(len(plan.artifacts), plan.source_bytes, expected, os.path.abspath(folder)))
    return folder, name


def _name(prepared: Prepared, redactor: Redactor) -> str:
    """Return the bundle's name: every member's name begins with it, so it is masked as they are."""
    cluster, node = prepared.node.cluster.name, prepared.node.name
    selection = selection_word(prepared.request.selectors, [str(obj) for obj in prepared.objects])
    if prepared.request.mask_network:
        cluster, node = cluster and redactor.mask_text(cluster), redactor.mask_text(node)
    return bundle_name(cluster, node, selection, prepared.started)


def _collect(
    prepared: Prepared, means: Means, redactor: Redactor, words: Words, writer: BundleWriter
) -> Collection:
    node, request = prepared.node, prepared.request
    times = Times.of(prepared.window)
    with closing(JournalReader(node, times, request.log_size, deadline=means.deadline)) as journal:
        collection = CollectionRun(
            prepared.plan,
            node=node,
            sources=SourceReader(
                node.trees, Bounds.of(prepared.window, node.zone), request.log_size, node.zone
            ),
            patient=means.patient,
            commands=means.commands,
            journal=journal,
            redactor=redactor,
            mask_words=words.mask,
            writer=writer,
            max_size=request.max_size,
            clock=means.clock,
            on_event=means.on_event,
        ).run()
    means.commands.close()
    return collection


def _account(
    prepared: Prepared,
    plugins: Plugins,
    learning: Learning,
    collection: Collection,
    *,
    seconds: Mapping[str, float],
    mask: Callable[[str], str],
    mask_words: Callable[[str], str],
) -> Manifest:
    limits = (*learning.secrets.limits, *plugins.redaction_limits())
    return write_account(
        prepared,
        plugins,
        entries=collection.entries,
        gaps=[
            *_plugin_gaps(plugins, prepared.request),
            *prepared.plan.gaps,
            *learning.gaps,
            *collection.gaps,
        ],
        redaction=RedactionFacts(RULE_SET_VERSION, limits),
        support=support_facts(prepared.node, collection.entries, collection.heads),
        seconds=seconds,
        mask=mask,
        mask_words=mask_words,
    )


def _plugin_gaps(plugins: Plugins, request: Request) -> list[Gap]:
    hint = "leave it out with --block NAME, or for good with block = NAME in diag.ini"
    return [Gap(State.FAILED, problem, name, hint=hint) for name, problem in plugins.gaps(request.only)]


def _verify(
    archive: BinaryIO, manifest: Manifest, learning: Learning, plugins: Plugins, means: Means
) -> Verdict:
    """Read the archive back; what was configured meanwhile must not be in it either."""
    stored = sum(entry.stored_bytes or 0 for entry in manifest.artifacts)
    search = SecretSearch(learning.again(), extra_rules=plugins.rules, helpers=means.helpers, expected=stored)
    verdict = verify(archive, search, manifest=manifest, on_event=means.on_event)
    verdict.raise_for_problems()
    return verdict
