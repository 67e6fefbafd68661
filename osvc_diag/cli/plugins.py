"""List plugins, what they add, where they come from, and why one is not in use.

With NAME, all that is known of that one: its options too, which collect takes
as -o COLLECTOR.KEY=VALUE.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from osvc_diag.cli.loading import add_plugin_arguments, load_for
from osvc_diag.errors import PluginUnavailableError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from osvc_diag.cli.output import Output
    from osvc_diag.plugin.collector import Collector
    from osvc_diag.plugin.plugin_manager import PluginInfo, Plugins

EXCHANGE_HOOK = "osvc_diag_exchange"
OK = 0
PROBLEM_LENGTH = 2000  # characters


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="of a plugin, or of one of its collectors")
    add_plugin_arguments(parser)


def run(args: argparse.Namespace, output: Output) -> int:
    """Load all plugins and list them.

    Raises:
        PluginUnavailableError: there is none of that name.
    """
    from osvc_diag.cli.intent import site_folder  # noqa: PLC0415 - not for --help

    etc = site_folder()
    with load_for(args, output, site=etc, etc=etc) as plugins:
        infos = plugins.infos if args.name is None else _named(plugins, args.name)
        if output.is_json:
            output.result(json.dumps(_as_json(plugins, infos), indent=2))
        elif args.name is not None:
            output.result("\n\n".join(_described(info, plugins) for info in infos))
        else:
            _list(plugins, output)
    return OK


def _named(plugins: Plugins, name: str) -> Sequence[PluginInfo]:
    found = [info for info in plugins.infos if name == info.name or name in info.collectors]
    if not found:
        raise PluginUnavailableError(
            f"no plugin is called {name!r}",
            hint="there are: " + ", ".join(sorted({info.name for info in plugins.infos})),
        )
    return found


def _list(plugins: Plugins, output: Output) -> None:
    summaries = {collector.name: collector.summary for collector in plugins.collectors}
    rows = [
        (
            info.name,
            info.distribution,
            collector,
            summaries.get(collector) or ("(not in use)" if info.problem else ""),
        )
        for info in plugins.infos
        for collector in info.collectors or ("",)
    ]
    output.table("", ["plugin", "from", "collector", "about"], rows, as_result=True)
    for name, problem in plugins.failures:
        output.warn(f"{name} is not in use: {_shortened(problem)}")


def _described(info: PluginInfo, plugins: Plugins) -> str:
    """Return all that is known of a plugin, in lines."""
    lines = [
        f"plugin     {info.name}",
        f"from       {info.distribution}",
        f"runs in    {_place(info, plugins)}",
        f"hooks      {', '.join(info.hooks) or 'none'}",
    ]
    if info.problem:
        lines.append(f"not in use {_shortened(info.problem)}")
    for collector in plugins.collectors:
        if collector.name in info.collectors:
            lines += _collector_lines(collector)
    problems = dict(plugins.failures)
    lines += [
        f"collector  {name} is not in use: {problems[name]}"
        for name in info.collectors
        if name in problems and name != info.name
    ]
    return "\n".join(lines)


def _place(info: PluginInfo, plugins: Plugins) -> str:
    if not info.hooks:
        return "a command of its own" if info.collectors else "nowhere: it is not in use"
    is_stranger = any(stranger.name == info.name for stranger in plugins.strangers)
    if is_stranger and EXCHANGE_HOOK in info.hooks:
        return "a process of its own; its exchange inside this program"
    return "a process of its own" if is_stranger else "this program"


def _collector_lines(collector: Collector) -> list[str]:
    lines = [f"collector  {collector.name}: {collector.summary}"]
    if collector.agents:
        lines.append(f"  agents   {', '.join(collector.agents)}")
    if collector.kinds:
        lines.append(f"  kinds    {', '.join(collector.kinds)}")
    if collector.folders:
        lines.append(f"  folders  {', '.join(collector.folders)}")
    for option in collector.options:
        default = "" if option.default is None else f" (default {option.default})"
        lines.append(f"  -o {collector.name}.{option.name}=...  {option.help}: {option.expects}{default}")
    return lines


def _as_json(plugins: Plugins, infos: Sequence[PluginInfo]) -> dict[str, Any]:
    names = {name for info in infos for name in (info.name, *info.collectors)}
    collectors = [collector for collector in plugins.collectors if collector.name in names]
    return {
        "plugins": [
            {
                "name": info.name,
                "distribution": info.distribution,
                "runs_in": _place(info, plugins),
                "hooks": info.hooks,
                "collectors": info.collectors,
                "problem": info.problem,
            }
            for info in infos
        ],
        "collectors": {collector.name: collector.summary for collector in collectors},
        "options": {
            f"{collector.name}.{option.name}": {
                "help": option.help,
                "default": option.default,
                "expects": option.expects,
            }
            for collector in collectors
            for option in collector.options
        },
        "problems": {name: problem for name, problem in plugins.failures if name in names},
    }


def _shortened(problem: str) -> str:
    return problem if len(problem) <= PROBLEM_LENGTH else problem[:PROBLEM_LENGTH] + "..."
