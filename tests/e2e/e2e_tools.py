"""What end-to-end tests share: the program as a user runs it, and a bundle as a stranger opens it."""

from __future__ import annotations

import base64
import gzip
import json
import os
import subprocess
import sys
import urllib.parse
from typing import TYPE_CHECKING, Any, Optional

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT = 60  # seconds after which a test's process is a hang


def environment(**more: str) -> dict[str, str]:
    """Return a small, known environment: no COLUMNS, no proxy, no locale of whoever runs the tests."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", **more}


def osvc_diag(
    *args: str, env: Optional[dict[str, str]] = None, cwd: Optional[str] = None
) -> subprocess.CompletedProcess[str]:
    """Run the program without a terminal, and return what it said."""
    return subprocess.run(
        [sys.executable, "-m", "osvc_diag", *args],
        check=False,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        errors="surrogateescape",
        timeout=TIMEOUT,
        env=env or environment(),
        cwd=cwd,
    )


def unpack(bundle: str, into: str) -> str:
    """Open a bundle with stock tools, check its sums with them, and return its folder."""
    os.makedirs(into, exist_ok=True)
    subprocess.run(["tar", "xzf", os.path.abspath(bundle)], check=True, cwd=into)
    (stem,) = os.listdir(into)
    folder = os.path.join(into, stem)
    subprocess.run(["sha256sum", "--quiet", "--strict", "-c", "SHA256SUMS"], check=True, cwd=folder)
    return folder


def files_of(folder: str) -> list[str]:
    """Return the members of an unpacked bundle, sorted."""
    return sorted(
        os.path.relpath(os.path.join(parent, name), folder)
        for parent, _, names in os.walk(folder)
        for name in names
    )


def content(folder: str, member: str) -> bytes:
    """Return what a member holds, inside its compression where it has one."""
    with open(os.path.join(folder, member), "rb") as file:
        raw = file.read()
    return gzip.decompress(raw) if member.endswith(".gz") else raw


def manifest_of(folder: str) -> dict[str, Any]:
    """Return the manifest of an unpacked bundle."""
    return json.loads(content(folder, "manifest.json"))


def texts_of(folder: str) -> Iterator[tuple[str, bytes]]:
    """Yield every byte of an unpacked bundle: names, raw members, and what compressed members hold."""
    for member in files_of(folder):
        yield f"the name {member!r}", os.fsencode(member)
        with open(os.path.join(folder, member), "rb") as file:
            yield f"the raw bytes of {member!r}", file.read()
        if member.endswith(".gz"):
            yield f"the log inside {member!r}", content(folder, member)


def spellings(secret: str) -> set[bytes]:
    """Return a secret as it is, URL-encoded, JSON-escaped, in hexadecimal, and in base64 at each alignment."""
    raw = secret.encode()
    found = {
        raw,
        urllib.parse.quote(secret, safe="").encode(),
        urllib.parse.quote_plus(secret).encode(),
        json.dumps(secret)[1:-1].encode(),
        raw.hex().encode(),
        raw.hex().upper().encode(),
    }
    for shift in range(3):
        # The characters at both ends depend on the neighbours too: they are cut off.
        encoded = base64.b64encode(b"\0" * shift + raw).rstrip(b"=")
        bits = 8 * (shift + len(raw))
        inner = encoded[-(-8 * shift // 6) : bits // 6]
        found |= {inner, inner.translate(bytes.maketrans(b"+/", b"-_"))}
    return {spelling for spelling in found if len(spelling) >= len(raw)}


def leaks(folder: str, secrets: list[str]) -> list[str]:
    """Say where a secret stands in an unpacked bundle, in any spelling; never which."""
    return [
        f"secret {number} in {where}"
        for where, text in texts_of(folder)
        for number, secret in enumerate(secrets)
        for spelling in spellings(secret)
        if spelling in text
    ]
