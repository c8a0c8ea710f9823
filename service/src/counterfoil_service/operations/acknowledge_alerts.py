# SPDX-License-Identifier: Apache-2.0
"""An operator acknowledges alerts, and says why: once for each, whoever presses first."""

from typing import Final

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.identifiers import is_ulid
from counterfoil_service.core.relaying import check_reason
from counterfoil_service.db import alerts, audit
from counterfoil_service.db.engine import Context, Transaction

MOST_AT_ONCE: Final = 100


class AcknowledgeAlerts(msgspec.Struct, frozen=True):
    """All of one kind: one reason seldom holds for several."""

    ids: tuple[str, ...]
    reason: str

    def __repr__(self) -> str:
        return f"AcknowledgeAlerts(ids={self.ids!r})"


async def acknowledge_alerts(tx: Transaction, command: AcknowledgeAlerts, context: Context) -> int:
    """How many it were: those that somebody acknowledged before stay as they are.

    A Refusal, with nothing done, for a reason that says nothing, none or too many alerts, or alerts of several kinds.
    """
    reason = check_reason(command.reason)
    # In one order by everybody, so that no two wait for each other.
    ids = sorted({each for each in command.ids if is_ulid(each)})
    if not ids:
        raise Refusal(ErrorCode.INVALID_REQUEST, "alert: choose at least one")
    if len(ids) > MOST_AT_ONCE:
        raise Refusal(ErrorCode.INVALID_REQUEST, f"alert: choose {MOST_AT_ONCE} at most")
    found = [each for each in [await alerts.get(tx, alert_id) for alert_id in ids] if each is not None]
    if len({each.kind for each in found}) > 1:
        raise Refusal(ErrorCode.INVALID_REQUEST, "alert: choose alerts of one kind, as one reason is said of them all")
    count = 0
    for alert in found:
        if await alerts.acknowledge(tx, alert.id, operator=context.actor, reason=reason, now=context.now):
            fields = {"operator": context.actor, "alert": alert.id, "kind": alert.kind}
            await audit.append(tx, context, AuditEvent(name=EventName.ALERT_ACKNOWLEDGED, fields=fields))
            count += 1
    return count
