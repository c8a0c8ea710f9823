# SPDX-License-Identifier: Apache-2.0
"""Everything that an operator sees of one person, or of a mailbox that only ever asked for links."""

import msgspec

from counterfoil_service.core.budget import REPORT_WEIGHT
from counterfoil_service.core.mailbox_budgets import (
    Mailed,
    UsedBudget,
    counted_mails,
    is_lengthened,
    used_budgets,
)
from counterfoil_service.core.operator import Operator
from counterfoil_service.db import mailbox_pages, operators, suppressions, users
from counterfoil_service.db import usage as usages
from counterfoil_service.db.engine import Context, ReadTransaction
from counterfoil_service.db.login_pages import LoginRow, latest_logins_of
from counterfoil_service.db.mailbox_pages import KeptMailbox, OwnedDevice
from counterfoil_service.db.sessions import Listed
from counterfoil_service.db.suppressions import Suppression
from counterfoil_service.db.users import User
from counterfoil_service.operations.check_budgets import mailed_from

AT_MOST = 100
"""Sessions and devices: whoever has more is no person."""
LATEST_LOGINS = 20
_MOST_MAILS = 1000


class MailboxView(msgspec.Struct, frozen=True):
    """`user` None: the mailbox has none. `address` is empty where nothing that is kept says it any more.

    `kept` None: it never asked for anything, or was erased; `operator`: the role that its person has here.
    """

    mailbox: bytes
    address: str
    user: User | None
    kept: KeptMailbox | None
    operator: Operator | None
    suppression: Suppression | None
    budgets: list[UsedBudget]
    flooded: bool
    logins: list[LoginRow]
    sessions: list[Listed]
    devices: list[OwnedDevice]

    def __repr__(self) -> str:
        return f"MailboxView(user={self.user!r})"


async def describe_mailbox(tx: ReadTransaction, mailbox: bytes, context: Context) -> MailboxView | None:
    """All of it as of one moment; None for a mailbox of which nothing is kept."""
    user = await users.by_mailbox(tx, mailbox)
    kept = await mailbox_pages.kept_mailbox(tx, mailbox)
    suppression = await suppressions.suppression_of(tx, mailbox)
    if user is None and kept is None and suppression is None:
        return None
    logins = await latest_logins_of(tx, mailbox, LATEST_LOGINS)
    mailed = await _mailed(tx, mailbox, context)
    return MailboxView(
        mailbox=mailbox,
        address=_address(user, suppression, logins),
        user=user,
        kept=kept,
        operator=await operators.by_mailbox(tx, mailbox),
        suppression=suppression,
        budgets=used_budgets(mailed, context.settings.budgets),
        flooded=is_lengthened(mailed.weight, context.settings.budgets),
        logins=logins,
        sessions=[] if user is None else await _living(tx, user, context),
        devices=[] if user is None else await mailbox_pages.latest_devices(tx, user.id, limit=AT_MOST),
    )


def _address(user: User | None, suppression: Suppression | None, logins: list[LoginRow]) -> str:
    if user is not None:
        return user.address
    typed = [each.address for each in logins if each.address]
    return typed[0] if typed else suppression.address if suppression is not None else ""


async def _living(tx: ReadTransaction, user: User, context: Context) -> list[Listed]:
    limits = context.settings.session_limits
    found = await mailbox_pages.latest_sessions(tx, user.id, limit=AT_MOST)
    return [each for each in found if each.session.lives(limits, context.now)]


async def _mailed(tx: ReadTransaction, mailbox: bytes, context: Context) -> Mailed:
    budgets, now = context.settings.budgets, context.now
    unanswered, reports = await usages.unanswered(tx, mailbox, since=now - budgets.mailbox_unanswered.window)
    weight = unanswered + REPORT_WEIGHT * reports
    sent = await mailbox_pages.mailed_instants(tx, mailbox, since=mailed_from(budgets, now), limit=_MOST_MAILS)
    live_from = now - budgets.mailbox_live_logins.window
    live = await mailbox_pages.live_logins(tx, mailbox, since=live_from, now=now, limit=_MOST_MAILS)
    return Mailed(
        mails=_ends(sent, counted_mails(budgets, flooded=is_lengthened(weight, budgets)).window, now),
        daily_mails=_ends(sent, budgets.mailbox_daily_mails.window, now),
        live_logins=sorted(min(began + budgets.mailbox_live_logins.window, ends) for began, ends in live),
        weight=weight,
    )


def _ends(sent: list[int], window: int, now: int) -> list[int]:
    return sorted(at + window for at in sent if at + window > now)
