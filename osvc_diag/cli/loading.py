"""Which plugins a command loads: options, the site's folder and its `block`, alike for every command."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Optional

from osvc_diag.cli.options import names

if TYPE_CHECKING:
    import argparse

    from osvc_diag.cli.output import Output
    from osvc_diag.plugin.plugin_manager import Plugins
    from osvc_diag.redaction import Rule


def add_plugin_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which plugins are loaded."""
    group = parser.add_argument_group("plugins")
    group.add_argument(
        "--plugin-dir",
        action="append",
        default=[],
        metavar="DIR",
        help="load what is in DIR, beside <etc>/diag.d: .py files and executables; may be repeated",
    )
    group.add_argument(
        "--block",
        action="extend",
        type=names,
        metavar="NAME",
        help="do not load this plugin; may be repeated",
    )


def rules_for(args: argparse.Namespace, output: Output) -> tuple[Rule, ...]:
    """Return the redaction rules that plugins add, for a command that needs nothing else of them.

    Args:
        args: with the options of `add_node_arguments`.
        output: is told what makes no sense, and which plugins cannot be used.
    """
    from osvc_diag.cli.intent import site_folder  # noqa: PLC0415 - not for --help
    from osvc_diag.plugin.foreign import shortened  # noqa: PLC0415

    site = site_folder()
    with load_for(args, output, site=site, etc=site if args.root is None else None) as plugins:
        for limit in plugins.redaction_limits():
            output.warn(limit)
        for name, problem in plugins.failures:
            output.warn(f"{name} is not in use: {shortened(problem)}")
        return plugins.rules


def load_for(args: argparse.Namespace, output: Output, *, site: Optional[str], etc: Optional[str]) -> Plugins:
    """Load the plugins of a command; whoever calls this closes them.

    Args:
        args: with the options of `add_plugin_arguments`, or without any.
        output: is told what in them makes no sense.
        site: the agent's configuration folder on this node, for the site file; None reads none.
        etc: the same, for its plugin folder; None where a copy of a node is read.

    Raises:
        PluginUnavailableError: a plugin folder is not there, or is refused.
        UsageError: a variable makes no sense.
    """
    from osvc_diag.plugin.folders import plugin_files  # noqa: PLC0415 - not for --help
    from osvc_diag.plugin.plugin_manager import load_plugins, patience_of  # noqa: PLC0415
    from osvc_diag.settings import resolve_settings  # noqa: PLC0415

    asked = getattr(args, "block", None) or ()
    given = {"block": asked, "timeout": getattr(args, "timeout", None)}
    settings = resolve_settings(given, environ=os.environ, etc=site)
    files = plugin_files(etc, getattr(args, "plugin_dir", ()))
    plugins = load_plugins(blocked=settings.block, files=files, patience=patience_of(settings.timeout))
    found = {info.name for info in plugins.infos}
    for name in sorted(set(asked) - found):
        output.warn(f"--block {name}: no plugin is called so; osvc-diag plugins lists them")
    return plugins
