# SPDX-License-Identifier: Apache-2.0
"""Take alerts that a target is due to be told of, so that two replicas do not tell it the same."""

import msgspec

from counterfoil_service.core.login import SECOND
from counterfoil_service.db import alert_pushes, alerts
from counterfoil_service.db.alert_pushes import Push
from counterfoil_service.db.alerts import Alert
from counterfoil_service.db.engine import Context, Transaction

PUSH_LEASE_SECONDS = 60
"""Longer than any of them may take, so that two workers never hold one."""


class ClaimPushes(msgspec.Struct, frozen=True):
    """At most `limit` of a target, by its name."""

    target: str
    limit: int


class ClaimedPush(msgspec.Struct, frozen=True):
    """What is to be told, as it is by now."""

    push: Push
    alert: Alert


async def claim_pushes(tx: Transaction, command: ClaimPushes, context: Context) -> list[ClaimedPush]:
    """Those that are due, leased for a minute."""
    leased_until = context.now + PUSH_LEASE_SECONDS * SECOND
    pushes = await alert_pushes.claim_due(
        tx, command.target, now=context.now, leased_until=leased_until, limit=command.limit
    )
    found = [(push, await alerts.get(tx, push.alert_id)) for push in pushes]
    return [ClaimedPush(push, alert) for push, alert in found if alert is not None]
