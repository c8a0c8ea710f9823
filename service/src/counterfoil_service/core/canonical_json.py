# SPDX-License-Identifier: Apache-2.0
"""JSON with one spelling for each value (RFC 8785), so that what is hashed can be written again from what was read."""

import json
from collections.abc import Collection
from typing import Final

LARGEST: Final = 2**53 - 1
"""The largest integer that every reader takes for itself (RFC 7493 §2.2)."""

_SCALARS: Final = (str, bool, int, type(None))
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def canonical(value: object) -> bytes:
    """UTF-8 without spaces, keys in the order of their UTF-16 code units, escapes as in RFC 8785 §3.2.2.2.

    A `ValueError` for what has no spelling that every reader agrees on: floats, which no leaf has; integers beyond
    2^53-1 (RFC 7493 §2.2); lone surrogates; keys that are no strings; any other type.
    """
    return _ENCODER.encode(
        _ordered(value)
    ).encode()  # UnicodeEncodeError, which a lone surrogate raises, is a ValueError


def _ordered(value: object) -> object:
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in _sorted(value)}
    if isinstance(value, list):
        return [_ordered(each) for each in value]
    if not isinstance(value, _SCALARS):
        raise ValueError(f"no canonical JSON for a {type(value).__name__}")  # noqa: TRY004 - one error for one "no"
    if isinstance(value, int) and abs(value) > LARGEST:
        raise ValueError("no canonical JSON for an integer beyond 2^53-1")
    return value


def _sorted(keys: Collection[object]) -> list[str]:
    """RFC 8785 §3.2.3: by UTF-16 code units, which big-endian bytes compare as; ASCII is in that order anyway."""
    names = [key for key in keys if isinstance(key, str)]
    if len(names) != len(keys):
        raise ValueError("no canonical JSON for a key that is no string")
    return sorted(names) if all(map(str.isascii, names)) else sorted(names, key=_code_units)


def _code_units(key: str) -> bytes:
    return key.encode("utf-16-be")
