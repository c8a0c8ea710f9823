# SPDX-License-Identifier: Apache-2.0
"""Who opened a link, as far as a server can see: recorded for audit, shown in words, never a reason to approve [R37].

The browser is known by what every browser says of itself unasked; it is not fingerprinted [R145].
"""

import hmac

import msgspec

from counterfoil_service.core.login import SECOND
from counterfoil_service.core.opener import Nearness, automation_of, nearness_of
from counterfoil_service.core.place import NOWHERE, Place
from counterfoil_service.crypto.keys import Keys, keyed
from counterfoil_service.db import mailbox_keys, outbox
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.logins import Login


class Opener(msgspec.Struct, frozen=True, kw_only=True):
    """`source` is an IP address, `source_range` its network; `method` the HTTP method.

    `browser` is what a person would call it; `fetch_metadata` says whether it sent Sec-Fetch-… headers.
    """

    method: str
    source: str
    source_range: str
    user_agent: str
    browser: str | None = None
    place: Place = NOWHERE
    fetch_metadata: bool = True

    @property
    def personal(self) -> dict[str, str]:
        """What is sealed in the audit log."""
        named = {"browser": self.browser} if self.browser else {}
        return {"source": self.source, "user_agent": self.user_agent, **named}

    def nearness(self, login: Login, keys: Keys) -> Nearness:
        """Where it is, seen from the device that asked."""
        ours = keyed(keys.source, self.source_range.encode())
        return nearness_of(
            same_network=hmac.compare_digest(ours, login.source_range),
            asked_country=login.country,
            opened_country=self.place.country,
        )


async def facts_of(tx: Transaction, opener: Opener, login: Login, context: Context) -> "dict[str, str | int]":
    """The fields that the events of an opener share; what is unknown, or nothing to speak of, is left out."""
    delivery, key = await tx.gather(outbox.delivery(login.id), mailbox_keys.asking(login.mailbox))
    mailbox_keys.learn(tx, context, login.mailbox, key)  # the event that these go into is sealed under it
    # A link that an operator gave came in no mail.
    left_at = None if login.relayed_at is not None else outbox.left_at(delivery, now=context.now)
    since = None if left_at is None else max(0, context.now - left_at) // SECOND
    automation = automation_of(
        user_agent=opener.user_agent, fetch_metadata=opener.fetch_metadata, seconds_since_mail=since
    )
    nearness = opener.nearness(login, context.keys)
    facts: dict[str, str | int] = {}
    if since is not None:
        facts["seconds_since_mail"] = since
    if nearness != "unknown":
        facts["nearness"] = nearness
    if automation != "none":
        facts["automation"] = automation
    return facts | place_facts(opener.place)


def place_facts(place: Place) -> "dict[str, str | int]":
    """The coarse place, for an event's fields; what is unknown is left out."""
    known = {"country": place.country, "network": place.network}
    return {name: value for name, value in known.items() if value is not None}
