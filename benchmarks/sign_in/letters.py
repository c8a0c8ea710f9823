# SPDX-License-Identifier: Apache-2.0
"""The links that wait in an outbox, read by whoever has its secret key: in the comparison nobody writes mails."""

import os
import time
from collections.abc import Sequence

from sqlalchemy import select

from counterfoil_service.crypto.keys import unseal
from counterfoil_service.db.open import open_database
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import constant, parameter
from counterfoil_service.db.tables import outbox
from counterfoil_service.db.unlock import unlock
from counterfoil_service.settings import Settings

_OF_LOGIN = Statement(
    select(outbox.c.id, outbox.c.sealed_secret).where(
        outbox.c.login_id == parameter("login_id"), outbox.c.kind == constant("link")
    )
)


async def links_of(settings: Settings, login_ids: Sequence[str]) -> dict[str, str]:
    """The link's secret of each login."""
    database = await open_database(settings.database_url.reveal())
    try:
        keys = await unlock(database, settings, clock=_now, entropy=os.urandom)
        found: dict[str, str] = {}
        for login_id in login_ids:
            row = await database.read(lambda tx, login_id=login_id: tx.one(_OF_LOGIN, {"login_id": login_id}))
            mail_id, sealed = row
            found[login_id] = unseal(keys.seal_outbox, sealed, associated=mail_id.encode()).decode()
        return found
    finally:
        await database.close()


def _now() -> int:
    return time.time_ns() // 1000
