# SPDX-License-Identifier: Apache-2.0
"""Derive the deployment's keys from SECRET_KEY, and refuse to start with the wrong one."""

import asyncio

from counterfoil_service.crypto.keys import CannotUnseal, Keys, root_key, seal, unseal
from counterfoil_service.db import secrets
from counterfoil_service.db.engine import Clock, Context, Database, Entropy, Transaction
from counterfoil_service.settings import Settings

_SALT_BYTES = 16
_CHECK = b"counterfoil"


class WrongSecretKeyError(Exception):
    """SECRET_KEY is not the one that this database was made with."""


async def unlock(database: Database, settings: Settings, *, clock: Clock, entropy: Entropy) -> Keys:
    """The keys; from here on `database.write` stamps a context. Raises WrongSecretKeyError."""

    async def keep_salt(tx: Transaction) -> bytes:
        return await secrets.keep(tx, "salt", entropy(_SALT_BYTES))

    salt = await database.transact(keep_salt)
    keys = Keys(await asyncio.to_thread(root_key, settings.secret_key.reveal(), salt))

    async def keep_check(tx: Transaction) -> bytes:
        return await secrets.keep(tx, "check", seal(keys.check, _CHECK, associated=b"check", entropy=entropy))

    _check(keys, await database.transact(keep_check))
    database.context = lambda: Context(clock(), entropy, keys, settings)
    return keys


async def check_key(database: Database, settings: Settings) -> bool:
    """Whether SECRET_KEY was used with this database before; nothing is written. Raises WrongSecretKeyError."""
    salt, check = await database.read(secrets.get, "salt"), await database.read(secrets.get, "check")
    if salt is None or check is None:
        return False
    _check(Keys(await asyncio.to_thread(root_key, settings.secret_key.reveal(), salt)), check)
    return True


def _check(keys: Keys, sealed: bytes) -> None:
    try:
        unseal(keys.check, sealed, associated=b"check")
    except CannotUnseal:
        raise WrongSecretKeyError(
            "COUNTERFOIL_SECRET_KEY is not the key this database was made with: use that key, or a new database"
        ) from None
