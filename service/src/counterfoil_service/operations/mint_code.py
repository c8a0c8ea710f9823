# SPDX-License-Identifier: Apache-2.0
"""Make the code by which a browser that is signed in here carries its person to an application (RFC 6749 §4.1.2)."""

import msgspec

from counterfoil_service.core import link, redirects
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.destination import Destination
from counterfoil_service.core.login import CODE_LIFETIME
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db import audit, authorization_codes
from counterfoil_service.db.authorization_codes import AuthorizationCode
from counterfoil_service.db.devices import Device
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.sessions import Session


class MintCode(msgspec.Struct, frozen=True, kw_only=True):
    """Everything was checked. `session` is the browser's at our own pages; how it began goes on into the code."""

    session: Session
    mailbox: bytes
    device: Device | None
    destination: Destination
    scope: str
    audience: str


async def mint_code(tx: Transaction, command: MintCode, context: Context) -> str:
    """Where the browser goes, the code in it: the redirect URI with code, state and iss [R53]."""
    session, destination = command.session, command.destination
    code = link.make(context.entropy)
    row = AuthorizationCode(
        code_hash=digest(code),
        login_id=session.login_id,
        application_id=destination.application_id,
        user_id=session.user_id,
        device_id=command.device.id if command.device else None,
        redirect_uri=destination.redirect_uri,
        code_challenge=destination.code_challenge or "",
        jkt=destination.code_jkt,
        scope=command.scope,
        audience=command.audience,
        amr="mca" if "mca" in session.amr.split() else "",
        auth_time=session.auth_time,
        expires_at=context.now + CODE_LIFETIME,
    )
    await authorization_codes.add(tx, row)
    event = AuditEvent(
        name=EventName.LOGIN_CODE_ISSUED,
        login_id=session.login_id,
        application_id=destination.application_id,
        session_id=session.id,
        subject=session.user_id,
        jkt=destination.code_jkt,
        fields={"by": "browser"},
    )
    await audit.append(tx, context, event, mailbox=command.mailbox)
    issuer = context.settings.public_url
    return redirects.respond(destination.redirect_uri, code=code, state=destination.state, iss=issuer)
