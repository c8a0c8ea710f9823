# SPDX-License-Identifier: Apache-2.0
"""How a mailbox stands to the budgets that turn its logins into decoys, for an operator who is asked "why no mail?"."""

from collections.abc import Sequence

import msgspec

from counterfoil_service.core.budget import LENGTHENED, Budget, Budgets


class Mailed(msgspec.Struct, frozen=True):
    """What counts now, each by the instant at which it does no more, in microseconds UTC and ascending.

    `weight` is what `mailbox_unanswered` counts: mails in a row that nobody answered, and reports several times.
    """

    mails: Sequence[int]
    daily_mails: Sequence[int]
    live_logins: Sequence[int]
    weight: int


class UsedBudget(msgspec.Struct, frozen=True):
    """One budget of the mailbox. `free_at` None: there is room now, or only an answer makes some."""

    name: str
    words: str
    """Its span of time follows."""
    budget: Budget
    used: int
    free_at: int | None

    @property
    def is_spent(self) -> bool:
        """Whether the next request of a device that is not known gets no mail, or is counted more strictly."""
        return self.used >= self.budget.count


def is_lengthened(weight: int, budgets: Budgets) -> bool:
    """Whether mails are counted over the longer window [R100]."""
    return weight >= budgets.mailbox_unanswered.count


def counted_mails(budgets: Budgets, *, flooded: bool) -> Budget:
    """The budget of mails as it is applied now: over its own window, or four times that."""
    own = budgets.mailbox_mails
    return Budget(own.count, own.seconds * (LENGTHENED if flooded else 1))


def used_budgets(mailed: Mailed, budgets: Budgets) -> list[UsedBudget]:
    """Each of them; devices that have signed in to the mailbox before have budgets of their own."""
    flooded = is_lengthened(mailed.weight, budgets)
    mails = counted_mails(budgets, flooded=flooded)
    return [
        _used("mailbox_mails", "Mails in", mails, mailed.mails),
        _used("mailbox_daily_mails", "Mails in", budgets.mailbox_daily_mails, mailed.daily_mails),
        _used("mailbox_live_logins", "Open logins of", budgets.mailbox_live_logins, mailed.live_logins),
        UsedBudget("mailbox_unanswered", "Unanswered mails of", budgets.mailbox_unanswered, mailed.weight, None),
    ]


def _used(name: str, words: str, budget: Budget, ends: Sequence[int]) -> UsedBudget:
    free_at = ends[len(ends) - budget.count] if len(ends) >= budget.count else None
    return UsedBudget(name, words, budget, len(ends), free_at)
