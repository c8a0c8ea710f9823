# SPDX-License-Identifier: Apache-2.0
"""People as operators look for them: page by page, the newest first, or by the beginning of an address."""

from typing import Any, Final, Literal

import msgspec
from sqlalchemy import ColumnElement, collate, func, select, tuple_

from counterfoil_service.core.row_cursor import BEFORE_ALL, RowCursor
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import first_rows, parameter
from counterfoil_service.db.tables import sessions, users
from counterfoil_service.db.users import User

Standing = Literal["all", "unverified", "verified", "disabled", "invited"]

_u, _s = users.c, sessions.c
_theirs = _s.user_id == _u.id
# Spelt as the indexes spell them: each has one of its own, as there may be few of a kind among many.
_STANDING: Final[dict[Standing, "list[ColumnElement[bool]]"]] = {
    "all": [],
    "verified": [_u.disabled_at.is_(None), _u.verified_at.is_not(None)],
    "unverified": [_u.disabled_at.is_(None), _u.verified_at.is_(None), _u.invited_at.is_(None)],
    "invited": [_u.disabled_at.is_(None), _u.verified_at.is_(None), _u.invited_at.is_not(None)],
    "disabled": [_u.disabled_at.is_not(None)],
}
STANDINGS: Final[tuple[Standing, ...]] = ("all", "verified", "unverified", "invited", "disabled")

_found = select(
    *users.columns,
    select(func.count()).select_from(sessions).where(_theirs, _s.ended_at.is_(None)).scalar_subquery(),
    select(func.max(_s.last_used_at)).where(_theirs).scalar_subquery(),
)
_PAGE = {
    standing: Statement(
        first_rows(
            _found.where(
                *conditions, tuple_(_u.created_at, _u.id) < tuple_(parameter("before_time"), parameter("before_id"))
            ).order_by(_u.created_at.desc(), _u.id.desc())
        )
    )
    for standing, conditions in _STANDING.items()
}


def _beginning(address: "ColumnElement[Any]") -> "Any":
    # Whatever an engine and its locale take for lower case, they take it on both sides.
    typed = func.lower(parameter("beginning"))
    behind = typed.concat(parameter("last"))
    fitting = _found.where(address >= typed, address < behind)
    return first_rows(fitting.order_by(address))


_BEGINNING = Statement(_beginning(func.lower(_u.address)), postgresql=_beginning(collate(func.lower(_u.address), "C")))
_LAST_CHARACTER: Final = "\U0010ffff"


class PersonRow(msgspec.Struct, frozen=True):
    """`sessions`: how many nobody ended; `last_used_at`: of any of theirs, None where there was none."""

    user: User
    sessions: int
    last_used_at: int | None


class PeoplePage(msgspec.Struct, frozen=True):
    """`following` None: there is nobody behind."""

    people: list[PersonRow]
    following: RowCursor | None


async def people_page(tx: ReadTransaction, standing: Standing, after: RowCursor | None, limit: int) -> PeoplePage:
    """At most `limit` people behind `after`, the newest first."""
    start = after or BEFORE_ALL
    values = {"before_time": start.time, "before_id": start.id, "limit": limit + 1}
    people = [_person(row) for row in await tx.all(_PAGE[standing], values)]
    shown = people[:limit]
    last = shown[-1].user if len(people) > limit else None
    return PeoplePage(shown, None if last is None else RowCursor(last.created_at, last.id))


async def people_beginning(tx: ReadTransaction, beginning: str, limit: int) -> list[PersonRow]:
    """At most `limit` people whose address begins so, in whatever case, by address."""
    values = {"beginning": beginning, "last": _LAST_CHARACTER, "limit": limit}
    return [_person(row) for row in await tx.all(_BEGINNING, values)]


def _person(row: "Any") -> PersonRow:
    return PersonRow(User(*row[:-2]), int(row[-2]), row[-1])
