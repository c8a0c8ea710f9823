# SPDX-License-Identifier: Apache-2.0
"""What an API remembers of proofs: each is good once (RFC 9449 §11.1), and nonces that need no memory (§9)."""

import hmac
import threading
from collections.abc import Awaitable
from hashlib import sha256
from typing import Protocol, final

from counterfoil_client.errors import ConfigurationError
from counterfoil_client.resource import _jose

PROOF_LIFE = 90
"""Seconds for which a proof could be presented again: 60 s old at the end, 30 s ahead at the start."""

_SHORTEST_KEY = 32
_BUCKET = 300
_STAMP = 8


class ReplayMemoryFull(Exception):  # noqa: N818 - a state, which becomes a 503
    """Nothing more can be remembered now, so nothing more can be let in."""


class ReplayMemory(Protocol):
    """Remembers proofs; give several processes one memory, or each proof is good once in each."""

    def first_time(self, key: bytes, now: float) -> bool | Awaitable[bool]:
        """Remember this key for `PROOF_LIFE` seconds from `now`, and say whether it is new: one atomic step.

        A memory that awaits (Redis, say: `SET key 1 NX EX 90`) works with `acheck` alone. An error refuses the request.
        """
        ...


@final
class LocalReplayMemory:
    """A memory in this process, safe under threads. At its limit it refuses; forgetting would let a thief in."""

    def __init__(self, capacity: int = 1_000_000) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        # Two generations instead of a time for each: a key lives through its own and the whole of the next.
        self._young: set[bytes] = set()
        self._old: set[bytes] = set()
        self._turn_at = 0.0

    def first_time(self, key: bytes, now: float) -> bool:
        """Remember this key, and say whether it is new."""
        with self._lock:
            self._age(now)
            if key in self._young or key in self._old:
                return False
            if len(self._young) + len(self._old) >= self._capacity:
                raise ReplayMemoryFull
            self._young.add(key)
            return True

    def _age(self, now: float) -> None:
        if now < self._turn_at:
            return
        # After a pause of two lives nothing in either generation matters any more.
        self._old = self._young if now < self._turn_at + PROOF_LIFE else set()
        self._young = set()
        self._turn_at = now + PROOF_LIFE


@final
class Nonces:
    """Nonces that need no memory: a bucket of five minutes and its HMAC. Replicas share `key`, 32 bytes or more."""

    def __init__(self, key: bytes) -> None:
        if len(key) < _SHORTEST_KEY:
            raise ConfigurationError(f"a nonce key has at least {_SHORTEST_KEY} random bytes")
        self._key = key

    def current(self, now: float) -> str:
        """The nonce to hand out now."""
        return self._nonce(int(now) // _BUCKET)

    def accepts(self, nonce: str, now: float) -> bool:
        """Whether it is of this bucket or the one before: good for 5 to 10 minutes."""
        bucket = int(now) // _BUCKET
        # Both are compared in full, so that the time taken tells nothing.
        given = nonce.encode("utf-8", "surrogatepass")
        fits = [hmac.compare_digest(given, self._nonce(number).encode()) for number in (bucket, bucket - 1)]
        return any(fits)

    def _nonce(self, bucket: int) -> str:
        number = bucket.to_bytes(_STAMP, signed=True)
        return _jose.b64(hmac.digest(self._key, b"counterfoil resource nonce" + number, sha256))

    def __repr__(self) -> str:
        return "Nonces(…)"
