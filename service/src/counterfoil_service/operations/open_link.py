# SPDX-License-Identifier: Apache-2.0
"""Record that a live link was opened (T3): an event and nothing else, however often and by whomever [R18]."""

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.db import audit
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.logins import Login
from counterfoil_service.operations.opener import Opener, facts_of


class OpenLink(msgspec.Struct, frozen=True):
    """The login as it was read for the page."""

    login: Login
    opener: Opener


async def open_link(tx: Transaction, command: OpenLink, context: Context) -> None:
    """Append `login.link_opened`."""
    login = command.login
    event = AuditEvent(
        name=EventName.LOGIN_LINK_OPENED,
        login_id=login.id,
        application_id=login.application_id,
        jkt=login.jkt,
        fields={"method": command.opener.method, **await facts_of(tx, command.opener, login, context)},
        personal=command.opener.personal,
    )
    await audit.append(tx, context, event, mailbox=login.mailbox)
