# SPDX-License-Identifier: Apache-2.0
"""Whose mailbox somebody of the staff means: by address, by subject, or by the name that stands in the console's URLs.

No address stands there: it would be kept by browsers, proxies and logs. A person is named by the subject, a mailbox
that has no user by its keyed hash.
"""

import msgspec

from counterfoil_service.core.errors import Refusal
from counterfoil_service.core.identifiers import base64url, is_subject, unbase64url
from counterfoil_service.crypto.keys import Keys
from counterfoil_service.db import mailbox_pages, suppressions, users
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.operations.find_person import mailbox_of

_HASH_BYTES = 32


class KeptName(msgspec.Struct, frozen=True):
    """Of which something is kept. `subject` None: the mailbox has no user, and its hash stands in no record."""

    mailbox: bytes
    subject: str | None

    def __repr__(self) -> str:
        return f"KeptName(subject={self.subject!r})"


async def look_up_mailbox(tx: ReadTransaction, typed: str, keys: Keys) -> str | None:
    """The name of whoever was typed, an address or a subject; None where nobody is called exactly that."""
    if "@" not in typed:
        user = await users.get(tx, typed) if is_subject(typed) else None
        return None if user is None else user.id
    try:
        mailbox = mailbox_of(typed, keys)
    except Refusal:
        return None
    user = await users.by_mailbox(tx, mailbox)
    if user is not None:
        return user.id
    return base64url(mailbox) if await _is_kept(tx, mailbox) else None


async def mailbox_named(tx: ReadTransaction, name: str) -> bytes | None:
    """The mailbox of this name; None for what can be none, and for a person who is not there."""
    hashed = named_by_hash(name)
    if hashed is not None:
        return hashed
    user = await users.get(tx, name) if is_subject(name) else None
    return None if user is None else user.mailbox


async def kept_by_name(tx: ReadTransaction, name: str) -> KeptName | None:
    """Whom this name means; None also for a hash of which nothing is kept: any 43 letters are one."""
    mailbox = await mailbox_named(tx, name)
    if mailbox is None:
        return None
    user = await users.by_mailbox(tx, mailbox)
    if user is not None:
        return KeptName(mailbox, user.id)
    return KeptName(mailbox, None) if await _is_kept(tx, mailbox) else None


async def _is_kept(tx: ReadTransaction, mailbox: bytes) -> bool:
    if await mailbox_pages.kept_mailbox(tx, mailbox) is not None:
        return True
    return await suppressions.suppression_of(tx, mailbox) is not None


def named_by_hash(name: str) -> bytes | None:
    """The keyed hash that this name spells."""
    try:
        hashed = unbase64url(name)
    except ValueError:
        return None
    return hashed if len(hashed) == _HASH_BYTES else None
