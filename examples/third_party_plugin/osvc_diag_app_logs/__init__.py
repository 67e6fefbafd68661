"""Gathers the logs of the application that a service runs, from where the service's configuration says."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from osvc_diag import Anchor, Artifact, Collector, Form, Gap, Option, Rule, State, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from osvc_diag import ConfEntry, Declared, Node, ObjectPath

FOLDERS = ("/opt", "/srv", "/var/log")
"""Where applications are; the host opens nothing else for us, whatever a configuration says."""

FILES = Option("files", "which files of a log folder are taken, as a shell pattern", default="*.log")

SESSION_KEY = Rule(
    id="app-session-key",
    purpose="the key that the application logs when a session begins",
    anchors=(Anchor(rb"session key"),),
    pattern=rb"session key (?P<secret>\S+)",
    masked=("opened with session key «8f3kq02mz»",),
    kept=("session key", "no session keys left"),
)


def log_folders(entries: Iterable[ConfEntry]) -> list[str]:
    """Return where logs are: as `log_dir` in [env] tells, else beside the folder of `start`'s program."""
    told = [entry.value for entry in entries if (entry.section, entry.key) == ("env", "log_dir")]
    programs = [
        entry.value.split()[0]
        for entry in entries
        if entry.section.startswith("app#") and entry.key == "start" and entry.value.startswith("/")
    ]
    beside = [os.path.join(os.path.dirname(os.path.dirname(program)), "log") for program in programs]
    return sorted(set(told or beside))


def collect(node: Node, objects: Sequence[ObjectPath], options: Mapping[str, object]) -> Iterator[Declared]:
    """Declare the logs of each service's application, with their rotated ones."""
    for obj in objects:
        for folder in log_folders(node.conf_of(obj)):
            if os.path.isabs(folder):
                yield Artifact.from_glob(folder, str(options["files"]), form=Form.LOG)
            else:
                reason = f"log_dir of {obj} is no absolute path: {folder}"
                yield Gap(State.SKIPPED, reason, hint="write it with a leading slash")


@hookimpl
def osvc_diag_collectors() -> Iterator[Collector]:
    """Add the collector: of services alone, and of nothing but applications' folders."""
    yield Collector(
        "app-logs",
        "the logs of the applications that the selected services run",
        collect,
        kinds=("svc",),
        folders=FOLDERS,
        options=(FILES,),
    )


@hookimpl
def osvc_diag_redaction_rules() -> Iterator[Rule]:
    """Add the rule; it applies to every artifact of a bundle, and to its verification."""
    yield SESSION_KEY
