# SPDX-License-Identifier: Apache-2.0
"""What the page behind a notice mail may say of its session. Reads alone: a GET changes nothing [R18]."""

import msgspec

from counterfoil_service.crypto.keys import digest
from counterfoil_service.db import applications, devices, logins, sessions, users
from counterfoil_service.db.devices import Device
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.db.sessions import Session
from counterfoil_service.db.users import User


class NoticeView(msgspec.Struct, frozen=True):
    """A session, over or not, whose device is a known one, and whose it is.

    `device_label` is what the device called itself when it asked.
    """

    session: Session
    device: Device
    user: User
    application_name: str
    device_label: str | None


async def describe_notice(tx: ReadTransaction, secret: str) -> NoticeView | None:
    """The session behind a notice's secret until its device is forgotten; None for all else, whatever the reason."""
    session = await sessions.by_notice(tx, digest(secret))
    device = await devices.get(tx, session.device_id or "") if session else None
    if session is None or device is None:
        return None
    user = await users.get(tx, session.user_id)
    application = await applications.get(tx, session.application_id)
    if user is None or application is None:
        return None
    login = await logins.get(tx, session.login_id)
    return NoticeView(session, device, user, application.name, login.device_label if login else None)
