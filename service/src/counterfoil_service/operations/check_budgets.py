# SPDX-License-Identifier: Apache-2.0
"""Measure who asks against the budgets [R94, R95]: those of the caller refuse, those of the mailbox only tell."""

from collections.abc import Sequence
from typing import Any

import msgspec

from counterfoil_service.core.budget import Budget
from counterfoil_service.core.email_address import EmailAddress
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.login import SECOND
from counterfoil_service.crypto.keys import Keys, keyed
from counterfoil_service.db import usage as usages
from counterfoil_service.db.engine import Context, Query, Row
from counterfoil_service.db.usage import Usage


class Asker(msgspec.Struct, frozen=True):
    """Who asks for a link, by keyed hashes alone; `jkt` None without a key."""

    mailbox: bytes
    source_range: bytes
    jkt: str | None


def asker_of(address: EmailAddress, source_range: str, jkt: str | None, keys: Keys) -> Asker:
    """The keyed hashes of a request."""
    mailbox = keyed(keys.mailbox, address.canonical.encode())
    return Asker(mailbox, keyed(keys.source, source_range.encode()), jkt)


def measuring(asker: Asker, context: Context) -> Query:
    """For `gather`: what `check_budgets` is then given."""
    return usages.asking(_parameters(asker, context))


def check_budgets(rows: Sequence[Row], context: Context) -> Usage:
    """What counts against the mailbox; a Refusal where the device or its network has asked too often."""
    usage, budgets = usages.found(rows), context.settings.budgets
    device = "this device asked for a link"
    network = "too many links were asked for from your network"
    _refuse(usage.device_key, usage.device_key_since, budgets.device_key, device, context.now)
    _refuse(usage.address_range, usage.address_range_since, budgets.address_range, network, context.now)
    return usage


def _parameters(asker: Asker, context: Context) -> "dict[str, Any]":
    budgets, now = context.settings.budgets, context.now
    return {
        "now": now,
        "mailbox": asker.mailbox,
        "mails_from": now - budgets.mailbox_mails.window,
        "daily_from": now - budgets.mailbox_daily_mails.window,
        "live_from": now - budgets.mailbox_live_logins.window,
        "jkt": asker.jkt,
        "jkt_from": now - budgets.device_key.window,
        "source_range": asker.source_range,
        "source_range_from": now - budgets.address_range.window,
    }


def _refuse(count: int, since: int | None, budget: Budget, what: str, now: int) -> None:
    if count < budget.count or since is None:
        return
    wait = max(1, -(-(since + budget.window - now) // SECOND))
    raise Refusal(ErrorCode.SLOW_DOWN, f"{what} moments ago; try again in {wait} s", retry_after=wait)
