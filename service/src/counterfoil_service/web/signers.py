# SPDX-License-Identifier: Apache-2.0
"""The signing keys in memory, read again often enough that a rotation is noticed before it takes effect."""

from counterfoil_service.core.grant import ACCESS_TOKEN_SECONDS
from counterfoil_service.core.login import SECOND
from counterfoil_service.crypto.jwt import SigningKey
from counterfoil_service.crypto.keys import unseal
from counterfoil_service.db import signing_keys
from counterfoil_service.db.engine import Database, unavailable
from counterfoil_service.db.signing_keys import StoredKey

RELOAD_SECONDS = 10
KEY_SET_MAX_AGE = 300
"""Seconds a verifier may keep the key set."""

ROTATION_LEAD_SECONDS = 2 * KEY_SET_MAX_AGE
"""How long a new key is published before it signs."""

_CLOCK_SKEW_SECONDS = 60


class Signers:
    """Keys of one deployment, unsealed by `seal_key`."""

    def __init__(self, database: Database, seal_key: bytes) -> None:
        self._database = database
        self._seal_key = seal_key
        self._keys: list[tuple[StoredKey, SigningKey]] = []
        self._loaded_at = 0

    async def load(self, now: int) -> None:
        """Read the keys unless that was done moments ago."""
        if self._keys and now - self._loaded_at < RELOAD_SECONDS * SECOND:
            return
        stored = await self._database.read(signing_keys.list_all)
        self._keys = [(key, self._unsealed(key)) for key in stored]
        self._loaded_at = now

    async def signer(self, now: int) -> SigningKey:
        """The key that signs at `now`; a 503 kind of Refusal when there is none."""
        await self.load(now)
        if not self._keys:
            raise unavailable()
        # The first one signs from when it is there: that is yet to come only where the clock was set back behind it.
        active = [key for stored, key in self._keys if stored.active_at <= now]
        return active[-1] if active else self._keys[0][1]

    async def key_set(self, now: int) -> list[dict[str, str]]:
        """The public keys of every token that may still be alive, newest first (RFC 7517 §5)."""
        return [key.public_jwk() for key in (await self.verifiers(now)).values()]

    async def verifiers(self, now: int) -> dict[str, SigningKey]:
        """The same keys by their `kid`: the allow-list by which our own tokens are verified."""
        await self.load(now)
        kept = (ACCESS_TOKEN_SECONDS + _CLOCK_SKEW_SECONDS) * SECOND
        return {
            key.kid: key
            for stored, key in reversed(self._keys)
            if stored.retired_at is None or now < stored.retired_at + kept
        }

    def _unsealed(self, stored: StoredKey) -> SigningKey:
        private = unseal(self._seal_key, stored.sealed_private_key, associated=stored.kid.encode())
        return SigningKey.from_private_bytes(private)
