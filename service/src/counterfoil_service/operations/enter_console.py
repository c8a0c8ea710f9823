# SPDX-License-Identifier: Apache-2.0
"""Sign a browser in by the one-time link of an operator: at our own pages alone, as no mailbox was proved by it."""

import msgspec

from counterfoil_service.core import identifiers, link
from counterfoil_service.core.application import OWN
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.operator import Operator
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db import audit, cookies, mailbox_keys, operator_links, operators, users
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.users import User
from counterfoil_service.operations.admit_device import Admission
from counterfoil_service.operations.begin_session import BeginSession, begin_session
from counterfoil_service.operations.replace_cookie import replace_cookie
from counterfoil_service.operations.welcome_operator import welcome_operator


class EnterConsole(msgspec.Struct, frozen=True):
    """`replaced` is the SHA-256 of what signed the browser in so far."""

    secret: str
    replaced: bytes | None

    def __repr__(self) -> str:
        return "EnterConsole(***)"


async def enter_console(tx: Transaction, command: EnterConsole, context: Context) -> str | None:
    """The browser's new cookie; None, with nothing written, for a link that is used, expired or was never ours.

    One conditional write decides among several browsers. The session has no login: what would be redeemed for other
    applications needs one, so that none is told of a mailbox that nobody proved.
    """
    operator = await _invited(tx, command.secret, context)
    if operator is None:
        return None
    if await operator_links.use(tx, digest(command.secret), now=context.now) is None:
        return None
    await mailbox_keys.ensure(tx, context, operator.mailbox)
    sign_in, session_id = (identifiers.ulid(context.now, context.entropy) for _ in range(2))
    user = await _user(tx, operator, sign_in, context)
    used = AuditEvent(
        name=EventName.OPERATOR_LINK_USED,
        login_id=sign_in,
        application_id=OWN.id,
        session_id=session_id,
        subject=user.id,
        fields={"operator": operator.id},
    )
    await audit.append(tx, context, used, mailbox=operator.mailbox)
    beginning = BeginSession(
        session_id=session_id,
        login_id=sign_in,
        application=OWN,
        user=user,
        # No notice: who reads the log sees it, and a mail could end a session alone whose login is there.
        admission=Admission(None, new=False, refused=False),
        jkt=None,
        scope=" ".join(OWN.scopes),
        audience=context.settings.public_url,
        amr=(),
        auth_time=context.now,
    )
    session = await begin_session(tx, beginning, context)
    await replace_cookie(tx, command.replaced, context)
    await welcome_operator(tx, session, operator.mailbox, context)
    cookie = link.make(context.entropy)
    await cookies.add(tx, cookie_hash=digest(cookie), session_id=session_id)
    return cookie


async def _invited(tx: Transaction, secret: str, context: Context) -> Operator | None:
    """Whose link it is, unless they are shut out as a person: the session would be worth nothing."""
    owner = await operator_links.living(tx, digest(secret), now=context.now)
    operator = None if owner is None else await operators.get(tx, owner)
    user = None if operator is None else await users.by_mailbox(tx, operator.mailbox)
    return None if user is not None and user.disabled_at is not None else operator


async def _user(tx: Transaction, operator: Operator, sign_in: str, context: Context) -> User:
    """Unverified until the mailbox is proved, as after a link that was given by hand (ADR 23)."""
    user = User(identifiers.subject(context.entropy), operator.mailbox, operator.address, context.now)
    if not await users.add(tx, user):
        stored = await users.by_mailbox(tx, operator.mailbox)
        assert stored is not None  # noqa: S101 - the insert met it
        return stored
    event = AuditEvent(
        name=EventName.USER_CREATED,
        reason="operator_link",
        login_id=sign_in,
        application_id=OWN.id,
        subject=user.id,
    )
    await audit.append(tx, context, event, mailbox=operator.mailbox)
    return user
