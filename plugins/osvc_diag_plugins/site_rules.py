"""What the site told its agent to collect: the files and commands that etc/sysreport.conf.d names."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from osvc_diag import Artifact, Collector, Form, Gap, State, hookimpl
from osvc_diag.node.site_files import FOLDER, SiteFiles, read_site_rules
from osvc_diag.objects.layout import live_log
from osvc_diag.plugin.sources import LogSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osvc_diag import Declared, Node, ObjectPath
    from osvc_diag.node.site_files import Problem
    from osvc_diag.node.site_rules import CommandRule

NAME = "site-rules"
COMMAND_TIMEOUT = 20.0  # seconds; the agent sets no limit
_UNFIT = re.compile(r"[^A-Za-z0-9.-]{1,64}")
_LOG_FOLDER = "/var/log/"


def collect(node: Node, _objects: Sequence[ObjectPath]) -> Iterator[Declared]:
    """Name the rules' own files, the files they stand for, and on a live node the outputs of their commands.

    A rule that names nothing here is no gap: the agent takes it alike.
    """
    base = node.root or os.sep
    rules, problems = read_site_rules(node.layout, base)
    folder = f"{node.layout.etc}/{FOLDER}"
    yield Artifact.from_glob(folder, "**/*")  # what may not be read is a gap for that
    for problem in problems:
        if not problem.is_denied:
            yield problem_as_gap(node, problem)
    files = SiteFiles(rules, base)
    for path in files.paths():
        yield file_or_log(node, path)
    for rule, note in files.notes:
        artifact = f"{node.member(folder)}/{rule.where.rpartition(':')[0]}"
        yield Gap(State.SKIPPED, f"line {rule.where.rpartition(':')[2]}: {note}", artifact=artifact)
    if node.live:
        for command in rules.commands:
            yield Artifact.from_command(command_name(command), command.argv, timeout=COMMAND_TIMEOUT)


def file_or_log(node: Node, path: str) -> Artifact:
    """Take what lies among the system's logs as one: by a window and a budget, and not whole."""
    if node.member(path)[len("file") :].startswith(_LOG_FOLDER):
        return Artifact(node.member(path), LogSource(path, live_log(path) or path), form=Form.LOG)
    return Artifact.from_file(path, expected=False)


def problem_as_gap(node: Node, problem: Problem) -> Gap:
    """Return what is told of a line or file that is not obeyed."""
    hint = f"mend {problem.path}: a rule a line; it belongs to root, and nobody else may write it"
    return Gap(State.SKIPPED, problem.reason, artifact=node.member(problem.path), hint=hint)


def command_name(rule: CommandRule) -> str:
    """Name a command after where its rule stands: its arguments may hold anything."""
    program = os.path.basename(rule.argv[0])
    words = [_UNFIT.sub("-", word) for word in (*rule.where.rsplit(":", 1), program)]
    return f"{NAME}/{'-'.join(words)}"


@hookimpl
def osvc_diag_collectors() -> Iterator[Collector]:
    """Add the collector."""
    yield Collector(NAME, "what etc/sysreport.conf.d tells the agent to collect", collect)
