# SPDX-License-Identifier: Apache-2.0
"""One row for each mailbox, made at its first request: its key, and how often in a row its mail codes were missed.

What is personal in the audit log is sealed under that key.
"""

from sqlalchemy import delete, select, update

from counterfoil_service.crypto.keys import seal, unseal
from counterfoil_service.db.engine import Context, ReadTransaction, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import constant, insert_unless_there, parameter
from counterfoil_service.db.tables import mailbox_keys

_KEY_BYTES = 32
_ADD = insert_unless_there(mailbox_keys)
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
)


async def ensure(tx: Transaction, context: Context, mailbox: bytes) -> None:
    """Make the mailbox's key unless it has one."""
    sealed = seal(context.keys.seal_mailbox, context.entropy(_KEY_BYTES), associated=mailbox, entropy=context.entropy)
    await tx.run(_ADD, {"mailbox": mailbox, "sealed_key": sealed, "created_at": context.now, "mail_code_misses": 0})


async def get(tx: ReadTransaction, seal_key: bytes, mailbox: bytes) -> bytes | None:
    """The mailbox's key, or None when it has none (any more)."""
    row = await tx.one(_GET, {"mailbox": mailbox})
    return None if row is None else unseal(seal_key, row[0], associated=mailbox)


async def destroy(tx: Transaction, mailbox: bytes) -> bool:
    """Make all that is sealed under it unreadable for good; False when there was none."""
    return await tx.one(_DESTROY, {"mailbox": mailbox}) is not None


async def mail_code_misses(tx: ReadTransaction, mailbox: bytes) -> int:
    """Wrong mail codes in a row, over all logins of this mailbox."""
    row = await tx.one(_MISSES, {"mailbox": mailbox})
    return int(row[0]) if row else 0


async def miss_mail_code(tx: Transaction, mailbox: bytes) -> None:
    """Count one more."""
    await tx.run(_MISS, {"mailbox": mailbox})


async def forgive(tx: Transaction, mailbox: bytes) -> None:
    """Somebody who reads this mailbox has signed in: begin to count anew."""
    await tx.run(_FORGIVE, {"mailbox": mailbox})
