"""List plugins, their collectors, and why one is not in use."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from osvc_diag.cli.output import Output


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add no options: there are none."""


def run(_args: argparse.Namespace, output: Output) -> int:
    """Load all plugins and list them."""
    from osvc_diag.plugin.plugin_manager import load_plugins  # noqa: PLC0415 - not for --help

    plugins = load_plugins()
    if output.is_json:
        output.result(
            json.dumps(
                {
                    "plugins": [
                        {
                            "name": info.name,
                            "distribution": info.distribution,
                            "collectors": info.collectors,
                            "problem": info.problem,
                        }
                        for info in plugins.infos
                    ],
                    "collectors": {collector.name: collector.summary for collector in plugins.collectors},
                    "problems": dict(plugins.failures),
                },
                indent=2,
            )
        )
        return 0
    summaries = {collector.name: collector.summary for collector in plugins.collectors}
    rows = [
        (info.name, info.distribution, collector, summaries.get(collector, ""))
        for info in plugins.infos
        for collector in info.collectors or ("",)
    ]
    output.table("", ["plugin", "from", "collector", "takes"], rows, as_result=True)
    for name, problem in plugins.failures:
        output.warn(f"{name}: {problem}")
    return 0
