# SPDX-License-Identifier: Apache-2.0
"""One row for each mailbox, made at its first request: its key, and how often in a row its mail codes were missed.

What is personal in the audit log is sealed under that key.
"""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import delete, select, update

from counterfoil_service.crypto.keys import seal, unseal
from counterfoil_service.db.engine import Context, Query, ReadTransaction, Row, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import constant, insert_or_keep, parameter
from counterfoil_service.db.tables import mailbox_keys

_KEY_BYTES = 32
_AT_ONCE = 16
_ENSURE = insert_or_keep(mailbox_keys, mailbox_keys.c.sealed_key)
_GET = Statement(select(mailbox_keys.c.sealed_key).where(mailbox_keys.c.mailbox == parameter("mailbox")))
_DESTROY = Statement(
    delete(mailbox_keys).where(mailbox_keys.c.mailbox == parameter("mailbox")).returning(mailbox_keys.c.mailbox)
)
_MISSES = Statement(select(mailbox_keys.c.mail_code_misses).where(mailbox_keys.c.mailbox == parameter("mailbox")))
_MISS = Statement(
    update(mailbox_keys)
    .where(mailbox_keys.c.mailbox == parameter("mailbox"))
    .values(mail_code_misses=mailbox_keys.c.mail_code_misses + constant(1))
)
_FORGIVE = Statement(
    update(mailbox_keys)
    .where(mailbox_keys.c.mailbox == parameter("mailbox"), mailbox_keys.c.mail_code_misses > constant(0))
    .values(mail_code_misses=constant(0))
    .returning(mailbox_keys.c.mailbox)
)


def asking(mailbox: bytes) -> Query:
    """For `gather`: what `learn` is then given."""
    return _GET, {"mailbox": mailbox}


def ensuring(mailbox: bytes, context: Context) -> Query:
    """For `gather`: make the mailbox's key unless it has one; `learn` is then given the one that it has.

    As much is made, sealed and written either way: time must not tell whether a mailbox was ever met [R92].
    """
    key = context.entropy(_KEY_BYTES)
    sealed = seal(context.keys.seal_mailbox, key, associated=mailbox, entropy=context.entropy)
    return _ENSURE, {"mailbox": mailbox, "sealed_key": sealed, "created_at": context.now, "mail_code_misses": 0}


def learn(tx: Transaction, context: Context, mailbox: bytes, found: Sequence[Row]) -> None:
    """Keep what was read, for what this transaction seals."""
    if found:
        tx.mailbox_keys[mailbox] = unseal(context.keys.seal_mailbox, found[0][0], associated=mailbox)


async def ensure(tx: Transaction, context: Context, mailbox: bytes) -> None:
    """Make the mailbox's key unless it has one. Of two that make one at a time the second is given the first's."""
    learn(tx, context, mailbox, await tx.all(*ensuring(mailbox, context)))


async def get(tx: ReadTransaction, seal_key: bytes, mailbox: bytes) -> bytes | None:
    """The mailbox's key, or None when it has none (any more)."""
    row = await tx.one(_GET, {"mailbox": mailbox})
    return None if row is None else unseal(seal_key, row[0], associated=mailbox)


async def of_writer(tx: Transaction, seal_key: bytes, mailbox: bytes) -> bytes | None:
    """The same, read once in a transaction."""
    if mailbox not in tx.mailbox_keys:
        key = await get(tx, seal_key, mailbox)
        if key is None:
            return None
        tx.mailbox_keys[mailbox] = key
    return tx.mailbox_keys[mailbox]


async def get_all(tx: ReadTransaction, seal_key: bytes, mailboxes: Iterable[bytes]) -> Mapping[bytes, bytes]:
    """The keys of those that have one (still)."""
    distinct, keys = list(dict.fromkeys(mailboxes)), dict[bytes, bytes]()
    for start in range(0, len(distinct), _AT_ONCE):
        some = distinct[start : start + _AT_ONCE]
        for mailbox, rows in zip(some, await tx.gather(*map(asking, some)), strict=True):
            if rows:
                keys[mailbox] = unseal(seal_key, rows[0][0], associated=mailbox)
    return keys


async def destroy(tx: Transaction, mailbox: bytes) -> bool:
    """Make all that is sealed under it unreadable for good; False when there was none."""
    tx.mailbox_keys.pop(mailbox, None)
    return await tx.one(_DESTROY, {"mailbox": mailbox}) is not None


async def mail_code_misses(tx: ReadTransaction, mailbox: bytes) -> int:
    """Wrong mail codes in a row, over all logins of this mailbox."""
    row = await tx.one(_MISSES, {"mailbox": mailbox})
    return int(row[0]) if row else 0


async def miss_mail_code(tx: Transaction, mailbox: bytes) -> None:
    """Count one more."""
    await tx.run(_MISS, {"mailbox": mailbox})


def forgiving(mailbox: bytes) -> Query:
    """For `gather`: somebody who reads this mailbox has signed in, so begin to count anew."""
    return _FORGIVE, {"mailbox": mailbox}
