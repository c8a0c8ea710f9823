# SPDX-License-Identifier: Apache-2.0
"""What an operator reads of a mailbox's budgets is what turns its logins into decoys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core.budget import LENGTHENED, Budget, Budgets
from counterfoil_service.core.mailbox_budgets import Mailed, counted_mails, is_lengthened, used_budgets

BUDGETS = Budgets(mailbox_mails=Budget(3, 900))


def mailed(*ends: int, weight: int = 0) -> Mailed:
    return Mailed(mails=ends, daily_mails=ends, live_logins=(), weight=weight)


@pytest.mark.parametrize(
    ("ends", "free_at"),
    [((), None), ((10, 20), None), ((10, 20, 30), 10), ((10, 20, 30, 40), 20), ((10, 20, 30, 40, 50), 30)],
)
def test_there_is_room_again_once_fewer_than_the_budget_count(ends: tuple[int, ...], free_at: int | None) -> None:
    used = used_budgets(mailed(*ends), BUDGETS)[0]
    assert (used.used, used.free_at, used.is_spent) == (len(ends), free_at, free_at is not None)


@given(st.lists(st.integers(0, 1000), max_size=12).map(sorted))
def test_one_moment_before_it_is_free_it_is_spent_and_then_it_is_not(ends: list[int]) -> None:
    used = used_budgets(mailed(*ends), BUDGETS)[0]
    if used.free_at is not None:
        assert sum(end > used.free_at - 1 for end in ends) >= used.budget.count
        assert sum(end > used.free_at for end in ends) < used.budget.count


def test_whoever_is_flooded_is_counted_over_a_longer_time_until_somebody_answers() -> None:
    unanswered = BUDGETS.mailbox_unanswered.count
    assert not is_lengthened(unanswered - 1, BUDGETS)
    assert is_lengthened(unanswered, BUDGETS)
    assert counted_mails(BUDGETS, flooded=True) == Budget(3, 900 * LENGTHENED)
    used = used_budgets(mailed(weight=unanswered), BUDGETS)
    assert used[0].budget.seconds == 900 * LENGTHENED
    assert (used[-1].is_spent, used[-1].free_at) == (True, None)
