from __future__ import annotations

import hashlib
import zlib

from hypothesis import given
from hypothesis import strategies as st

from osvc_diag.bundle.hashing import Tally


@given(st.lists(st.text("ab\n\r", max_size=20).map(str.encode)))
def test_hash_crc_and_line_ends_do_not_depend_on_how_bytes_come(pieces: list[bytes]) -> None:
    tally = Tally()
    for piece in pieces:
        tally.update(piece)
    whole = b"".join(pieces)
    assert tally.hexdigest() == hashlib.sha256(whole).hexdigest()
    assert tally.crc == zlib.crc32(whole)
    assert tally.line_ends == whole.count(b"\n")
