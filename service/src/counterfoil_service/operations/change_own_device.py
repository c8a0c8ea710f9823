# SPDX-License-Identifier: Apache-2.0
"""A person enrols or forgets a device of their own, from a session that is fresh [R87, R89]."""

from typing import Literal

import msgspec

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.identifiers import is_ulid
from counterfoil_service.core.session import require_fresh
from counterfoil_service.crypto.dpop import Proof
from counterfoil_service.db import devices, proofs
from counterfoil_service.db.devices import Device
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.sessions import Session
from counterfoil_service.operations.enrol_device import EnrolDevice, enrol_device
from counterfoil_service.operations.forget_device import ForgetDevice, forget_device

DeviceAction = Literal["enrol", "forget"]


class ChangeOwnDevice(msgspec.Struct, frozen=True):
    """`asking` is the session in which the person asks."""

    device_id: str
    action: DeviceAction
    asking: Session
    proof: Proof | None = None


async def change_own_device(tx: Transaction, command: ChangeOwnDevice, context: Context) -> None:
    """A Refusal where the person has no such device, may not do this to it from here, or signed in too long ago."""
    asking = command.asking
    require_fresh(asking.auth_time, context.now)
    if command.proof is not None:
        await proofs.spend(tx, command.proof, now=context.now)
    device = await devices.get(tx, command.device_id) if is_ulid(command.device_id) else None
    if device is None or not await _may(tx, device, command):
        raise Refusal(ErrorCode.NOT_FOUND, "You have no device of this id with which this can be done from here.")
    if command.action == "forget":
        await forget_device(tx, ForgetDevice(device.id, "device_forgotten"), context)
    else:
        await enrol_device(tx, EnrolDevice(device.id, "known_device"), context)


async def _may(tx: Transaction, device: Device, command: ChangeOwnDevice) -> bool:
    """Forget any of one's own; enrol one that waits, from a known device of the same application."""
    asking = command.asking
    if device.user_id != asking.user_id:
        return False
    if command.action == "forget":
        return True
    own = await devices.get(tx, asking.device_id or "")
    vouches = own is not None and own.state == "known" and own.application_id == device.application_id
    return vouches and device.state == "waiting"
