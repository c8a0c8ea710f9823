# SPDX-License-Identifier: Apache-2.0
"""Know a person's device again by its key, or let a new one in as the application's policy says [R89]."""

import msgspec

from counterfoil_service.core import identifiers
from counterfoil_service.core.application import Application
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.evidence import Band, compare, decoded
from counterfoil_service.db import audit, devices
from counterfoil_service.db.devices import Device
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.logins import Login
from counterfoil_service.db.users import User
from counterfoil_service.operations.record_changed_device import ChangedDevice, record_changed_device


class Admission(msgspec.Struct, frozen=True):
    """`device` is None, and new, where nothing tells it from others: neither a key nor a browser's cookie.

    `changed`: its key is known, and it looks like another machine.
    """

    device: Device | None
    new: bool
    refused: bool
    changed: bool = False


def key_id_of(login: Login) -> str | None:
    """What tells this device from others: the thumbprint of its key, or the hash of a browser's cookie."""
    return login.jkt or (identifiers.base64url(login.browser) if login.browser else None)


async def admit_device(
    tx: Transaction, application: Application, user: User, login: Login, context: Context
) -> Admission:
    """The device's row, made the first time; under `refuse` a new one waits until somebody enrols it."""
    key_id = key_id_of(login)
    if key_id is None:
        # Nothing tells it from a device that was never here: else leaving the proof out would keep the notice away.
        return Admission(None, new=True, refused=application.new_devices == "refuse")
    fresh = Device(
        id=identifiers.ulid(context.now, context.entropy),
        user_id=user.id,
        application_id=application.id,
        key_id=key_id,
        label=login.device_label,
        state="waiting" if application.new_devices == "refuse" else "known",
        first_seen_at=context.now,
        last_seen_at=context.now,
        fingerprint=login.fingerprint,
    )
    device = await devices.meet(tx, fresh)
    new = device.id == fresh.id
    refused = application.new_devices == "refuse" and device.state == "waiting"
    if new or refused:
        name = EventName.DEVICE_REFUSED if refused else EventName.DEVICE_FIRST_SEEN
        await _record(tx, name, device, login, context)
    changed = not new and not refused and await _has_changed(tx, application, device, login, context)
    return Admission(device, new=new, refused=refused, changed=changed)


async def _has_changed(
    tx: Transaction, application: Application, device: Device, login: Login, context: Context
) -> bool:
    """Whether there is something to tell. The person approved: what it is now is what it is compared with from now on.

    Where it now sends nothing it stays what it was, and that it does is told once.
    """
    stored, seen = decoded(device.fingerprint), decoded(login.fingerprint)
    comparison = compare(stored, seen)
    news = comparison.band is not Band.NORMAL
    told = news and application.new_devices != "allow"
    told_at = context.now if told else device.told_at
    if seen is not None:
        baseline = (stored.followed_by(seen) if stored else seen).encode()
        await devices.remember(tx, device, baseline, told_at=told_at)
    elif not (news and await devices.tell(tx, device.id, comparison.finding, told_at=told_at)):
        return False
    if news or comparison.differing:
        noticed = ChangedDevice(device, comparison, "sign_in", login.id, told=told)
        await record_changed_device(tx, noticed, context, login.mailbox)
    return news


async def _record(tx: Transaction, name: EventName, device: Device, login: Login, context: Context) -> None:
    refused = name is EventName.DEVICE_REFUSED
    event = AuditEvent(
        name=name,
        outcome="failure" if refused else "success",
        reason="new_device" if refused else None,
        login_id=login.id,
        application_id=device.application_id,
        subject=device.user_id,
        jkt=login.jkt,
        fields={"device": device.id},
        personal={"device_label": device.label or ""},
    )
    await audit.append(tx, context, event, mailbox=login.mailbox)
