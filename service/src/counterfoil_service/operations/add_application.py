# SPDX-License-Identifier: Apache-2.0
"""Register an application."""

from counterfoil_service.core import redirects
from counterfoil_service.core.application import Application, as_stored, check_registration
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.db import applications, audit
from counterfoil_service.db.engine import Context, Transaction


async def add_application(tx: Transaction, application: Application, context: Context) -> None:
    """Insert it, or refuse: an id in use is never taken over."""
    application = as_stored(application)
    check_registration(application)
    for uri in application.redirect_uris:
        redirects.check_registration(uri)
    if not await applications.add(tx, application):
        raise Refusal(ErrorCode.INVALID_REQUEST, f"client id {application.id!r} is in use: choose another or remove it")
    event = AuditEvent(
        name=EventName.APPLICATION_ADDED,
        application_id=application.id,
        fields={"name": application.name, "confidential": int(application.confidential), "operator": context.actor},
    )
    await audit.append(tx, context, event)
