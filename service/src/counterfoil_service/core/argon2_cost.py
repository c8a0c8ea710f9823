# SPDX-License-Identifier: Apache-2.0
"""What one argon2id hash may cost, as an operator sets it; bounded, so that no setting is a denial of service."""

import re

import msgspec

_ENTRY = re.compile(r"([a-z]+)=([0-9]{1,6})")
_BOUNDS = {"passes": range(1, 11), "mebibytes": range(8, 1025), "lanes": range(1, 17)}
_OWASP_MEBIBYTES, _OWASP_PASSES = 19, 2


class Argon2Cost(msgspec.Struct, frozen=True):
    """t, m and p of RFC 9106; the defaults are its second recommended option (§4)."""

    passes: int = 3
    mebibytes: int = 64
    lanes: int = 4

    @property
    def is_low(self) -> bool:
        """Whether it is below the least that the OWASP Password Storage Cheat Sheet names: 19 MiB and two passes."""
        return self.mebibytes < _OWASP_MEBIBYTES or self.passes < _OWASP_PASSES


DEFAULT = Argon2Cost()


def parse(text: str) -> Argon2Cost:
    """`passes=3,mebibytes=64,lanes=4` over the defaults; a ValueError names the rule."""
    found: dict[str, int] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        match = _ENTRY.fullmatch(entry)
        if match is None or match[1] not in _BOUNDS:
            raise ValueError(f"must be name=number, comma-separated, of the names {', '.join(_BOUNDS)}")
        bounds = _BOUNDS[match[1]]
        if int(match[2]) not in bounds:
            raise ValueError(f"{match[1]} must be from {bounds[0]} to {bounds[-1]}")
        found[match[1]] = int(match[2])
    return msgspec.structs.replace(DEFAULT, **found)
