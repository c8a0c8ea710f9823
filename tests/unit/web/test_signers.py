# SPDX-License-Identifier: Apache-2.0
"""Signing keys in memory: which one signs when, which are published, and how often they are read."""

import os
from typing import Any

import pytest

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.crypto.jwt import SigningKey
from counterfoil_service.crypto.keys import CannotUnseal, seal
from counterfoil_service.db.signing_keys import StoredKey
from counterfoil_service.web.signers import RELOAD_SECONDS, Signers

SECOND = 1_000_000
NOW = 1_795_000_000 * SECOND
SEAL = bytes(32)


def _stored(active_at: int, retired_at: int | None = None) -> StoredKey:
    key = SigningKey.generate("ES256", os.urandom)
    sealed = seal(SEAL, key.private_bytes(), associated=key.kid.encode(), entropy=os.urandom)
    return StoredKey(key.kid, "ES256", sealed, NOW, active_at, retired_at)


class _Database:
    def __init__(self, *keys: StoredKey) -> None:
        self.keys = list(keys)
        self.reads = 0

    async def read(self, _query: object) -> list[StoredKey]:
        self.reads += 1
        return sorted(self.keys, key=lambda key: key.active_at)


def _signers(database: Any, seal_key: bytes = SEAL) -> Signers:
    return Signers(database, seal_key)


async def test_the_newest_active_key_signs() -> None:
    old, new, future = _stored(NOW - 9), _stored(NOW), _stored(NOW + 1)
    signers = _signers(_Database(new, future, old))
    assert (await signers.signer(NOW - 1)).kid == old.kid
    assert (await signers.signer(NOW)).kid == new.kid
    assert (await signers.signer(NOW + 1)).kid == future.kid


async def test_a_key_is_published_before_it_signs_and_until_its_last_token_is_gone() -> None:
    old, new = _stored(NOW - 9, retired_at=NOW + 600 * SECOND), _stored(NOW + 600 * SECOND)
    signers = _signers(_Database(old, new))
    for at, kids in ((0, [new.kid, old.kid]), (959, [new.kid, old.kid]), (960, [new.kid])):
        assert [key["kid"] for key in await signers.key_set(NOW + at * SECOND)] == kids


async def test_keys_are_read_again_after_ten_seconds_and_not_before() -> None:
    database = _Database(_stored(NOW - 9))
    signers = _signers(database)
    for at in (0, 1, RELOAD_SECONDS - 1):
        await signers.signer(NOW + at * SECOND)
    assert database.reads == 1
    database.keys.append(_stored(NOW))
    kid = (await signers.signer(NOW + RELOAD_SECONDS * SECOND)).kid
    assert (database.reads, kid) == (2, database.keys[1].kid)


async def test_without_a_key_nothing_is_signed() -> None:
    with pytest.raises(Refusal) as caught:
        await _signers(_Database()).signer(NOW)
    assert caught.value.code is ErrorCode.TEMPORARILY_UNAVAILABLE


async def test_where_the_clock_was_set_back_behind_every_key_the_first_one_signs_and_is_published() -> None:
    first, later = _stored(NOW), _stored(NOW + 600 * SECOND)
    signers = _signers(_Database(later, first))
    assert (await signers.signer(NOW - 300 * SECOND)).kid == first.kid
    assert first.kid in await signers.verifiers(NOW - 300 * SECOND)


async def test_a_key_that_was_moved_or_sealed_by_another_secret_is_not_used() -> None:
    first, second = _stored(NOW - 9), _stored(NOW - 9)
    moved = StoredKey(first.kid, "ES256", second.sealed_private_key, NOW, NOW - 9)
    with pytest.raises(CannotUnseal):
        await _signers(_Database(moved)).signer(NOW)
    with pytest.raises(CannotUnseal):
        await _signers(_Database(first), bytes([1] * 32)).signer(NOW)


async def test_a_published_key_has_no_private_half() -> None:
    (key,) = await _signers(_Database(_stored(NOW))).key_set(NOW)
    assert "d" not in key
