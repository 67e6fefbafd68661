"""What a program calls: arguments in, a verified bundle out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional, Union

from osvc_diag import events
from osvc_diag.bundle.compression import Compression
from osvc_diag.node.answering import answered, patience_within
from osvc_diag.node.node import Node
from osvc_diag.plugin.folders import plugin_files
from osvc_diag.plugin.plugin_manager import load_plugins, patience_of
from osvc_diag.plugin.profile import Profile
from osvc_diag.run.frontdoor import Result, make_bundle
from osvc_diag.run.request import DEFAULT_LOG_SIZE, Issue, Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


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
    jobs: int = 1,
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
        jobs: processes that may look for secrets at once, where only `re` can; 1 is the caller's alone.
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
        NodeSilentError: a file system that the node's files lie on hangs; nothing was written.
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
        jobs=jobs,
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
    node = node or answered(Node.discover, patience=patience_within(timeout))
    files = plugin_files(node.layout.etc if node.live else None, plugin_dirs)
    with load_plugins(blocked=block, files=files, patience=patience_of(timeout)) as plugins:
        return make_bundle(request, node, plugins, output=output, on_event=on_event)
