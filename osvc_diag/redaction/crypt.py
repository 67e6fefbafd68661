"""Decrypts the agent's `crypt:` values in memory, so that what they hold can be looked for."""

from __future__ import annotations

import base64
import binascii
import importlib.util
import json
import zlib

PREFIX = "crypt:"
KEY_SIZE = 32  # bytes of cluster.secret that make the AES key
_MAX_PLAIN = 16 * 1024 * 1024  # bytes; more is no secret but a bomb
_BLOCK = 16  # bytes
_AES_KEYS = (16, 24, 32)  # bytes


def is_available() -> bool:
    """Return whether the optional library that knows AES is installed."""
    return importlib.util.find_spec("cryptography") is not None


def decrypt(value: str, secrets: list[bytes]) -> bytes | None:
    """Return what a `crypt:` value holds, or None where no secret opens it.

    The value is the base64 of a JSON envelope whose `data` is AES-CBC of compressed JSON.
    """
    try:
        envelope = json.loads(_unbase64(value[len(PREFIX) :]).rstrip(b"\0"))
        iv, data = _unbase64(envelope["iv"]), _unbase64(envelope["data"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    for secret in secrets:
        plain = _opened(data, iv, secret[:KEY_SIZE])
        if plain is not None:
            return plain
    return None


def _opened(data: bytes, iv: bytes, key: bytes) -> bytes | None:
    if len(key) not in _AES_KEYS or len(iv) != _BLOCK or not data or len(data) % _BLOCK:
        return None
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415 (optional)

    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    padded = decryptor.update(data) + decryptor.finalize()
    padding = padded[-1]
    if not 1 <= padding <= _BLOCK or padded[-padding:] != bytes([padding]) * padding:
        return None
    return _unpacked(padded[:-padding])


def _unpacked(packed: bytes) -> bytes | None:
    try:
        inflater = zlib.decompressobj()
        plain = inflater.decompress(packed, _MAX_PLAIN)
        message = json.loads(plain)
    except (zlib.error, ValueError, RecursionError):
        return None
    if isinstance(message, str):
        return message.encode("utf-8", "surrogatepass")
    return plain


def _unbase64(text: str) -> bytes:
    raw = text.encode("ascii", "strict").translate(bytes.maketrans(b"-_", b"+/"), b" \t\r\n")
    try:
        return base64.b64decode(raw + b"=" * (-len(raw) % 4))
    except binascii.Error as error:
        raise ValueError from error
