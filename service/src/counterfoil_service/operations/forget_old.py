# SPDX-License-Identifier: Apache-2.0
"""Delete what nobody needs any more: a bounded batch, to be repeated while there is more [R112, R134]."""

from counterfoil_service.core.event_buckets import KEPT, forgotten_before
from counterfoil_service.core.login import EXPIRED_ANSWER_WINDOW, SECOND
from counterfoil_service.db import (
    authorization_codes,
    event_counts,
    four_eyes,
    mail_reports,
    mailings,
    operator_links,
    proofs,
    retention,
)
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.check_budgets import mailed_from

_DAY = 86_400 * SECOND
SOURCE_RETENTION = 30 * _DAY
"""For this long the coarse form of an address stands beside an event [R112]."""

REPORT_RETENTION = 7 * _DAY
"""For this long a provider's report is known again: none tries for longer than two days."""


async def forget_old(tx: Transaction, limit: int, context: Context) -> int:
    """At most `limit` rows of each kind; how many there were of whichever were most."""
    now, budgets = context.now, context.settings.budgets
    used = now - context.settings.login_retention * SECOND
    # Their devices are still told that they expired, and budgets count them.
    unused = now - max(
        EXPIRED_ANSWER_WINDOW,
        *(each.window for each in (budgets.device_key, budgets.address_range, budgets.mailbox_live_logins)),
    )
    mailed = min(now - _DAY, mailed_from(budgets, now))
    return max(
        await retention.forget_unused(tx, before=unused, limit=limit),
        await retention.forget_refused(tx, before=used, limit=limit),
        await retention.forget_sessions(tx, before=used, limit=limit),
        await retention.forget_mail(tx, before=used, limit=limit),
        await retention.forget_alerts(tx, before=used, limit=limit),
        await retention.forget_sources(tx, before=now - SOURCE_RETENTION, limit=limit),
        await four_eyes.purge_requests(tx, before=used, limit=limit),
        await mailings.purge(tx, before=mailed, limit=limit),
        await mail_reports.purge(tx, before=now - REPORT_RETENTION, limit=limit),
        await operator_links.purge(tx, before=now, limit=limit),
        await proofs.purge(tx, now=now, limit=limit),
        await authorization_codes.purge(tx, before=now - _DAY, limit=limit),
        *[
            await event_counts.forget_counts(tx, width, before=forgotten_before(width, now), limit=limit)
            for width in KEPT
        ],
    )
