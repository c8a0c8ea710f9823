# SPDX-License-Identifier: Apache-2.0
"""A zone as a table, and a look-up in it that writes down what was asked."""

import base64
from collections.abc import Mapping, Sequence
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from counterfoil_service.core.mail_dns.judgement import LookUps

T = TypeVar("T")
Zone = Mapping[str, str | Sequence[str]]


def texts_at(zone: Zone, name: str) -> list[str]:
    """The TXT records of a name, none where there is no such name."""
    found = zone.get(name.lower(), [])
    return [found] if isinstance(found, str) else list(found)


def looked_up(steps: LookUps[T], zone: Zone) -> tuple[T, list[str]]:
    """What the steps come to, and every name that they asked for."""
    asked: list[str] = []
    try:
        name = next(steps)
        while True:
            asked.append(name)
            name = steps.send(texts_at(zone, name))
    except StopIteration as end:
        result: T = end.value
        return result, asked


def rsa_key(bits: int) -> rsa.RSAPublicKey:
    """A public key of this length; below 1024 bits, which nobody makes any more, from its numbers."""
    if bits < 1024:
        return rsa.RSAPublicNumbers(65537, (1 << bits) - 1).public_key()
    return rsa.generate_private_key(65537, bits).public_key()


def base64_of(key: rsa.RSAPublicKey | ed25519.Ed25519PublicKey, form: PublicFormat | None = None) -> str:
    """As `p=` has it."""
    if isinstance(key, ed25519.Ed25519PublicKey):
        return base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
    return base64.b64encode(key.public_bytes(Encoding.DER, form or PublicFormat.SubjectPublicKeyInfo)).decode()
