# SPDX-License-Identifier: Apache-2.0
"""A protected host, which the proxy lets us answer for, redeems its code: a session under a cookie of that host."""

import msgspec

from counterfoil_service.core import link
from counterfoil_service.core.errors import Refusal
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db import cookies
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.redeem_code import RedeemCode, redeem_code
from counterfoil_service.operations.replace_cookie import replace_cookie


class EnterHost(msgspec.Struct, frozen=True):
    """`replaced` is the SHA-256 of the cookie that signed the browser in on that host so far."""

    redemption: RedeemCode
    replaced: bytes | None

    def __repr__(self) -> str:
        return "EnterHost(***)"


async def enter_host(tx: Transaction, command: EnterHost, context: Context) -> str | Refusal:
    """The new cookie; a Refusal is returned and not raised, so that the alert written with it stays."""
    grant = await redeem_code(tx, command.redemption, context)
    if isinstance(grant, Refusal):
        return grant
    await replace_cookie(tx, command.replaced, context)
    cookie = link.make(context.entropy)
    await cookies.add(tx, cookie_hash=digest(cookie), session_id=grant.session_id)
    return cookie
