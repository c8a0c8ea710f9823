# SPDX-License-Identifier: Apache-2.0
"""Record that a device, known by its key, looks different from before: which attributes, and what came of it."""

from typing import Literal

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.evidence import Band, Comparison
from counterfoil_service.db import audit
from counterfoil_service.db.devices import Device
from counterfoil_service.db.engine import Context, Transaction


class ChangedDevice(msgspec.Struct, frozen=True):
    """Where it was noticed: at a sign-in, which the person approved, or at a refresh, which nobody did.

    `told`: a mail tells the person of it.
    """

    device: Device
    comparison: Comparison
    at: Literal["sign_in", "refresh"]
    login_id: str
    told: bool
    session_id: str | None = None


async def record_changed_device(tx: Transaction, changed: ChangedDevice, context: Context, mailbox: bytes) -> None:
    """Append `device.changed`. `is_new_logon` says what OCSF means by it: not the device of before."""
    device, band = changed.device, changed.comparison.band
    refused = band is Band.FRESH and changed.at == "refresh"
    event = AuditEvent(
        name=EventName.DEVICE_CHANGED,
        outcome="failure" if refused else "success",
        reason="fingerprint_mismatch" if refused else None,
        login_id=changed.login_id,
        application_id=device.application_id,
        session_id=changed.session_id,
        subject=device.user_id,
        jkt=device.key_id,
        fields={
            "device": device.id,
            "at": changed.at,
            "is_new_logon": int(band is not Band.NORMAL),
            "told": int(changed.told),
            **changed.comparison.fields,
        },
    )
    await audit.append(tx, context, event, mailbox=mailbox)
