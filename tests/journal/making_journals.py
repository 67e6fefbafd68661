"""Makes real journals, with the tool of systemd that writes them, and nodes that have one."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import struct
import subprocess
from typing import TYPE_CHECKING, Union

import pytest

from osvc_diag.node.node import Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Fields = Mapping[str, Union[str, bytes, Sequence[Union[str, bytes]]]]

DATA = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "data")
MACHINE = "4c1f0a9be1d84b0f9a6f3f4a7d0c2b11"
START = 1_795_204_820_000_000  # microseconds: 2026-11-20 20:00:20 UTC
_BOOT = "9b3d5c0e7f1a4f6c8d2e0a1b3c4d5e6f"
_WRITERS = ("/lib/systemd/systemd-journal-remote", "/usr/lib/systemd/systemd-journal-remote")


def journal_writer() -> str:
    """Return the program that turns an export into a journal, where journalctl can read it, too."""
    found = next(filter(os.path.exists, _WRITERS), None)
    if found and shutil.which("journalctl"):
        return found
    reason = "journalctl or systemd-journal-remote is not installed"
    if os.environ.get("CI"):
        pytest.fail(f"{reason}: in CI nothing may be left untried")
    pytest.skip(reason)


def exported(records: Iterable[Fields]) -> bytes:
    """Return records in systemd's export format, a second apart where they tell no time; all fields binary."""
    pieces = []
    for number, fields in enumerate(records):
        usual = {
            "__REALTIME_TIMESTAMP": str(START + number * 1_000_000),
            "__MONOTONIC_TIMESTAMP": str(1_000_000 + number * 1_000_000),
            "_BOOT_ID": _BOOT,
            "_MACHINE_ID": MACHINE,
            "_UID": "0",
            "_COMM": "om",
            "PRIORITY": "6",
        }
        for name, values in {**usual, **fields}.items():
            for value in [values] if isinstance(values, (str, bytes)) else values:
                raw = value.encode() if isinstance(value, str) else value
                if name.startswith("__") or name in {"_BOOT_ID", "_MACHINE_ID"}:
                    pieces.append(name.encode() + b"=" + raw + b"\n")
                else:
                    pieces.append(name.encode() + b"\n" + struct.pack("<Q", len(raw)) + raw + b"\n")
        pieces.append(b"\n")
    return b"".join(pieces)


def write_journal(path: str, export: bytes) -> str:
    """Write a journal file, and its folder."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    subprocess.run([journal_writer(), "-o", path, "-"], input=export, check=True, capture_output=True)
    return path


def sample_export() -> bytes:
    """Return the sample journal of an om3 node, with its planted secrets."""
    with gzip.open(os.path.join(DATA, "om3-node1.export.gz")) as file:
        return file.read()


def planted() -> list[str]:
    """Return what was planted in the sample journal, as it is and as JSON spells it."""
    with open(os.path.join(DATA, "om3-secrets.tsv"), encoding="utf-8") as file:
        values = [line.split("\t")[0] for line in list(file)[1:]]
    once = [json.dumps(value)[1:-1] for value in values]
    return sorted({*values, *once, *(json.dumps(value)[1:-1] for value in once)})


def journal_path(root: object, *, volatile: bool = False, machine: str = MACHINE) -> str:
    """Return where a node below a root has its journal."""
    return f"{root}/{'run' if volatile else 'var'}/log/journal/{machine}/system.journal"


def make_om3_node(root: object) -> Node:
    """Make a small node of om3 below a folder, with three objects and without a journal."""
    files = {
        "etc/hostname": "node1\n",
        "etc/machine-id": f"{MACHINE}\n",
        "etc/opensvc/cluster.conf": "[cluster]\nname = lab\nnodes = node1 node2\nsecret = k3yOfLab-99x\n",
        "etc/opensvc/node.conf": "[node]\nenv = PRD\n",
        "etc/opensvc/svc1.conf": "[fs#1]\ntype = cifs\n",
        "etc/opensvc/namespaces/prod/svc/web.conf": "[app#1]\ntype = simple\n",
        "etc/opensvc/namespaces/prod/vol/data.conf": "[fs#1]\ntype = directory\n",
        "var/lib/opensvc/capabilities-v3.json": "{}\n",
        "var/log/README": "\n",
    }
    for name, text in files.items():
        path = f"{root}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
    return Node.discover(str(root), zone="UTC")
