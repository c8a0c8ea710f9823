# SPDX-License-Identifier: Apache-2.0
"""The device key: what signs for this device, and who keeps it."""

from typing import Literal, Protocol

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

_COORDINATE = 32


class DeviceKey(Protocol):
    """A P-256 key that signs. One that cannot be copied off the machine may say `hardware`; no other may."""

    @property
    def storage(self) -> Literal["software", "hardware"]:
        """Whether a program of the same user could copy the key."""
        ...

    @property
    def point(self) -> tuple[bytes, bytes]:
        """The public point: x and y, 32 bytes each."""
        ...

    def sign(self, message: bytes) -> bytes:
        """ES256: r and s, 32 bytes each (RFC 7518 §3.4)."""
        ...


class KeyStore(Protocol):
    """Anything that gives the same key for the same issuer and application each time."""

    def key_for(self, issuer: str, client_id: str) -> DeviceKey:
        """Return the key of this device, making it the first time."""
        ...


class SoftwareKey:
    """A key held in this process's memory."""

    storage: Literal["software", "hardware"] = "software"

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._private = private

    @classmethod
    def generate(cls) -> "SoftwareKey":
        """Make a new key."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def from_pem(cls, pem: bytes) -> "SoftwareKey":
        """Read what `to_pem` wrote; `ValueError` for anything else."""
        private = serialization.load_pem_private_key(pem, password=None)
        if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP256R1):
            raise ValueError("not a P-256 key")  # noqa: TRY004 - a wrong file, not a wrong argument type
        return cls(private)

    def to_pem(self) -> bytes:
        """Write the key unencrypted, for a place that only its owner can read."""
        return self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @property
    def point(self) -> tuple[bytes, bytes]:
        """The public point: x and y, 32 bytes each."""
        numbers = self._private.public_key().public_numbers()
        return numbers.x.to_bytes(_COORDINATE), numbers.y.to_bytes(_COORDINATE)

    def sign(self, message: bytes) -> bytes:
        """ES256: r and s, 32 bytes each."""
        r, s = decode_dss_signature(self._private.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(_COORDINATE) + s.to_bytes(_COORDINATE)
