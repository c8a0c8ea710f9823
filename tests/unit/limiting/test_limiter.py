# SPDX-License-Identifier: Apache-2.0
"""The limiter: whose budget it is, how long to wait, and that nothing which tells a person is kept."""

import pytest

from counterfoil_service.core import budget
from counterfoil_service.core.budget import WHAT, Budget, Budgets, LimitRefusal
from counterfoil_service.limiting import limiter as limiter_module
from counterfoil_service.limiting.counters import ProcessCounters
from counterfoil_service.limiting.limiter import Limiter
from support.stage import Clock


def made(text: str = "link_opens=2/60,range_opens=1/60") -> tuple[Limiter, Clock, ProcessCounters]:
    clock = Clock()
    counters = ProcessCounters(clock)
    return Limiter(budget.parse(text), b"k" * 32, clock, counters), clock, counters


async def spent(limiter: Limiter, name: str, *who: str | bytes) -> LimitRefusal:
    while await limiter.check(name, *who) is None:
        await limiter.charge(name, *who)
    with pytest.raises(LimitRefusal) as caught:
        await limiter.charge(name, *who)
    return caught.value


async def test_a_refusal_tells_how_long_to_wait_and_that_is_enough() -> None:
    limiter, clock, _ = made()
    refusal = await spent(limiter, "link_opens", "net", b"link")
    assert refusal.retry_after is not None
    assert refusal.quota.fields == {
        "RateLimit-Policy": '"link_opens";q=2;w=60',
        "RateLimit": f'"link_opens";r=0;t={refusal.retry_after}',
    }
    clock.advance(refusal.retry_after)
    await limiter.charge("link_opens", "net", b"link")


async def test_another_network_link_or_budget_is_another_callers() -> None:
    limiter, _, _ = made()
    await spent(limiter, "link_opens", "net", b"link")
    for other in (("net", b"other"), ("other", b"link"), ("netlink",)):
        await limiter.charge("link_opens", *other)
    await limiter.charge("range_opens", "net")


async def test_a_check_counts_nothing() -> None:
    limiter, _, _ = made()
    for _ in range(5):
        assert await limiter.check("range_opens", "net") is None
    await limiter.charge("range_opens", "net")
    assert await limiter.check("range_opens", "net") is not None


async def test_who_was_refused_is_refused_without_a_look_until_the_time_that_it_was_told() -> None:
    limiter, clock, _ = made()
    limiter.check_spent("range_opens", "net")
    refusal = await spent(limiter, "range_opens", "net")
    with pytest.raises(LimitRefusal):
        limiter.check_spent("range_opens", "net")
    limiter.check_spent("range_opens", "other")
    limiter.check_spent("link_opens", "net")
    clock.advance(refusal.retry_after or 0)
    limiter.check_spent("range_opens", "net")


async def test_of_those_refused_no_more_are_remembered_than_fit_and_only_as_long_as_they_must_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limiter_module, "_REMEMBERED", 2)
    limiter, clock, _ = made()
    waits = [(await spent(limiter, "range_opens", name)).retry_after or 0 for name in ("one", "two", "three")]
    assert len(limiter._spent) == 2
    limiter.check_spent("range_opens", "three")
    with pytest.raises(LimitRefusal):
        await limiter.charge("range_opens", "three")
    for name in ("one", "two"):
        with pytest.raises(LimitRefusal):
            limiter.check_spent("range_opens", name)
    clock.advance(max(waits))
    await spent(limiter, "range_opens", "four")
    assert len(limiter._spent) == 1, "those who need not wait any more made room"
    with pytest.raises(LimitRefusal):
        limiter.check_spent("range_opens", "four")


async def test_a_refusal_is_news_once_a_window() -> None:
    limiter, clock, _ = made()
    refusal = await spent(limiter, "range_opens", "net")
    assert [await limiter.is_news(refusal, "net") for _ in range(3)] == [True, False, False]
    assert await limiter.is_news(refusal, "other")
    clock.advance(120)
    assert await limiter.is_news(refusal, "net")


async def test_neither_addresses_nor_keys_are_where_calls_are_counted() -> None:
    limiter, _, counters = made()
    await limiter.charge("link_opens", "203.0.113.0/24", b"secret")
    held = str(counters._windows[60].current)
    assert "203.0.113" not in held
    assert "secret" not in held


def test_every_budget_refuses_with_words_or_makes_decoys() -> None:
    decoys = {name for name in Budgets.__struct_fields__ if name.startswith(("mailbox_", "known_device_"))}
    assert set(WHAT) | decoys == set(Budgets.__struct_fields__)
    assert not set(WHAT) & decoys
    assert all(isinstance(getattr(budget.DEFAULTS, name), Budget) for name in Budgets.__struct_fields__)
