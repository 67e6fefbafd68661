"""A bundle, unpacked for a test to look into."""

from __future__ import annotations

import fnmatch
import json
from typing import TYPE_CHECKING, Any

from osvc_diag.bundle.reader import Bundle
from osvc_diag.redaction.forms import base64_forms, text_forms

if TYPE_CHECKING:
    from osvc_diag.bundle.manifest import Manifest
    from osvc_diag.gap import Gap

LARGEST_MEMBER = 1 << 30  # bytes
LEAST_BASE64 = 6  # characters
OWN_PAGES = frozenset({"SHA256SUMS", "README.txt", "issue.json", "manifest.json"})


class Collected:
    """What is in a bundle: artifacts by name, the manifest and its gaps."""

    def __init__(self, path: str, manifest: Manifest, above: str = "") -> None:
        """Read all of a bundle.

        Args:
            path: of the archive.
            manifest: its own.
            above: what stands before the node's own paths in its names.
        """
        self.path = path
        """Of the archive."""
        self.manifest = manifest
        self._above = above
        with Bundle.open(path) as bundle:
            members = {member.name: member.read(LARGEST_MEMBER) for member in bundle.members()}
        self._pages = {name: data for name, data in members.items() if name in OWN_PAGES}
        self._artifacts = {
            self._on_node(name): data for name, data in members.items() if name not in OWN_PAGES
        }

    @property
    def names(self) -> tuple[str, ...]:
        """The artifacts in it, sorted: `file/...`, `info/...`, `cmd/...`."""
        return tuple(sorted(self._artifacts))

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What could not be had; empty is what most tests want."""
        return self.manifest.gaps

    def has(self, name: str) -> bool:
        """Tell whether an artifact is in it; the name may be a shell pattern."""
        return any(fnmatch.fnmatchcase(known, name) for known in self.names)

    def data(self, name: str) -> bytes:
        """Return an artifact as it is in the bundle: redacted.

        Raises:
            LookupError: there is none of this name; the text says which there are, and what is missing.
        """
        if name not in self._artifacts:
            told = [f"{gap.artifact or gap.collector}: {gap.reason}" for gap in self.gaps]
            raise LookupError(
                f"{name!r} is not in the bundle; there are: {', '.join(self.names) or 'none'}"
                + (f"; gaps: {'; '.join(told)}" if told else "")
            )
        return self._artifacts[name]

    def text(self, name: str) -> str:
        """Return an artifact's text; what is no UTF-8 is escaped.

        Raises:
            LookupError: there is none of this name.
        """
        return self.data(name).decode("utf-8", "backslashreplace")

    def json(self, name: str) -> Any:
        """Return what an artifact's JSON says.

        Raises:
            LookupError: there is none of this name.
            ValueError: it is no JSON.
        """
        return json.loads(self.data(name))

    def gap(self, what: str) -> Gap:
        """Return the gap of an artifact or of a collector.

        Raises:
            LookupError: there is none; the text says which there are.
        """
        for gap in self.gaps:
            if what in {self._on_node(gap.artifact or ""), gap.collector}:
                return gap
        known = ", ".join(f"{gap.artifact or gap.collector}" for gap in self.gaps)
        raise LookupError(f"{what!r} is no gap of the bundle; there are: {known or 'none'}")

    def assert_no_secret(self, *values: str) -> None:
        """Fail where a value is anywhere in the bundle, in clear, escaped or in base64.

        Raises:
            AssertionError: the text names the member, never the value.
        """
        for number, value in enumerate(values, start=1):
            encoded = value.encode()
            forms = {*text_forms(encoded), *filter(_is_telling, base64_forms(encoded))} - {b""}
            for name, data in {**self._pages, **self._artifacts}.items():
                if any(form in data for form in forms):
                    raise AssertionError(f"secret number {number} is in {name}")

    def _on_node(self, name: str) -> str:
        above = f"file{self._above}"
        return "file" + name[len(above) :] if self._above and name.startswith(f"{above}/") else name


def _is_telling(form: bytes) -> bool:
    """Tell whether the base64 of a value is long enough not to stand anywhere by chance."""
    return len(form) >= LEAST_BASE64
