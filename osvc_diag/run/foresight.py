"""What a run would miss for want of rights, found out without reading a log: for --dry-run."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from osvc_diag.gap import Gap, State
from osvc_diag.plugin.sources import FileSource, LogSource
from osvc_diag.reading.patience import StalledError
from osvc_diag.reading.trees import NotTakenError
from osvc_diag.run.configuration import read_configuration
from osvc_diag.run.rights import as_root

if TYPE_CHECKING:
    from osvc_diag.reading.patience import PatientReader
    from osvc_diag.run.prepare import Prepared

TRYING_TIMEOUT = 20.0  # seconds for opening all files


def foresee(prepared: Prepared, patient: PatientReader) -> Prepared:
    """Add to the gaps of a plan the files that may not be read, and the configuration that cannot be learned.

    Raises:
        NodeSilentError: a configuration hangs.
    """
    _, unlearned = read_configuration(prepared.node)
    gaps = (*prepared.plan.gaps, *unlearned, *_denied(prepared, patient))
    return replace(prepared, plan=replace(prepared.plan, gaps=gaps))


def _denied(prepared: Prepared, patient: PatientReader) -> list[Gap]:
    """Open each file, and read none: what else may go wrong with one, only reading tells."""
    gaps: list[Gap] = []

    def try_all() -> None:
        with prepared.node.trees.neighbours() as near:
            for artifact in prepared.plan.artifacts:
                if not isinstance(artifact.source, (FileSource, LogSource)):
                    continue
                try:
                    os.close(near.open(artifact.source.path).fd)
                except PermissionError:
                    name, collectors = artifact.name, artifact.collectors
                    gaps.append(Gap(State.DENIED, "permission denied", collectors[0], name, as_root()))
                except (OSError, NotTakenError):
                    continue

    try:
        patient.call(try_all, timeout=TRYING_TIMEOUT)
    except StalledError as error:
        gaps.append(Gap(State.TIMEOUT, f"trying which files may be read: {error}"))
    return list(gaps)  # a copy: a thread that was left behind may still be at it
