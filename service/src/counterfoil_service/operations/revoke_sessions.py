# SPDX-License-Identifier: Apache-2.0
"""An operator ends one session, all of a person, or all there are [R87]."""

from typing import Literal

import msgspec

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.db import sessions
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.find_person import find_person
from counterfoil_service.operations.record_ended_sessions import record_ended_sessions

Which = Literal["one", "person", "every"]


class RevokeSessions(msgspec.Struct, frozen=True):
    """`name` is a session's id for `one`, an address or subject for `person`."""

    which: Which
    name: str = ""


async def revoke_sessions(tx: Transaction, command: RevokeSessions, context: Context) -> list[str]:
    """The ids of the sessions that ended; a Refusal where `one` names none that lives."""
    match command.which:
        case "one":
            ended = await sessions.end_where(tx, now=context.now, id=command.name)
            if not ended:
                raise Refusal(
                    ErrorCode.INVALID_REQUEST, "no living session has this id: see `counterfoil sessions list`"
                )
        case "person":
            user = await find_person(tx, command.name, context.keys)
            ended = await sessions.end_where(tx, now=context.now, user_id=user.id)
        case "every":
            ended = await sessions.end_every(tx, now=context.now)
    await record_ended_sessions(tx, ended, context, reason="revoked_by_operator", operator=context.actor)
    return [session.id for session in ended]
