# SPDX-License-Identifier: Apache-2.0
"""How often something may happen: one table of budgets, with the operator's replacements parsed and compared here."""

import math
import re
from typing import Final

import msgspec

from counterfoil_service.core.errors import ErrorCode, Refusal

_ENTRY = re.compile(r"([a-z_]+)=([0-9]{1,9})/([0-9]{1,9})")


class Budget(msgspec.Struct, frozen=True):
    """At most `count` in any `seconds`."""

    count: int
    seconds: int

    @property
    def window(self) -> int:
        """The window in microseconds."""
        return self.seconds * 1_000_000

    def looser_than(self, other: "Budget") -> bool:
        """Whether this budget lets through something that the other would not."""
        return self.count > other.count or self.seconds < other.seconds


class Budgets(msgspec.Struct, frozen=True):
    """Every limit by its name in COUNTERFOIL_BUDGETS [R94, R95]: whom it is for, and what it counts.

    Those of a mailbox, and of a device that signed in before, never refuse a caller: they turn a login into a decoy,
    so that nobody learns by them whether an address is in use, or has been asked for by others. All others refuse with
    429, and none of them refuses anybody for what somebody else did: where many share an address, what they ask is told
    apart by link, login or key, and what only failing calls use up never stands in the way of one that is right.
    """

    mailbox_mails: Budget = Budget(3, 900)
    """Mails to one mailbox."""
    mailbox_daily_mails: Budget = Budget(10, 86_400)
    """Mails to one mailbox in a day."""
    mailbox_live_logins: Budget = Budget(3, 3_600)
    """Logins of one mailbox that are open at the same time."""
    mailbox_unanswered: Budget = Budget(6, 86_400)
    """Mails in a row that nobody answered; then `mailbox_mails` is counted over four times its window [R100]."""
    known_device_mails: Budget = Budget(5, 900)
    """Mails that a device asked for which has signed in to this mailbox before: they count here alone [R97]."""
    known_device_daily_mails: Budget = Budget(30, 86_400)
    """The same in a day."""
    device_key: Budget = Budget(1, 60)
    """Requests for a link by one device key."""
    address_range: Budget = Budget(10, 60)
    """Requests for a link from one range of addresses, by devices that are not known."""
    application: Budget = Budget(30_000, 60)
    """Requests for a link by one application, from devices that are not known."""
    service: Budget = Budget(60_000, 60)
    """Requests for a link, whoever asks, from devices that are not known."""
    link_opens: Budget = Budget(300, 60)
    """Opens of one link from one range."""
    range_opens: Budget = Budget(600, 60)
    """Opens of links that do not live, from one range."""
    link_tries: Budget = Budget(300, 60)
    """Decisions sent to one link that somebody was sent, from one range, malformed codes among them."""
    range_tries: Budget = Budget(300, 60)
    """Decisions sent to links that do not live, from one range."""
    mail_code_tries: Budget = Budget(30, 60)
    """Codes of the mail that one device key sends."""
    key_polls: Budget = Budget(120, 60)
    """Polls of one device key that came too early, or while another was held."""
    range_refusals: Budget = Budget(300, 60)
    """Calls below /oauth/ and /me/ that were refused or raised an alert, from one range, but for their pace."""
    client_secrets: Budget = Budget(30, 60)
    """Secrets of one application that are not known from their last use, from one address."""
    range_reports: Budget = Budget(60, 60)
    """Delivery reports that could not be verified, from one range."""
    range_operators: Budget = Budget(60, 60)
    """Wrong tokens at the audit log, from one range."""


LENGTHENED = 4
"""Times its window over which `mailbox_mails` is counted once `mailbox_unanswered` is used up."""
REPORT_WEIGHT = 3
"""How many mails that nobody answered a report "this was not me" stands for."""

DEFAULTS = Budgets()
WHAT: Final = {
    "device_key": "this device asked for a link moments ago",
    "address_range": "too many links were asked for from your network",
    "application": "too many links were asked for by this application",
    "service": "too many links were asked for",
    "link_opens": "this link was opened too often from your network",
    "range_opens": "too many links that do not work were opened from your network",
    "link_tries": "too many decisions about this link came from your network",
    "range_tries": "too many decisions about links that do not work came from your network",
    "mail_code_tries": "this device sent too many codes",
    "key_polls": "this device polled too early too often",
    "range_refusals": "too many calls from your network were refused",
    "client_secrets": "too many secrets of this application came from your address",
    "range_reports": "too many reports from your network could not be verified",
    "range_operators": "too many wrong tokens came from your network",
}
"""What whoever is refused hears; a budget without words here makes decoys."""


class Quota(msgspec.Struct, frozen=True):
    """How much of a budget is left: so many more, until `seconds` from now something becomes free again."""

    name: str
    budget: Budget
    remaining: int
    seconds: int

    @property
    def fields(self) -> dict[str, str]:
        """As header fields (draft-ietf-httpapi-ratelimit-headers-10 §3 and §4)."""
        return {
            "RateLimit-Policy": f'"{self.name}";q={self.budget.count};w={self.budget.seconds}',
            "RateLimit": f'"{self.name}";r={self.remaining};t={self.seconds}',
        }


class LimitRefusal(Refusal):
    """A budget is used up: 429, with how long to wait."""

    def __init__(self, name: str, budget: Budget, wait: int) -> None:
        super().__init__(ErrorCode.SLOW_DOWN, f"{WHAT[name]}; try again in {wait} s", retry_after=wait)
        self.quota = Quota(name, budget, 0, wait)


class AlertDue(Exception):  # noqa: N818 - a question to whoever runs the operation, not a fault
    """An operation would write an alert for which its caller was not charged yet: it has written nothing."""


class Window(msgspec.Struct, frozen=True):
    """A sliding window of two counters: what is left of the one before counts in part. Times are in seconds.

    `left` is how long the current one goes on; then it is the one before.
    """

    previous: int
    current: int
    left: float

    def used(self, budget: Budget) -> int:
        """How many count now."""
        return math.floor(self.previous * self.left / budget.seconds) + self.current

    def wait(self, budget: Budget) -> int:
        """Whole seconds until one more fits, at least one."""
        room = budget.count - 1 - self.current
        if room < 0:
            # Only as this window leaves, as the one before the next, something becomes free.
            until = self.left + budget.seconds * (1 - budget.count / self.current)
        else:
            until = self.left - (room + 1) * budget.seconds / self.previous if self.previous else 0
        return max(1, math.floor(until) + 1)


class BudgetsError(ValueError):
    """COUNTERFOIL_BUDGETS cannot be read; the message says which entry and what was expected."""


def parse(text: str) -> Budgets:
    """`name=count/seconds,…` over the defaults."""
    replaced: dict[str, Budget] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        match = _ENTRY.fullmatch(entry)
        if match is None or not int(match[2]) or not int(match[3]):
            raise BudgetsError(f"{entry!r} is not of the form name=count/seconds with whole numbers above 0")
        if match[1] not in Budgets.__struct_fields__:
            raise BudgetsError(f"{match[1]!r} is not a budget; there are: {', '.join(Budgets.__struct_fields__)}")
        replaced[match[1]] = Budget(int(match[2]), int(match[3]))
    return msgspec.structs.replace(DEFAULTS, **replaced)


def loosened(budgets: Budgets) -> list[str]:
    """The names of the budgets that are looser than the defaults."""
    names = Budgets.__struct_fields__
    return [name for name in names if getattr(budgets, name).looser_than(getattr(DEFAULTS, name))]
