# SPDX-License-Identifier: Apache-2.0
"""A second operator grants or declines what another one asked for. One conditional write decides among several."""

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.four_eyes import USE_WITHIN, needs_nobody, refusal_to_decide
from counterfoil_service.db import audit, four_eyes
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.why_not_relayed import why_not_relayed


class DecideRequest(msgspec.Struct, frozen=True):
    """`granted`: whether they agree."""

    request_id: str
    granted: bool


async def decide_request(tx: Transaction, command: DecideRequest, context: Context) -> None:
    """A Refusal where it is their own, was decided before, its time is over, or it could not be done any more."""
    request = await four_eyes.get_request(tx, command.request_id)
    if request is None:
        raise refusal_to_decide(None, context.actor, context.now)
    if request.act not in context.settings.four_eyes:
        raise needs_nobody()
    erases = request.act == "erase"
    until = context.now + USE_WITHIN if erases and command.granted else request.expires_at
    decided = await four_eyes.decide(
        tx, request.id, by=context.actor, granted=command.granted, now=context.now, expires_at=until
    )
    if not decided:
        now = await four_eyes.get_request(tx, request.id)
        raise refusal_to_decide(now, context.actor, context.now)
    if command.granted and not erases and (refusal := await why_not_relayed(tx, request.target, context)):
        raise refusal
    event = AuditEvent(
        name=EventName.FOUR_EYES_GRANTED if command.granted else EventName.FOUR_EYES_DECLINED,
        login_id=None if erases else request.target,
        subject=request.target if erases else None,
        fields={
            "operator": context.actor,
            "act": request.act,
            "request": request.id,
            "requested_by": request.requested_by,
        },
    )
    await audit.append(tx, context, event)
