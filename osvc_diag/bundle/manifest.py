"""The manifest: what is in a bundle, what is missing, and why; it can be shared alone."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping  # noqa: TC003 - the codec reads the annotations
from dataclasses import dataclass, field
from typing import Optional

from osvc_diag.bundle.codec import decode, encode
from osvc_diag.bundle.facts import (
    ArtifactEntry,
    ClusterFacts,
    LimitFacts,
    NodeFacts,
    PluginFacts,
    RedactionFacts,
    SelectionFacts,
    SupportFacts,
    WindowFacts,
    to_the_second,
)
from osvc_diag.gap import Gap, State

MANIFEST_NAME = "manifest.json"
FORMAT = "1"
"""Raised when an older reader would misunderstand a manifest; a new field alone does not."""

_MOST_VALUES = 6_000_000  # in a manifest that is read, for each takes memory; an artifact has about 20
_AS_JSON = json.JSONEncoder(check_circular=False).encode  # `encode` returns trees
_FIRST = ("format", "tool_version", "python_version", "started")


@dataclass(frozen=True)
class Manifest:
    """The whole of it. Equal runs give equal bytes."""

    tool_version: str
    started: str
    """In UTC: see `utc`."""
    node: NodeFacts
    cluster: ClusterFacts
    selection: SelectionFacts
    redaction: RedactionFacts
    format: str = FORMAT
    python_version: Optional[str] = None
    window: WindowFacts = field(default_factory=WindowFacts)
    limits: LimitFacts = field(default_factory=LimitFacts)
    label: Optional[str] = None
    support: SupportFacts = field(default_factory=SupportFacts)
    plugins: tuple[PluginFacts, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    """How long each phase took."""
    gaps: tuple[Gap, ...] = ()
    artifacts: tuple[ArtifactEntry, ...] = ()

    @property
    def made(self) -> str:
        """When, and by what, for people: to the second."""
        return f"{to_the_second(self.started)} by osvc_diag {self.tool_version}"

    @property
    def masked(self) -> dict[str, int]:
        """How often each rule masked something, in all artifacts."""
        total: dict[str, int] = {}
        for entry in self.artifacts:
            for rule, count in entry.masked.items():
                total[rule] = total.get(rule, 0) + count
        return dict(sorted(total.items()))

    @property
    def failed_commands(self) -> tuple[ArtifactEntry, ...]:
        """One output of each command that ran to its end and said that something is wrong: the one why."""
        failed: dict[str, ArtifactEntry] = {}
        for entry in self.artifacts:
            if entry.state is State.OK and entry.command is not None and entry.reason:
                name, _, suffix = entry.name.rpartition(".")
                if suffix == "err" or name not in failed:
                    failed[name] = entry
        return tuple(failed.values())

    def to_json(self) -> bytes:
        """Return the text of manifest.json: ASCII, an artifact or gap a line, so that grep and diff serve."""
        fields = [field.name for field in dataclasses.fields(self)]
        names = [*_FIRST, *(name for name in fields if name not in _FIRST)]
        values = ((name, getattr(self, name)) for name in names)
        lines = (f"{json.dumps(name)}: {_laid_out(value)}" for name, value in values if value is not None)
        return ("{\n" + ",\n".join(lines) + "\n}\n").encode("ascii")

    @classmethod
    def from_json(cls, text: bytes) -> Manifest:
        """Read a manifest that may come from anywhere.

        Raises:
            ValueError: It is no manifest, or one of another format.
        """
        if sum(map(text.count, b",[{")) > _MOST_VALUES:
            raise ValueError("it holds more than any run could tell")
        try:
            content = json.loads(text, parse_constant=_refused)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        if isinstance(content, dict) and content.get("format") != FORMAT:
            raise ValueError(f"its format is not {FORMAT}: a newer osvc_diag may read it")
        return decode(cls, content)


def _laid_out(value: object) -> str:
    if isinstance(value, tuple) and value:
        return "[\n " + ",\n ".join([_AS_JSON(encode(item)) for item in value]) + "\n]"
    return _AS_JSON(encode(value))


def _refused(constant: str) -> float:
    raise ValueError(f"it holds {constant}, which is no JSON")
