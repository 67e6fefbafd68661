"""The CRC of a gzip member whose pieces were compressed apart; Python's zlib cannot combine two CRCs."""

from __future__ import annotations

import functools

from osvc_diag.bundle.compressor import crc32

_POLYNOMIAL = 0xEDB88320  # CRC-32 of gzip, bits reflected
_ZEROS_POWER = 13
_ZEROS = memoryview(bytes(1 << _ZEROS_POWER))
_ONE = 1 << 31  # the polynomial 1, bits reflected: x**n is n places to the right


def crc32_combine(first: int, second: int, second_size: int) -> int:
    """Return the CRC-32 of two runs of bytes from the CRC of each.

    Args:
        first: The CRC of the first run.
        second: The CRC of the second run.
        second_size: Bytes in the second run, up to 2**60.
    """
    # To append a zero byte is to multiply by x**8. Few zeros are appended fastest in truth, by the C code;
    # the CRC of zeros alone takes out what crc32() adds by its inverted start and end.
    few = _ZEROS[: second_size % len(_ZEROS)]
    first = crc32(few, first) ^ crc32(few, 0)
    power = 3 + _ZEROS_POWER
    many = second_size >> _ZEROS_POWER
    while many:
        if many & 1:
            first = _multiplied(_x_to_two_to_the(power), first)
        many >>= 1
        power += 1
    return first ^ second


@functools.lru_cache(maxsize=64)
def _x_to_two_to_the(power: int) -> int:
    """Return x**(2**power) modulo the polynomial."""
    if power == 0:
        return _ONE >> 1
    root = _x_to_two_to_the(power - 1)
    return _multiplied(root, root)


def _multiplied(left: int, right: int) -> int:
    """Multiply two polynomials over GF(2) modulo the CRC's polynomial."""
    product = 0
    while left:
        if left & _ONE:
            product ^= right
        left = (left << 1) & 0xFFFFFFFF
        right = (right >> 1) ^ _POLYNOMIAL if right & 1 else right >> 1
    return product
