# SPDX-License-Identifier: Apache-2.0
"""How often something may happen: one table of budgets, with the operator's replacements parsed and compared here."""

import re

import msgspec

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
    """Every limit by its name in COUNTERFOIL_BUDGETS [R95].

    The three of the mailbox never refuse a caller: they turn a login into a decoy, so that nobody learns by them
    whether an address is in use, or has been asked for by others.
    """

    mailbox_mails: Budget = Budget(3, 900)
    """Mails to one mailbox."""
    mailbox_daily_mails: Budget = Budget(10, 86_400)
    """Mails to one mailbox in a day."""
    mailbox_live_logins: Budget = Budget(3, 3_600)
    """Logins of one mailbox that are open at the same time."""
    device_key: Budget = Budget(1, 60)
    """Requests for a link by one device key."""
    address_range: Budget = Budget(10, 60)
    """Requests for a link from one IPv4 /24 or IPv6 /64."""


DEFAULTS = Budgets()


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
