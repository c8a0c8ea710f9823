# SPDX-License-Identifier: Apache-2.0
"""Let a waiting device in, where an application takes known ones only: its next sign-in succeeds."""

from typing import Literal

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.db import audit, devices
from counterfoil_service.db.devices import Device
from counterfoil_service.db.engine import Context, Transaction


class EnrolDevice(msgspec.Struct, frozen=True):
    """Whether `by` may do it was checked before."""

    device_id: str
    by: Literal["operator", "known_device"]


async def enrol_device(tx: Transaction, command: EnrolDevice, context: Context) -> Device:
    """The device, known from now on; a Refusal where none of this id waits."""
    device = await devices.get(tx, command.device_id)
    if device is None:
        raise no_device()
    if not await devices.enrol(tx, device.id):
        raise Refusal(ErrorCode.INVALID_REQUEST, "this device is known already: nothing was changed")
    event = AuditEvent(
        name=EventName.DEVICE_ENROLLED,
        application_id=device.application_id,
        subject=device.user_id,
        fields={"device": device.id, "by": command.by}
        | ({"operator": context.actor} if command.by == "operator" else {}),
    )
    await audit.append(tx, context, event)
    return msgspec.structs.replace(device, state="known")


def no_device() -> Refusal:
    """Says where the known ones stand."""
    return Refusal(ErrorCode.INVALID_REQUEST, "no device has this id: see `counterfoil devices list`")
