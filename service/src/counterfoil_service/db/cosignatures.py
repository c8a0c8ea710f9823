# SPDX-License-Identifier: Apache-2.0
"""What witnesses have added: of each the line over the largest checkpoint that it cosigned."""

from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.base import Executable

from counterfoil_service.db.engine import ReadTransaction, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import constant, parameter
from counterfoil_service.db.tables import checkpoints, cosignatures


class Cosignature(msgspec.Struct, frozen=True):
    """One row. `witness` is the vkey, as a witness with another key is another one; `line` ends in its newline.

    `time` is the witness's own, in microseconds UTC.
    """

    witness: str
    size: int
    line: str
    time: int


_c = cosignatures.c


def _storing(dialect: "Any") -> Executable:
    fresh = dialect.insert(cosignatures).values(
        {column.name: parameter(column.name) for column in cosignatures.columns}
    )
    changed = {name: fresh.excluded[name] for name in ("size", "line", "time")}
    body: Executable = fresh.on_conflict_do_update(
        index_elements=[_c.witness], set_=changed, where=_c.size < fresh.excluded.size
    ).returning(_c.witness)
    return body


_STORE = Statement(_storing(sqlite), postgresql=_storing(postgresql))
_SIZE = Statement(select(_c.size).where(_c.witness == parameter("witness")))
_ALL = Statement(select(cosignatures).order_by(_c.witness))
_LINES = Statement(select(_c.line).where(_c.size == parameter("size")).order_by(_c.witness))
# Without an offset of ours the SQLite dialect would bind one, as a literal value.
_NEWEST = Statement(
    select(checkpoints.c.size, checkpoints.c.note)
    .join(cosignatures, _c.size == checkpoints.c.size)
    .order_by(_c.size.desc())
    .limit(constant(1))
    .offset(constant(0))
)


async def store(tx: Transaction, cosignature: Cosignature) -> bool:
    """Keep it in place of the witness's earlier one; False where that is of the same size or a larger one."""
    return await tx.one(_STORE, msgspec.structs.asdict(cosignature)) is not None


async def size_of(tx: ReadTransaction, witness: str) -> int:
    """The largest size that this witness cosigned, 0 before the first."""
    row = await tx.one(_SIZE, {"witness": witness})
    return 0 if row is None else int(row[0])


async def of_witnesses(tx: ReadTransaction) -> list[Cosignature]:
    """Of each witness that ever cosigned, the line over the largest checkpoint."""
    return [Cosignature(*row) for row in await tx.all(_ALL, {})]


async def lines(tx: ReadTransaction, size: int) -> list[str]:
    """Every line over the checkpoint of exactly this size."""
    return [str(row[0]) for row in await tx.all(_LINES, {"size": size})]


async def newest_cosigned(tx: ReadTransaction) -> tuple[int, str] | None:
    """Size and signed note of the largest checkpoint that any witness cosigned last."""
    row = await tx.one(_NEWEST, {})
    return None if row is None else (int(row[0]), str(row[1]))
