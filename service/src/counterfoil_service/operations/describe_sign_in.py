# SPDX-License-Identifier: Apache-2.0
"""What the waiting page may know of a login: all of it in the browser that asked, nothing anywhere else."""

import msgspec

from counterfoil_service.core.application import OWN_ID
from counterfoil_service.core.login import State, current_state
from counterfoil_service.core.look import OUR_LOOK, Look, look_of
from counterfoil_service.db import applications, logins
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.operations.approve_login import is_same_browser


class SignInView(msgspec.Struct, frozen=True):
    """`application_name` is None at our own pages."""

    login: logins.Login
    state: State
    application_name: str | None
    same_device_only: bool
    look: Look


async def describe_sign_in(tx: ReadTransaction, login_id: str, browser: bytes, now: int) -> SignInView | None:
    """The login's id carries no authority: None unless `browser`, the SHA-256 of a cookie, is the one that asked."""
    login = await logins.get(tx, login_id)
    if login is None or not is_same_browser(login, browser):
        return None
    application = await applications.get(tx, login.application_id)
    name = None if application is None or application.id == OWN_ID else application.name
    same_device_only = application is not None and application.same_device_only
    look = OUR_LOOK if application is None else look_of(application)
    return SignInView(login, current_state(login.state, login.expires_at, now), name, same_device_only, look)
