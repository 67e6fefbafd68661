"""Short readable tokens that stand for masked values, equal where the values are equal."""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import hmac
import os
import re
import threading
from typing import TYPE_CHECKING, Callable

if TYPE_CHECKING:
    from osvc_diag.redaction.secrets import Secrets

TOKEN = re.compile(rb"<masked:[a-z0-9][a-z0-9-]{0,39}:[a-z2-7]{8}>")
BLANK = b"\x01"  # stands for each byte of a token where a line is looked at again: it means nothing to a rule

_PURPOSE = b"osvc_diag redaction tokens v1"
# About 50 ms and 16 MiB: cluster.secret is made by uuid1, few enough bits to be searched through a fast hash.
_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 2**14, 8, 1
_SCRYPT_MEMORY = 64 * 1024 * 1024  # bytes allowed to scrypt
_KEY_SIZE = 32  # bytes
_ID_SIZE = 5  # bytes: eight characters


class Tokens:
    """Makes tokens under one key; the key is derived when the first token is made."""

    def __init__(self, key: Callable[[], bytes], *, stable: bool) -> None:
        self._keyed = functools.lru_cache(maxsize=1)(lambda: hmac.new(key(), digestmod="sha256"))
        self.stable = stable
        """Whether every node of the cluster and every run gives a value the same token."""

    def __repr__(self) -> str:
        return f"<Tokens: {'of the cluster' if self.stable else 'of this run'}>"

    @classmethod
    def for_cluster(cls, secrets: Secrets) -> Tokens:
        """Return tokens that only members of the cluster can derive; of this run where it has no secret."""
        secret = secrets.cluster_secret
        if not secret or not hasattr(hashlib, "scrypt"):
            return cls.random()
        return cls(_begun(lambda: _derived(secret)), stable=True)

    @classmethod
    def random(cls) -> Tokens:
        """Return tokens under a key that nobody keeps."""
        return cls(lambda: os.urandom(_KEY_SIZE), stable=False)

    def token(self, rule_id: str, value: bytes, group: bytes = b"") -> bytes:
        """Return what stands for a value: its rule, and an id that depends on the value alone.

        Values that share a group, a subnet say, share the first half of their ids.
        """
        one = self._id(value)
        if group:
            one = self._id(group)[:4] + one[:4]
        return b"<masked:%s:%s>" % (rule_id.encode("ascii"), one)

    def _id(self, value: bytes) -> bytes:
        # hmac.digest would let other threads run at each call, and wait for its turn thereafter.
        keyed = self._keyed().copy()
        keyed.update(value)
        return base64.b32encode(keyed.digest()[:_ID_SIZE]).lower()


def _begun(derive: Callable[[], bytes]) -> Callable[[], bytes]:
    """Begin to derive a key beside what the caller does: it takes long, and not the interpreter's lock."""
    derived: list[bytes] = []

    def work() -> None:
        with contextlib.suppress(Exception):  # whoever asks for the key tries again, and is told
            derived.append(derive())

    # Python waits for it at its end: a thread that comes back to an interpreter in pieces may crash.
    thread = threading.Thread(target=work, name="osvc_diag token key", daemon=False)
    try:
        thread.start()
    except RuntimeError:  # no more threads are to be had
        return derive

    def key() -> bytes:
        thread.join()
        return derived[0] if derived else derive()

    return key


def _derived(secret: bytes) -> bytes:
    return hashlib.scrypt(
        secret, salt=_PURPOSE, n=_SCRYPT_N, r=_SCRYPT_R, p=_SCRYPT_P, maxmem=_SCRYPT_MEMORY, dklen=_KEY_SIZE
    )
