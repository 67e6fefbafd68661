"""The bundle's own pages, which come before the artifacts."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from osvc_diag.bundle.manifest import MANIFEST_NAME
from osvc_diag.node.daemon import daemon_sentence
from osvc_diag.run.frontpage import FRONT_PAGE_NAME, front_page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from osvc_diag.bundle.manifest import Manifest
    from osvc_diag.redaction import Redactor
    from osvc_diag.run.prepare import Prepared
    from osvc_diag.run.words import Words

ISSUE_NAME = "issue.json"


def front_pages(
    manifest: Manifest,
    prepared: Prepared,
    errors: Mapping[str, Sequence[str]],
    *,
    redactor: Redactor,
    words: Words,
) -> list[tuple[str, bytes]]:
    """Return their names and contents, the manifest first; none holds a secret.

    Args:
        manifest: redacted already.
        prepared: the run as it was planned.
        errors: the last error records of each log, redacted, by member name.
        redactor: takes secrets out of what the user wrote.
        words: takes them out of what the front page says.
    """
    issue = prepared.request.issue
    issue = replace(issue, **{name: redactor.mask_text(value) for name, value in asdict(issue).items()})
    page = front_page(
        manifest, prepared.node, issue=issue, errors=errors, daemon=daemon_sentence(prepared.node)
    )
    return [
        (MANIFEST_NAME, manifest.to_json()),
        (FRONT_PAGE_NAME, words.mask_page(page).encode("utf-8", "backslashreplace")),
        (ISSUE_NAME, (json.dumps(asdict(issue), indent=2) + "\n").encode()),
    ]
