# SPDX-License-Identifier: Apache-2.0
"""Lay what a refresh brings beside what its device was last: drift is followed, another machine is not [R103-R105]."""

import msgspec

from counterfoil_service.core.application import Application
from counterfoil_service.core.evidence import Band, Comparison, Evidence, compare, decoded
from counterfoil_service.core.login import SECOND
from counterfoil_service.core.polling import needs_fingerprint
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db import devices, sessions, users
from counterfoil_service.db.devices import Device
from counterfoil_service.db.engine import Context, ReadTransaction, Transaction
from counterfoil_service.db.sessions import Session
from counterfoil_service.operations.queue_notice import notice_secret, queue_notice
from counterfoil_service.operations.record_changed_device import ChangedDevice, record_changed_device

NOTICE_PAUSE = 86_400 * SECOND
"""A session's owner hears of a change once a day at most: whoever holds its tokens could make it look new each time."""


class Weighed(msgspec.Struct, frozen=True):
    """A session's device beside what it now says of itself."""

    application: Application
    device: Device
    seen: Evidence | None
    comparison: Comparison


async def weigh_device(
    tx: ReadTransaction, session: Session, application: Application, seen: Evidence | None
) -> Weighed | None:
    """None where there is nothing to weigh: no device, or an application without fingerprints."""
    if application.fingerprint == "off":
        return None
    if application.fingerprint == "required" and seen is None:
        raise needs_fingerprint()
    device = await devices.get(tx, session.device_id or "")
    if device is None:
        return None
    return Weighed(application, device, seen, compare(decoded(device.fingerprint), seen))


async def follow_device(tx: Transaction, weighed: Weighed, session: Session, context: Context) -> None:
    """After a refresh: remember what was seen, and tell the person where it looks like another machine."""
    comparison = weighed.comparison
    await _remember(tx, weighed)
    tells = comparison.band is Band.NOTIFY and _may_tell(session, context.now)
    if not tells and not comparison.differing:
        return
    user = await users.get(tx, session.user_id)
    assert user is not None  # noqa: S101 - a session's person was read in this transaction
    await record_changed_device(tx, _changed(weighed, session), context, user.mailbox)
    if not tells:
        return
    secret = notice_secret(context.keys, session.id)
    await sessions.mark_changed(tx, session.id, now=context.now, notice_hash=digest(secret))
    if weighed.application.new_devices != "allow":
        await queue_notice(tx, session, user, "change", context)


async def refuse_other_machine(tx: Transaction, weighed: Weighed, session: Session, context: Context) -> None:
    """Record why a fresh sign-in is demanded."""
    user = await users.get(tx, session.user_id)
    mailbox = user.mailbox if user else b""
    await record_changed_device(tx, _changed(weighed, session), context, mailbox)


async def _remember(tx: Transaction, weighed: Weighed) -> None:
    device, seen, stored = weighed.device, weighed.seen, decoded(weighed.device.fingerprint)
    if seen is None:
        return
    baseline = (stored.followed_by(seen) if stored else seen).encode()
    if baseline != device.fingerprint:
        await devices.remember(tx, device.id, baseline)


def _may_tell(session: Session, now: int) -> bool:
    return session.changed_at is None or now >= session.changed_at + NOTICE_PAUSE


def _changed(weighed: Weighed, session: Session) -> ChangedDevice:
    return ChangedDevice(weighed.device, weighed.comparison, "refresh", session.login_id, session.id)
