# SPDX-License-Identifier: Apache-2.0
"""The tokens that a session begins with."""

import msgspec

from counterfoil_service.core.application import Application
from counterfoil_service.core.grant import Grant, refresh_token
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.sessions import Session
from counterfoil_service.operations.grant_tokens import grant_tokens


async def grant_first_tokens(tx: Transaction, session: Session, application: Application, context: Context) -> Grant:
    """What can be renewed is bound to a key or a client's secret, or whoever finds it could renew it [R68]."""
    renewable = session.jkt is not None or application.confidential
    token = refresh_token(session.id, context.entropy) if renewable else None
    grant = await grant_tokens(tx, session, token, context)
    return msgspec.structs.replace(grant, noticed=session.notice_hash is not None)
