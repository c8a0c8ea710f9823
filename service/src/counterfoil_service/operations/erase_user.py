# SPDX-License-Identifier: Apache-2.0
"""Forget a person: the mailbox's key is destroyed, and with it all that was sealed under it [R133].

What stays in the audit log is ciphertext that nobody can read any more, under a keyed hash of the address.
"""

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.four_eyes import target_of
from counterfoil_service.db import alerts, audit, devices, erasure, four_eyes, mailbox_keys, users
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.find_person import find_person, mailbox_of, nobody
from counterfoil_service.operations.look_up_mailbox import named_by_hash
from counterfoil_service.operations.shut_out import Ended, ShutOut, shut_out
from counterfoil_service.operations.use_grant import UseGrant, use_grant


class Erased(msgspec.Struct, frozen=True):
    """`subject` None: the mailbox only ever asked for links."""

    subject: str | None
    ended: Ended


async def erase_user(tx: Transaction, who: str, context: Context) -> Erased:
    """By address or subject; by address also one that was typed into an app and never signed in.

    The console, which keeps addresses out of its URLs, names such a mailbox by its keyed hash.
    """
    mailbox = await _whose(tx, who, context)
    ended = await shut_out(tx, ShutOut(mailbox, "user_erased"), context)
    subject = ended.user_id
    target = target_of(mailbox, subject)
    granted_by = await use_grant(tx, UseGrant("erase", target), context)
    if subject is not None:
        await devices.forget_all(tx, subject)
        await users.erase(tx, subject)
    await erasure.blank(tx, mailbox)
    await four_eyes.blank_reasons(tx, mailbox, target)
    await alerts.blank_whys(tx, mailbox, subject)
    if not await mailbox_keys.destroy(tx, mailbox) and subject is None:
        raise nobody()
    fields: dict[str, str | int] = {"operator": context.actor}
    if granted_by is not None:
        fields["granted_by"] = granted_by
    await audit.append(tx, context, AuditEvent(name=EventName.USER_ERASED, subject=subject, fields=fields))
    return Erased(subject, ended)


async def _whose(tx: Transaction, who: str, context: Context) -> bytes:
    if "@" not in who:
        hashed = named_by_hash(who)
        if hashed is not None:
            return hashed
        return (await find_person(tx, who, context.keys)).mailbox
    return mailbox_of(who, context.keys)
