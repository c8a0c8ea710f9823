# SPDX-License-Identifier: Apache-2.0
"""Measure who asks against the budgets [R94, R95]: those of the caller refuse, those of the mailbox only tell."""

from collections.abc import Sequence
from typing import Any

import msgspec

from counterfoil_service.core import identifiers
from counterfoil_service.core.budget import LENGTHENED, REPORT_WEIGHT, Budget, Budgets, LimitRefusal, Quota
from counterfoil_service.core.email_address import EmailAddress
from counterfoil_service.core.login import SECOND
from counterfoil_service.crypto.keys import Keys, keyed
from counterfoil_service.db import usage as usages
from counterfoil_service.db.engine import Context, Query, Row
from counterfoil_service.db.usage import Usage


class Asker(msgspec.Struct, frozen=True):
    """Who asks for a link, by keyed hashes alone; `jkt` None without a key.

    `key_id` is what a device is known by, a browser's cookie too; `device` names it together with the mailbox: what a
    known one asks for is counted under that name [R97].
    """

    mailbox: bytes
    source_range: bytes
    jkt: str | None
    key_id: str | None
    device: bytes


def asker_of(address: EmailAddress, source_range: str, jkt: str | None, browser: bytes | None, keys: Keys) -> Asker:
    """The keyed hashes of a request."""
    mailbox = keyed(keys.mailbox, address.canonical.encode())
    key_id = jkt or (identifiers.base64url(browser) if browser else None)
    device = keyed(keys.mailbox, mailbox, (key_id or "").encode())
    return Asker(mailbox, keyed(keys.source, source_range.encode()), jkt, key_id, device)


def measuring(asker: Asker, context: Context) -> Query:
    """For `gather`: what `check_budgets` is then given."""
    return usages.asking(_parameters(asker, context))


def check_budgets(rows: Sequence[Row], context: Context, *, known: bool, crowded: LimitRefusal | None) -> Usage:
    """What counts against the mailbox; a LimitRefusal where the device or its network has asked too often.

    `known`: this device has signed in to the mailbox before, so what its network and others of its application asked
    for does not stand in its way, as long as it keeps within budgets of its own. `crowded` is what the others' say.
    """
    usage, budgets = usages.found(rows), context.settings.budgets
    _refuse("device_key", usage.device_key, usage.device_key_since, budgets.device_key, context.now)
    if not known or is_over_budget(usage, budgets, known=True):
        _refuse("address_range", usage.address_range, usage.address_range_since, budgets.address_range, context.now)
        if crowded is not None:
            raise crowded
    return usage


def is_over_budget(usage: Usage, budgets: Budgets, *, known: bool) -> bool:
    """Whether the mailbox gets no more mail now; a known device has budgets of its own [R97]."""
    if known:
        return (
            usage.device_mails >= budgets.known_device_mails.count
            or usage.device_daily_mails >= budgets.known_device_daily_mails.count
        )
    flooded = is_flooded(usage.unanswered_mails, usage.reports, budgets)
    mails = usage.lengthened_mails if flooded else usage.mailbox_mails
    return (
        mails >= budgets.mailbox_mails.count
        or usage.mailbox_daily_mails >= budgets.mailbox_daily_mails.count
        or usage.mailbox_live_logins >= budgets.mailbox_live_logins.count
    )


def is_flooded(unanswered: int, reports: int, budgets: Budgets) -> bool:
    """Whether somebody goes on asking for links that nobody answers, or that were reported [R100]."""
    return unanswered + REPORT_WEIGHT * reports >= budgets.mailbox_unanswered.count


def quota_of(usage: Usage, budgets: Budgets, now: int, *, known: bool) -> Quota:
    """What is left for other devices of the caller's network, once this one has been let in; a known one takes none."""
    budget = budgets.address_range
    since = usage.address_range_since or now
    return Quota(
        "address_range", budget, max(0, budget.count - usage.address_range - (not known)), _wait(since, budget, now)
    )


def mailed_from(budgets: Budgets, now: int) -> int:
    """The oldest mail that any budget counts."""
    longest = (
        budgets.mailbox_mails.window * LENGTHENED,
        budgets.mailbox_daily_mails.window,
        budgets.mailbox_unanswered.window,
        budgets.known_device_mails.window,
        budgets.known_device_daily_mails.window,
    )
    return now - max(longest)


def _parameters(asker: Asker, context: Context) -> "dict[str, Any]":
    budgets, now = context.settings.budgets, context.now
    return {
        "now": now,
        "mailbox": asker.mailbox,
        "device": asker.device,
        "mailed_from": mailed_from(budgets, now),
        "mails_from": now - budgets.mailbox_mails.window,
        "lengthened_from": now - budgets.mailbox_mails.window * LENGTHENED,
        "daily_from": now - budgets.mailbox_daily_mails.window,
        "unanswered_from": now - budgets.mailbox_unanswered.window,
        "device_from": now - budgets.known_device_mails.window,
        "device_daily_from": now - budgets.known_device_daily_mails.window,
        "live_from": now - budgets.mailbox_live_logins.window,
        "jkt": asker.jkt,
        "jkt_from": now - budgets.device_key.window,
        "source_range": asker.source_range,
        "source_range_from": now - budgets.address_range.window,
    }


def _refuse(name: str, count: int, since: int | None, budget: Budget, now: int) -> None:
    if count >= budget.count and since is not None:
        raise LimitRefusal(name, budget, _wait(since, budget, now))


def _wait(since: int, budget: Budget, now: int) -> int:
    return max(1, -(-(since + budget.window - now) // SECOND))
