# SPDX-License-Identifier: Apache-2.0
"""The browser that asked collects its approved login: a session under a new cookie, and a code for the application."""

import msgspec

from counterfoil_service.core import link
from counterfoil_service.core.application import OWN, OWN_ID
from counterfoil_service.core.destination import Destination, own
from counterfoil_service.core.login import State, Trigger, current_state
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db import applications, cookies, logins, users
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.logins import Login
from counterfoil_service.db.sessions import Session
from counterfoil_service.operations.admit_device import admit_device
from counterfoil_service.operations.approve_login import is_same_browser
from counterfoil_service.operations.complete_login import CompleteLogin, complete_login
from counterfoil_service.operations.deny_login import deny_login
from counterfoil_service.operations.mint_code import MintCode, mint_code
from counterfoil_service.operations.replace_cookie import replace_cookie
from counterfoil_service.operations.welcome_operator import welcome_operator


class FinishSignIn(msgspec.Struct, frozen=True):
    """`browser` and `replaced` are SHA-256 of the browser's two cookies; `replaced` is what signed it in so far."""

    login_id: str
    browser: bytes
    replaced: bytes | None

    def __repr__(self) -> str:
        return f"FinishSignIn(login_id={self.login_id!r})"


class SignedIn(msgspec.Struct, frozen=True):
    """`cookie` is the new one; `target` is where the browser goes, for an application with the code in it."""

    cookie: str
    target: str
    application_name: str | None

    def __repr__(self) -> str:
        return "SignedIn(***)"


def destination_of(login: Login) -> Destination:
    """Where the browser that asked for this login wanted to go."""
    if login.application_id == OWN_ID:
        return own(login.redirect_uri or "/")
    return Destination(
        application_id=login.application_id,
        redirect_uri=login.redirect_uri or "/",
        state=login.redirect_state,
        code_challenge=login.code_challenge,
        code_jkt=login.code_jkt,
        scope=login.scope,
        resource=login.audience,
    )


async def finish_sign_in(tx: Transaction, command: FinishSignIn, context: Context) -> SignedIn | State:
    """Once: of two tabs one is signed in, the other finds the login consumed. Else the state that it stands in."""
    login = await logins.get(tx, command.login_id, locked=True)
    if login is None or not is_same_browser(login, command.browser):
        return State.CANCELLED
    state = current_state(login.state, login.expires_at, context.now)
    if state is not State.APPROVED:
        return state
    application = await applications.get(tx, login.application_id)
    if application is None or application.new_devices == "refuse":
        # Its policy was changed meanwhile: a browser has no key that anybody could know again.
        user = await users.by_mailbox(tx, login.mailbox)
        await deny_login(tx, login, user.id if user else "", "new_device", context)
        return State.DENIED
    session = await _begin(tx, login, context)
    if session is None:
        return State.DENIED
    await replace_cookie(tx, command.replaced, context)
    await welcome_operator(tx, session, login.mailbox, context)
    cookie = link.make(context.entropy)
    await cookies.add(tx, cookie_hash=digest(cookie), session_id=session.id)
    await tx.notify(login.id)
    if application.id == OWN_ID:
        return SignedIn(cookie, login.redirect_uri or "/", None)
    return SignedIn(cookie, await _code(tx, login, session, context), application.name)


async def _begin(tx: Transaction, login: Login, context: Context) -> Session | None:
    """The session is at our own pages, whichever application asked: what that one gets is its code's business."""
    ours = msgspec.structs.replace(login, scope=" ".join(OWN.scopes), audience=context.settings.public_url)
    completion = CompleteLogin(ours, OWN, Trigger.COLLECT, login.approved_at or context.now)
    made = await complete_login(tx, completion, context)
    return made if isinstance(made, Session) else None


async def _code(tx: Transaction, login: Login, session: Session, context: Context) -> str:
    application = await applications.get(tx, login.application_id)
    user = await users.get(tx, session.user_id)
    assert application is not None  # noqa: S101 - read in this transaction
    assert user is not None  # noqa: S101 - identified in this transaction
    admission = await admit_device(tx, application, user, login, context)
    minting = MintCode(
        session=session,
        mailbox=login.mailbox,
        device=admission.device,
        destination=destination_of(login),
        scope=login.scope,
        audience=login.audience,
    )
    return await mint_code(tx, minting, context)
