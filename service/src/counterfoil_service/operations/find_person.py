# SPDX-License-Identifier: Apache-2.0
"""Whom an operator means: a person by address or by subject."""

from counterfoil_service.core import email_address
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.crypto.keys import Keys, keyed
from counterfoil_service.db import users
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.db.users import User


async def find_person(tx: ReadTransaction, who: str, keys: Keys) -> User:
    """The user, or a Refusal; an address is canonicalised as everywhere."""
    user = await users.by_mailbox(tx, mailbox_of(who, keys)) if "@" in who else await users.get(tx, who)
    if user is None:
        raise nobody()
    return user


def mailbox_of(address: str, keys: Keys) -> bytes:
    """The keyed hash by which a mailbox is looked up."""
    return keyed(keys.mailbox, email_address.parse(address).canonical.encode())


def nobody() -> Refusal:
    """Says where the known ones stand, and repeats no address."""
    return Refusal(
        ErrorCode.INVALID_REQUEST,
        "no user has this address or subject: see `counterfoil users list` for those there are (who is listed without a"
        " subject only waits for a link)",
    )
