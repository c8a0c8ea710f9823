# SPDX-License-Identifier: Apache-2.0
"""Nonces for proofs of possession (RFC 9449 §8): unpredictable, short-lived, and kept nowhere."""

import hmac
from typing import Final, final

from counterfoil_service.core.identifiers import base64url, unbase64url
from counterfoil_service.crypto.keys import keyed

NONCE_BUCKET: Final = 300_000_000
"""How long one nonce is the current one, in microseconds."""
_BUCKET_BYTES: Final = 8
_KEPT: Final = 3


@final
class Nonces:
    """Nonces without memory (RFC 9449 §8): a five-minute bucket and its HMAC under `key`, the same on every replica."""

    __slots__ = ("_key", "_stamps")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._stamps: dict[int, bytes] = {}

    def current(self, now: int) -> str:
        """The nonce to hand out at `now` (microseconds UTC): 54 base64url characters."""
        return base64url(self._stamp(now // NONCE_BUCKET))

    def accepts(self, nonce: str, now: int) -> bool:
        """Whether this is the nonce of the current bucket or of the one before: good for 5 to 10 minutes."""
        try:
            presented = unbase64url(nonce)
        except ValueError:
            return False
        bucket = int.from_bytes(presented[:_BUCKET_BYTES], "big", signed=True)
        # The bucket is no secret; the rest is compared in constant time.
        return now // NONCE_BUCKET - bucket in {0, 1} and hmac.compare_digest(presented, self._stamp(bucket))

    def _stamp(self, bucket: int) -> bytes:
        stamp = self._stamps.get(bucket)
        if stamp is None:
            number = bucket.to_bytes(_BUCKET_BYTES, "big", signed=True)
            # Two are good at a time; a stranger's bucket never comes here.
            self._stamps = dict([*self._stamps.items(), (bucket, number + keyed(self._key, number))][-_KEPT:])
            stamp = self._stamps[bucket]
        return stamp

    def __repr__(self) -> str:
        """Name the class alone."""
        return "Nonces(…)"
