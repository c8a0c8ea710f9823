# SPDX-License-Identifier: Apache-2.0
"""Who cosigns the audit log, as the operator writes it: `VKEY URL`, comma-separated (C2SP tlog-witness)."""

import msgspec

from counterfoil_service.settings.parsers import LOOPBACK_HOSTS, split_url


class Witness(msgspec.Struct, frozen=True):
    """`vkey` is `name+id+base64` of a cosignature key, `url` the prefix in front of `/add-checkpoint`."""

    vkey: str
    url: str

    @property
    def name(self) -> str:
        """What it signs under."""
        return self.vkey.partition("+")[0]


def read_witnesses(text: str) -> tuple[Witness, ...]:
    """Every witness, each name once. Whether a vkey is one is for `crypto.notes` to say."""
    witnesses = tuple(_witness(part.split()) for part in text.split(",") if part.strip())
    if len({witness.name for witness in witnesses}) != len(witnesses):
        raise ValueError("must name each witness once")
    return witnesses


def _witness(words: list[str]) -> Witness:
    if len(words) != len(Witness.__struct_fields__):
        raise ValueError("must be a key and a URL with a space between, for each witness")
    vkey, url = words
    parts = split_url(url)
    if not parts.hostname or parts.query or parts.fragment or parts.username is not None:
        raise ValueError("must give each witness a URL without query, fragment or user")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS):
        raise ValueError("must reach witnesses by https: http is for loopback addresses only")
    return Witness(vkey, url.rstrip("/"))
