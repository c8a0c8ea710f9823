# SPDX-License-Identifier: Apache-2.0
"""Forget a device: its sessions end, and its next sign-in is a new device's again.

A browser is one device in many applications: whichever of its rows was named, all of them go.
"""

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.db import audit, devices, sessions
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.enrol_device import no_device
from counterfoil_service.operations.record_ended_sessions import record_ended_sessions


class ForgetDevice(msgspec.Struct, frozen=True):
    """Whether the caller may do it was checked before; `reason` is that of its sessions' end."""

    device_id: str
    reason: str


async def forget_device(tx: Transaction, command: ForgetDevice, context: Context) -> list[str]:
    """The ids of the sessions that ended with it; a Refusal where there is no such device.

    It is deleted before its sessions end: a sign-in that met it in the same instant holds its row, so that session is
    there by then.
    """
    named = await devices.get(tx, command.device_id)
    if named is None:
        raise no_device()
    ended: list[str] = []
    operator = context.actor if command.reason == "forgotten_by_operator" else None
    forgotten = await devices.forget_key(tx, user_id=named.user_id, key_id=named.key_id)
    if named.id not in {device.id for device in forgotten}:
        raise no_device()
    for device in forgotten:
        event = AuditEvent(
            name=EventName.DEVICE_FORGOTTEN,
            reason=command.reason,
            application_id=device.application_id,
            subject=device.user_id,
            fields={"device": device.id} if operator is None else {"device": device.id, "operator": operator},
        )
        await audit.append(tx, context, event)
        over = await sessions.end_at(tx, user_id=device.user_id, device_id=device.id, now=context.now)
        await record_ended_sessions(tx, over, context, reason=command.reason, operator=operator)
        ended += [session.id for session in over]
    return ended
