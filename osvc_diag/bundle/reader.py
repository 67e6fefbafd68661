"""Opens a bundle that may come from anywhere: its manifest at once, its members one after the other."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO, Optional, Union

from osvc_diag.bundle.headers import BLOCK, member_header
from osvc_diag.bundle.inflating import MAGIC, gunzipped
from osvc_diag.bundle.manifest import MANIFEST_NAME, Manifest
from osvc_diag.bundle.tar import Member, TarReader
from osvc_diag.errors import UsageError, VerificationError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

LARGEST_MANIFEST = 1 << 27  # bytes; 300,000 artifacts
LARGEST_PAGES = 1 << 22  # bytes of README.txt and issue.json, of which the manifest does not tell the sizes
_FLAGS_OFFSET = 3  # bytes, in a gzip header
_SIZE_AT_END = 4  # bytes at the end of a gzip member: how many were compressed, modulo 2**32
_SUMS_LINE = 64 + 2 + 1  # bytes of a line of SHA256SUMS, beside the name


class Bundle:
    """A bundle on disk. A context manager: it closes what it opened."""

    def __init__(self, file: BinaryIO, *, owned: bool, manifest: Optional[Manifest] = None) -> None:
        self._file = file
        self._owned = owned
        if not file.seekable():
            raise UsageError("a bundle cannot be read from a pipe", hint="save it to a file first")
        self.stem = ""
        """The folder that all its members are in."""
        self._manifest_bytes = 0
        file.seek(0)
        try:
            start = file.read(_FLAGS_OFFSET + 1)
        except OSError as error:
            raise VerificationError(f"the archive cannot be read: {error.strerror or error}") from error
        if not start or not MAGIC.startswith(start[: len(MAGIC)]):
            what = "this is no .tar.gz archive" if start else "this file is empty"
            raise VerificationError(what, hint="name a .tar.gz that osvc-diag made")
        self.gzip_flags = any(start[_FLAGS_OFFSET:])
        """Whether the gzip header has more than a bundle's: a name, a comment, an extra field."""
        self.manifest: Manifest = manifest or self._read_manifest()

    @classmethod
    def open(cls, source: Union[str, BinaryIO], *, manifest: Optional[Manifest] = None) -> Bundle:
        """Read the manifest, and no more than that takes.

        Args:
            source: A path, or a seekable file that stays open as long as the bundle is used.
            manifest: What it was made with, where that is known: then nothing is read yet.

        Raises:
            UsageError: The file cannot be opened.
            VerificationError: It is no bundle, or damaged where the manifest is.
        """
        if not isinstance(source, str):
            return cls(source, owned=False, manifest=manifest)
        try:
            file = open(source, "rb", opener=_without_waiting)  # noqa: SIM115 - close() closes it
        except OSError as error:
            raise UsageError(f"cannot open {source}: {error.strerror or error}") from error
        try:
            return cls(file, owned=True, manifest=manifest)
        except VerificationError as error:
            file.close()
            raise VerificationError(f"{source}: {error}", hint=error.hint) from error
        except BaseException:
            file.close()
            raise

    def inflated(self) -> Generator[bytes, None, None]:
        """Yield the plain bytes of the tar.

        Raises:
            VerificationError: The archive is damaged.
        """
        self._file.seek(0)
        yield from gunzipped(self._file)

    def members(self, plain: Optional[Iterator[bytes]] = None) -> Iterator[Member]:
        """Yield each member from the first, the manifest; a member's content is lost when the next comes.

        Args:
            plain: What `inflated` yields, where that happens elsewhere.

        Raises:
            VerificationError: The archive is damaged, or holds what no bundle holds.
        """
        reader = TarReader(self.inflated() if plain is None else plain)
        for member in reader.members():
            self.stem = reader.stem
            yield member

    def ends_as_made(self) -> bool:
        """Tell whether the file ends with the size that a bundle of its manifest has; it takes no inflating.

        A file that is cut short agrees by chance less than once in 100,000 times. One that is damaged further
        in may agree: that is for `verify` to find out.
        """
        self._file.seek(0, os.SEEK_END)
        self._file.seek(max(0, self._file.tell() - _SIZE_AT_END))
        told = int.from_bytes(self._file.read(_SIZE_AT_END), "little")
        least, most = self._plain_bytes()
        return told % BLOCK == 0 and (told - least) % (1 << 32) <= most - least

    def _plain_bytes(self) -> tuple[int, int]:
        """Return how many bytes the tar has at least and at most, by the manifest."""
        members = [(entry.name, entry.stored_bytes or 0) for entry in self.manifest.artifacts if entry.sha256]
        members.append((MANIFEST_NAME, self._manifest_bytes))
        stored = sum(
            len(member_header(f"{self.stem}/{name}", size, 0)) + size + -size % BLOCK
            for name, size in members
        )
        sums = sum(_SUMS_LINE + len(name.encode("utf-8", "surrogateescape")) for name, _ in members)
        # In SHA256SUMS a name may be written with escapes, and that and two pages have headers, too.
        return stored + sums, stored + 2 * sums + LARGEST_PAGES

    def _read_manifest(self) -> Manifest:
        for member in self.members():
            if member.name != MANIFEST_NAME:
                break
            try:
                self._manifest_bytes = member.size
                return Manifest.from_json(member.read(LARGEST_MANIFEST))
            except ValueError as error:
                raise VerificationError(f"its manifest cannot be read: {error}") from error
        raise VerificationError("this archive is no bundle: its first member is no manifest")

    def close(self) -> None:
        """Close the file, where `open` opened it."""
        if self._owned:
            self._file.close()

    def __enter__(self) -> Bundle:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; a FIFO that nobody writes to must not stop us."""
    return os.open(path, flags | os.O_NONBLOCK)
