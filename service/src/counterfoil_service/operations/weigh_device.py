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
from counterfoil_service.db.users import User
from counterfoil_service.operations.queue_notice import notice_secret, queue_notice
from counterfoil_service.operations.record_changed_device import ChangedDevice, record_changed_device

NOTICE_PAUSE = 86_400 * SECOND
"""A device's person hears of changes once a day at most: whoever holds its tokens could make it look new each time."""


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
    device = await devices.get(tx, session.device_id or "")
    stored = None if device is None else decoded(device.fingerprint)
    if application.fingerprint == "required" and session.jkt is not None:
        _demand(stored, seen)
    return None if device is None else Weighed(application, device, seen, compare(stored, seen))


def _demand(stored: Evidence | None, seen: Evidence | None) -> None:
    """An empty one will do only where there never was more: a machine without an id has no more to send."""
    if seen is None or (stored is not None and stored.attributes and not seen.attributes):
        raise needs_fingerprint()


async def follow_device(tx: Transaction, weighed: Weighed, session: Session, context: Context) -> None:
    """After a refresh: a drift becomes what is compared with next; what looks like another machine is told, once.

    It is compared with what it was until its person signs in again, so that no row of small steps leads to another
    machine. Each write names what it was decided by: of refreshes that overlap one records and tells.
    """
    if weighed.comparison.band is Band.NORMAL:
        if await _remember(tx, weighed) and weighed.comparison.differing:
            await _record(tx, weighed, session, context, told=False)
        return
    device = weighed.device
    pause_over = device.told_at is None or context.now >= device.told_at + NOTICE_PAUSE
    mails = pause_over and weighed.application.new_devices != "allow"
    told_at = context.now if mails else device.told_at
    if not await devices.tell(tx, device.id, weighed.comparison.finding, told_at=told_at):
        return
    user = await _record(tx, weighed, session, context, told=mails)
    secret = notice_secret(context.keys, session.id)
    await sessions.mark_changed(tx, session.id, now=context.now, notice_hash=digest(secret))
    if mails:
        await queue_notice(tx, session, user, "change", context)


async def refuse_other_machine(tx: Transaction, weighed: Weighed, session: Session, context: Context) -> None:
    """Record why a fresh sign-in is demanded."""
    await _record(tx, weighed, session, context, told=False)


async def _remember(tx: Transaction, weighed: Weighed) -> bool:
    device, seen, stored = weighed.device, weighed.seen, decoded(weighed.device.fingerprint)
    if seen is None:
        return False
    baseline = (stored.followed_by(seen) if stored else seen).encode()
    if baseline == device.fingerprint and device.told is None:
        return False
    return await devices.remember(tx, device, baseline, told_at=device.told_at)


async def _record(tx: Transaction, weighed: Weighed, session: Session, context: Context, *, told: bool) -> User:
    user = await users.get(tx, session.user_id)
    assert user is not None  # noqa: S101 - a session's person was read in this transaction
    changed = ChangedDevice(
        weighed.device, weighed.comparison, "refresh", session.login_id, told=told, session_id=session.id
    )
    await record_changed_device(tx, changed, context, user.mailbox)
    return user
