# SPDX-License-Identifier: Apache-2.0
"""The funnel: shares of the step before and of all, and none of nothing."""

from counterfoil_service.core.event_tally import step_of
from counterfoil_service.core.funnel import STEPS, FunnelStep, funnel


def test_each_step_is_a_share_of_the_one_before_and_of_those_asked_for() -> None:
    logins = {"login.requested": 8, "mail.sent": 4, "login.link_opened": 2, "login.approved": 1, "login.code_issued": 1}
    steps = funnel(logins)
    assert [(each.name, each.logins, each.of_before, each.of_asked) for each in steps] == [
        ("asked", 8, None, None),
        ("mailed", 4, 0.5, 0.5),
        ("delivered", 0, 0.0, 0.0),
        ("opened", 2, None, 0.25),
        ("approved", 2, 1.0, 0.25),
        ("collected", 0, 0.0, 0.0),
    ]


def test_a_step_that_nobody_tells_is_no_step_that_others_fall_short_of() -> None:
    (_, _, opened, *_) = funnel({"login.requested": 8, "mail.sent": 4, "login.link_opened": 2}, ("delivered",))
    assert opened == FunnelStep("opened", 2, 0.5, 0.25)


def test_of_nothing_there_are_no_shares() -> None:
    assert all(each.of_before is None and each.of_asked is None for each in funnel({}))


def test_every_step_but_the_last_is_looked_for_among_a_logins_events() -> None:
    """Who adds one to the funnel counts its logins, too; a login is collected once, which needs no look."""
    *before, last = STEPS.values()
    assert all(step_of(event.value, None) for events in before for event in events)
    assert [step_of(event.value, None) for event in last] == [None]
