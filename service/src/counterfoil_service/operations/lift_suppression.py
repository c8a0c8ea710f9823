# SPDX-License-Identifier: Apache-2.0
"""Let an address have mail again that came back or was unwanted: an operator knows better by now."""

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.db import audit, suppressions
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.suppressions import Suppression
from counterfoil_service.operations.find_person import mailbox_of

LONGEST_NOTE = 200


class LiftSuppression(msgspec.Struct, frozen=True):
    """`note` is why, in the operator's words: sealed with the address, as it may name somebody."""

    address: str
    note: str

    def __repr__(self) -> str:
        return "LiftSuppression(...)"


async def lift_suppression(tx: Transaction, command: LiftSuppression, context: Context) -> Suppression:
    """What there was; a Refusal where mail goes to that address as to any other."""
    note = command.note.strip()
    if not note or len(note) > LONGEST_NOTE or not note.isprintable():
        raise Refusal(ErrorCode.INVALID_REQUEST, f"--reason must be one line of 1 to {LONGEST_NOTE} characters")
    mailbox = mailbox_of(command.address, context.keys)
    lifted = await suppressions.lift(tx, mailbox)
    if lifted is None:
        raise Refusal(
            ErrorCode.INVALID_REQUEST,
            "this address is not suppressed: see `counterfoil suppressions list` for those that are",
        )
    event = AuditEvent(
        name=EventName.SUPPRESSION_LIFTED,
        fields={"operator": context.actor},
        personal={"address": lifted.address, "stated_reason": note},
    )
    await audit.append(tx, context, event, mailbox=mailbox)
    return lifted
