# SPDX-License-Identifier: Apache-2.0
"""Write what became of an alert on its way: told, to be tried again, or given up.

No event tells of it: the alert's own event is in the log, and each try would be another one.
"""

import msgspec

from counterfoil_service.db import alert_pushes
from counterfoil_service.db.alert_pushes import Push
from counterfoil_service.db.engine import Context, Transaction


class Told(msgspec.Struct, frozen=True):
    """The target has it."""


class TellLater(msgspec.Struct, frozen=True):
    """It did not work this time: `problem` is a short code without a secret.

    `wait` is for how long the target wants to be left alone, in microseconds.
    """

    problem: str
    wait: int = 0


class NeverTold(msgspec.Struct, frozen=True):
    """The target will never take it."""

    problem: str


PushOutcome = Told | TellLater | NeverTold


class SettlePush(msgspec.Struct, frozen=True):
    """`push` is the row as it was claimed; `due_at` (microseconds UTC) belongs to another try."""

    push: Push
    outcome: PushOutcome
    due_at: int = 0


async def settle_push(tx: Transaction, command: SettlePush, context: Context) -> bool:
    """False, and nothing changes, when another worker has claimed the row since: that one's word counts."""
    push, outcome = command.push, command.outcome
    match outcome:
        case Told():
            return await alert_pushes.end(tx, push, "sent", None, now=context.now)
        case NeverTold():
            return await alert_pushes.end(tx, push, "failed", outcome.problem, now=context.now)
        case TellLater():
            return await alert_pushes.put_off(tx, push, outcome.problem, due_at=command.due_at)
