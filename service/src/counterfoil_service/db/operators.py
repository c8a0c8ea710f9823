# SPDX-License-Identifier: Apache-2.0
"""Operators and auditors, and the tokens they have: hashes alone."""

import msgspec
from sqlalchemy import delete, select, update

from counterfoil_service.core.operator import Operator, OperatorToken, Role
from counterfoil_service.db.engine import ReadTransaction, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import insert_row, insert_unless_there, parameter
from counterfoil_service.db.tables import operator_links, operator_tokens, operators, saved_searches

_o, _t = operators.c, operator_tokens.c
_ADD = insert_unless_there(operators, _o.id)
_BY_MAILBOX = Statement(select(operators).where(_o.mailbox == parameter("mailbox")))
_GET = Statement(select(operators).where(_o.id == parameter("id")))
_LIST = Statement(select(operators).order_by(_o.created_at, _o.id))
_ADDRESSES = Statement(select(_o.id, _o.address))
_HOLD_ALL = Statement(select(operators).order_by(_o.id).with_for_update())
_REMOVE = Statement(delete(operators).where(_o.id == parameter("id")).returning(_o.id))
_ADD_TOKEN = Statement(insert_row(operator_tokens))
_TOKENS = Statement(select(operator_tokens).order_by(_t.created_at, _t.id))
_REMOVE_TOKEN = Statement(delete(operator_tokens).where(_t.id == parameter("id")).returning(_t.operator_id))
_REMOVE_WHAT_HANGS_ON = [
    Statement(delete(table).where(table.c.operator_id == parameter("operator_id")))
    for table in (operator_tokens, operator_links, saved_searches)
]
_HOLDER = Statement(
    select(_o.id, _o.role)
    .join_from(operators, operator_tokens, _o.id == _t.operator_id)
    .where(_t.token_hash == parameter("token_hash"))
)
_USED = Statement(
    update(operator_tokens).where(_t.token_hash == parameter("token_hash")).values(last_used_at=parameter("now"))
)


class Holder(msgspec.Struct, frozen=True):
    """Whose token it is."""

    operator_id: str
    role: Role


async def add(tx: Transaction, operator: Operator) -> bool:
    """Insert; False where this mailbox has a role already."""
    return await tx.one(_ADD, msgspec.structs.asdict(operator)) is not None


async def by_mailbox(tx: ReadTransaction, mailbox: bytes) -> Operator | None:
    """By the keyed hash of the canonical address."""
    row = await tx.one(_BY_MAILBOX, {"mailbox": mailbox})
    return None if row is None else Operator(*row)


async def get(tx: ReadTransaction, operator_id: str) -> Operator | None:
    """By its id."""
    row = await tx.one(_GET, {"id": operator_id})
    return None if row is None else Operator(*row)


async def list_all(tx: ReadTransaction) -> list[Operator]:
    """Everybody, the oldest first."""
    return [Operator(*row) for row in await tx.all(_LIST, {})]


async def staff_addresses(tx: ReadTransaction) -> dict[str, str]:
    """Everybody's address by their id: they are few."""
    return {str(row[0]): str(row[1]) for row in await tx.all(_ADDRESSES, {})}


async def hold_all(tx: Transaction) -> list[Operator]:
    """Everybody, held until the end of the transaction: they are few."""
    return [Operator(*row) for row in await tx.all(_HOLD_ALL, {})]


async def remove(tx: Transaction, operator_id: str) -> bool:
    """Delete one with all tokens, links and saved searches; False when there was none."""
    for statement in _REMOVE_WHAT_HANGS_ON:
        await tx.run(statement, {"operator_id": operator_id})
    return await tx.one(_REMOVE, {"id": operator_id}) is not None


async def add_token(tx: Transaction, token: OperatorToken) -> None:
    """Keep a new one."""
    await tx.run(_ADD_TOKEN, msgspec.structs.asdict(token))


async def tokens(tx: ReadTransaction) -> list[OperatorToken]:
    """Everybody's, the oldest first."""
    return [OperatorToken(*row) for row in await tx.all(_TOKENS, {})]


async def remove_token(tx: Transaction, token_id: str) -> str | None:
    """Revoke one: the id of its operator, or None when there was none."""
    row = await tx.one(_REMOVE_TOKEN, {"id": token_id})
    return None if row is None else str(row[0])


async def holder(tx: ReadTransaction, token_hash: bytes) -> Holder | None:
    """Whose this token is, as long as it was not revoked."""
    row = await tx.one(_HOLDER, {"token_hash": token_hash})
    return None if row is None else Holder(*row)


async def note_use(tx: Transaction, token_hash: bytes, *, now: int) -> None:
    """Remember when it was used last."""
    await tx.run(_USED, {"token_hash": token_hash, "now": now})
