# SPDX-License-Identifier: Apache-2.0
"""What the page behind a notice mail may say of its session. Reads alone: a GET changes nothing [R18]."""

import msgspec

from counterfoil_service.core.look import Look, look_of
from counterfoil_service.core.session import Limits
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db import applications, devices, logins, sessions, users
from counterfoil_service.db.devices import Device
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.db.sessions import Session
from counterfoil_service.db.users import User


class NoticeView(msgspec.Struct, frozen=True):
    """A session, over or not, whose device is a known one, and whose it is; without a key, a living session.

    `application_name` is that of the application which was signed in to, `device_label` what the device calls itself.
    """

    session: Session
    device: Device | None
    user: User
    application_name: str
    device_label: str | None
    language: str | None
    look: Look


async def describe_notice(tx: ReadTransaction, secret: str, now: int, limits: Limits) -> NoticeView | None:
    """What a notice's secret can still end; None for all else, whatever the reason."""
    session = await sessions.by_notice(tx, digest(secret))
    if session is None:
        return None
    device = await devices.get(tx, session.device_id or "")
    if device is None and (session.device_id is not None or not session.lives(limits, now)):
        return None
    user, login = await users.get(tx, session.user_id), await logins.get(tx, session.login_id)
    # A browser's session is at our own pages; the application that it was for stands in its login.
    application = await applications.get(tx, login.application_id) if login else None
    if user is None or login is None or application is None:
        return None
    return NoticeView(session, device, user, application.name, login.device_label, login.language, look_of(application))
