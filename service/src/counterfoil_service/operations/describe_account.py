# SPDX-License-Identifier: Apache-2.0
"""Everything that a person sees of their own: living sessions, devices, and the last sign-ins."""

import msgspec

from counterfoil_service.core.session import Limits, ended_by
from counterfoil_service.db import applications, devices, sessions
from counterfoil_service.db.devices import Device
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.db.sessions import Listed

LAST_SIGN_INS = 10


class AccountView(msgspec.Struct, frozen=True):
    """`names` are those of the applications, by id."""

    sessions: list[Listed]
    devices: list[Device]
    sign_ins: list[Listed]
    names: dict[str, str]


async def describe_account(tx: ReadTransaction, user_id: str, limits: Limits, now: int) -> AccountView:
    """All of it as of one moment."""
    living = [listed for listed in await sessions.living(tx, user_id) if not _ended(listed, limits, now)]
    known = await devices.of_user(tx, user_id)
    sign_ins = await sessions.latest(tx, user_id, limit=LAST_SIGN_INS)
    ids = {listed.session.application_id for listed in [*living, *sign_ins]} | {each.application_id for each in known}
    names = {}
    for application_id in sorted(ids):
        application = await applications.get(tx, application_id)
        names[application_id] = application.name if application else application_id
    return AccountView(living, known, sign_ins, names)


def _ended(listed: Listed, limits: Limits, now: int) -> bool:
    session = listed.session
    limit = ended_by(created_at=session.created_at, last_used_at=session.last_used_at, limits=limits, now=now)
    return limit is not None
