"""Opens a bundle that may come from anywhere: its manifest at once, its members one after the other."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO, Optional, Union

from osvc_diag.bundle.inflating import gunzipped
from osvc_diag.bundle.manifest import MANIFEST_NAME, Manifest
from osvc_diag.bundle.tar import Member, TarReader
from osvc_diag.errors import UsageError, VerificationError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from types import TracebackType

LARGEST_MANIFEST = 1 << 27  # bytes; 300,000 artifacts
_FLAGS_OFFSET = 3  # bytes, in a gzip header


class Bundle:
    """A bundle on disk. A context manager: it closes what it opened."""

    def __init__(self, file: BinaryIO, *, owned: bool, manifest: Optional[Manifest] = None) -> None:
        self._file = file
        self._owned = owned
        if not file.seekable():
            raise UsageError("a bundle cannot be read from a pipe", hint="save it to a file first")
        self.stem = ""
        """The folder that all its members are in."""
        file.seek(_FLAGS_OFFSET)
        self.gzip_flags = any(file.read(1))
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

    def _read_manifest(self) -> Manifest:
        for member in self.members():
            if member.name != MANIFEST_NAME:
                break
            try:
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

    def __exit__(
        self,
        _type: Optional[type[BaseException]],
        _error: Optional[BaseException],
        _traceback: Optional[TracebackType],
    ) -> None:
        self.close()


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; a FIFO that nobody writes to must not stop us."""
    return os.open(path, flags | os.O_NONBLOCK)
