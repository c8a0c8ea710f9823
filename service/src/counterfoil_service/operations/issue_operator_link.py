# SPDX-License-Identifier: Apache-2.0
"""Make the link that leads somebody with a role into the console once, where no mail does; links before it are dead."""

from typing import Final

import msgspec

from counterfoil_service.core import link
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.login import SECOND
from counterfoil_service.core.operator import Operator
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db import audit, operator_links
from counterfoil_service.db.engine import Context, Transaction

LINK_LIFETIME: Final = 900 * SECOND
"""A quarter of an hour: from a terminal into a browser."""


class OperatorLink(msgspec.Struct, frozen=True):
    """`url` is kept by nobody; `expires_at` in microseconds UTC."""

    url: str
    expires_at: int

    def __repr__(self) -> str:
        return f"OperatorLink(expires_at={self.expires_at})"


async def issue_operator_link(tx: Transaction, operator: Operator, context: Context) -> OperatorLink:
    """For a command on the service's own machine alone: whoever has the link is that operator."""
    secret, expires_at = link.make(context.entropy), context.now + LINK_LIFETIME
    await operator_links.forget(tx, operator.id)
    await operator_links.issue(
        tx, link_hash=digest(secret), operator_id=operator.id, now=context.now, expires_at=expires_at
    )
    event = AuditEvent(name=EventName.OPERATOR_LINK_ISSUED, fields={"operator": operator.id})
    await audit.append(tx, context, event)
    return OperatorLink(link.console_url(context.settings.public_url, secret), expires_at)
