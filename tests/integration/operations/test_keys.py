# SPDX-License-Identifier: Apache-2.0
"""Keys at rest: sealed, rotated with a lead, and never opened with the wrong SECRET_KEY."""

import os
from pathlib import Path

import pytest

from counterfoil_service.crypto.jwt import Algorithm, SigningKey
from counterfoil_service.crypto.keys import CannotUnseal, unseal
from counterfoil_service.db import signing_keys
from counterfoil_service.db.engine import no_context
from counterfoil_service.db.open import open_database
from counterfoil_service.db.unlock import WrongSecretKeyError, unlock
from counterfoil_service.operations.rotate_keys import RotateKeys, rotate_keys
from counterfoil_service.settings import Secret
from support.stage import SECOND, Stage, migrated, settings_for


def a_key(algorithm: Algorithm = "ES256") -> SigningKey:
    return SigningKey.generate(algorithm, os.urandom)


async def test_a_new_key_signs_only_after_its_lead_and_the_old_one_until_then(stage: Stage) -> None:
    (old,) = await stage.database.read(signing_keys.list_all)
    new = await stage.database.write(rotate_keys, RotateKeys(a_key(), lead_seconds=300))
    first, second = await stage.database.read(signing_keys.list_all)
    assert (first.kid, second.kid) == (old.kid, new.kid)
    assert first.retired_at == second.active_at == stage.clock() + 300 * SECOND
    assert second.retired_at is None
    assert await stage.rows("SELECT count(*) FROM audit_events WHERE name = 'key.rotated'") == [(2,)]


async def test_a_signing_key_is_sealed_and_tied_to_its_name(stage: Stage) -> None:
    (key,) = await stage.database.read(signing_keys.list_all)
    seal_key = stage.service.services.keys.seal_signing
    private = unseal(seal_key, key.sealed_private_key, associated=key.kid.encode())
    assert private not in key.sealed_private_key
    with pytest.raises(CannotUnseal):
        unseal(seal_key, key.sealed_private_key, associated=b"other")


async def test_another_secret_key_is_refused_and_changes_nothing(database_url: str, tmp_path: Path) -> None:
    database = await migrated(database_url)
    right, wrong = (settings_for(database_url, tmp_path, secret_key=Secret(each * 32)) for each in ("5e", "5f"))
    await unlock(database, right, clock=lambda: 0, entropy=os.urandom)
    await database.close()
    again = await open_database(database_url)
    with pytest.raises(WrongSecretKeyError) as caught:
        await unlock(again, wrong, clock=lambda: 0, entropy=os.urandom)
    assert "5f5f" not in str(caught.value)
    assert again.context is no_context
    await unlock(again, right, clock=lambda: 0, entropy=os.urandom)
    await again.close()


async def test_a_passphrase_gives_the_same_keys_at_every_start(sqlite_url: str, tmp_path: Path) -> None:
    settings = settings_for(sqlite_url, tmp_path, secret_key=Secret("correct horse battery staple, twice"))
    database = await migrated(sqlite_url)
    first = await unlock(database, settings, clock=lambda: 0, entropy=os.urandom)
    second = await unlock(database, settings, clock=lambda: 0, entropy=os.urandom)
    await database.close()
    assert (first.mailbox, first.seal_outbox) == (second.mailbox, second.seal_outbox)


async def test_a_locked_database_runs_no_operation(sqlite_url: str) -> None:
    database = await migrated(sqlite_url)
    with pytest.raises(RuntimeError, match="unlock"):
        await database.write(rotate_keys, RotateKeys(a_key(), 0))
    await database.close()
