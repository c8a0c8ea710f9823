# SPDX-License-Identifier: Apache-2.0
"""Budgets at their exact edges: a mailbox's make decoys, a key's and a network's refuse and write nothing [R95]."""

from pathlib import Path

import pytest

from counterfoil_service.core import budget
from counterfoil_service.core.errors import ErrorCode, Refusal
from support import acting
from support.http import nothing_written, only_told
from support.stage import ROOMY, OpenStage, Stage

JUST = 0.000001


async def is_decoy(stage: Stage, begun: acting.Begun) -> bool:
    return bool((await acting.stored(stage, begun)).decoy)


async def ask_many(stage: Stage, count: int, address: str = "ada@example.com", name: str = "k") -> list[acting.Begun]:
    """Each by a key of its own."""
    return [await acting.ask(stage, address, f"{name}{number}") for number in range(count)]


async def refused(stage: Stage, **request: str) -> Refusal:
    """The refusal, having made sure that not one row of any table was written, changed or deleted."""
    before = await acting.snapshot(stage)
    with pytest.raises(Refusal) as caught:
        await acting.ask(stage, **request)
    assert await acting.snapshot(stage) == before
    return caught.value


async def test_the_fourth_mail_in_a_quarter_of_an_hour_is_a_decoy_and_no_refusal(stage: Stage) -> None:
    begun = await ask_many(stage, 5)
    assert [await is_decoy(stage, each) for each in begun] == [False, False, False, True, True]
    assert (await stage.events(begun[3].login_id))[1].event.reason == "over_budget"


async def test_a_mailbox_is_mailed_again_as_soon_as_its_oldest_mail_is_a_quarter_of_an_hour_old(stage: Stage) -> None:
    first = (await ask_many(stage, 1))[0]
    stage.clock.advance(60)
    others = await ask_many(stage, 2, name="m")
    for each in (first, *others):
        await acting.reject(stage, each)
    stage.clock.advance(840 - JUST)
    assert await is_decoy(stage, await acting.ask(stage, key="early"))
    stage.clock.advance(JUST)
    assert not await is_decoy(stage, await acting.ask(stage, key="in time"))
    assert await is_decoy(stage, await acting.ask(stage, key="one too many"))


async def test_decoys_count_against_no_budget_of_the_mailbox(stage: Stage) -> None:
    mailed = await ask_many(stage, 3)
    await ask_many(stage, 10, name="flood")
    for each in mailed:
        await acting.reject(stage, each)
    stage.clock.advance(900)
    assert not await is_decoy(stage, await acting.ask(stage, key="owner")), "no flood of decoys locks the owner out"


async def test_the_eleventh_mail_of_a_day_is_a_decoy(stage: Stage) -> None:
    for number in range(10):
        begun = await acting.ask(stage, key=f"k{number}")
        assert not await is_decoy(stage, begun)
        await acting.approve(stage, begun)
        stage.clock.advance(900)
    assert await is_decoy(stage, await acting.ask(stage, key="eleventh"))
    stage.clock.advance(86_400 - 9_000 - JUST)
    assert await is_decoy(stage, await acting.ask(stage, key="early"))
    stage.clock.advance(JUST)
    assert not await is_decoy(stage, await acting.ask(stage, key="a day later"))


async def test_the_day_budget_holds_though_the_sweeper_forgets_old_mailings(stage: Stage) -> None:
    for number in range(10):
        begun = await acting.ask(stage, key=f"k{number}")
        assert not await is_decoy(stage, begun)
        await acting.approve(stage, begun)
        stage.clock.advance(900)
        await stage.sweep()
    assert await stage.count("mailings") == 10
    assert await is_decoy(stage, await acting.ask(stage, key="eleventh"))
    stage.clock.advance(86_400)
    await stage.sweep()
    assert await stage.count("mailings") == 0


async def test_three_live_logins_make_the_fourth_a_decoy_until_one_ends(
    database_url: str, open_stage: OpenStage, tmp_path: Path
) -> None:
    loose = budget.parse(f"{ROOMY},mailbox_mails=1000/900,mailbox_daily_mails=1000/86400")
    async with open_stage(database_url, tmp_path, budgets=loose) as stage:
        first, second, third, fourth = await ask_many(stage, 4)
        assert await is_decoy(stage, fourth)
        await acting.reject(stage, first)
        assert not await is_decoy(stage, await acting.ask(stage, key="after a rejection"))
        await acting.approve(stage, second)
        assert await is_decoy(stage, await acting.ask(stage, key="an approved one is live"))
        await acting.collect(stage, second, "k1")
        assert not await is_decoy(stage, await acting.ask(stage, key="a collected one is not"))
        assert await is_decoy(stage, await acting.ask(stage, key="full again"))
        stage.clock.advance(600 - JUST)
        assert await is_decoy(stage, await acting.ask(stage, key="not expired yet"))
        stage.clock.advance(JUST)
        assert not await is_decoy(stage, await acting.ask(stage, key="expired, though nobody wrote it"))
        assert (await acting.stored(stage, third)).state == "pending"


async def test_mailboxes_do_not_share_a_budget_but_their_spellings_do(stage: Stage) -> None:
    await ask_many(stage, 3)
    assert not await is_decoy(stage, await acting.ask(stage, "bob@example.com", "bob"))
    assert await is_decoy(stage, await acting.ask(stage, "ADA@Example.COM", "shouting"))
    assert not await is_decoy(stage, await acting.ask(stage, "ada+tag@example.com", "tagged"))


async def test_a_mailbox_over_budget_does_not_refuse_the_owner_with_a_known_key_either(stage: Stage) -> None:
    await ask_many(stage, 20, name="attacker")
    response = await stage.ask(stage.device())
    assert response.status_code == 200


async def test_a_key_asks_once_a_minute(stage: Stage) -> None:
    await acting.ask(stage)
    refusal = await refused(stage)
    assert (refusal.code, refusal.retry_after) == (ErrorCode.SLOW_DOWN, 60)
    stage.clock.advance(58.5)
    assert (await refused(stage)).retry_after == 2, "a caller that waits so long is not too early again"
    stage.clock.advance(0.5)
    assert (await refused(stage)).retry_after == 1
    stage.clock.advance(1 - JUST)
    assert (await refused(stage)).retry_after == 1
    stage.clock.advance(JUST)
    await acting.ask(stage)
    assert (await refused(stage)).retry_after == 60


async def test_the_rule_belongs_to_the_key_alone(stage: Stage) -> None:
    await stage.add_application("other-app")
    await acting.ask(stage)
    await refused(stage, address="bob@example.com")
    await refused(stage, application_id="other-app")
    await refused(stage, source_range="198.51.100.0/24")
    await acting.ask(stage, key="the second desktop of the same mailbox")


async def test_a_refused_request_does_not_prolong_the_wait(stage: Stage) -> None:
    await acting.ask(stage)
    for _ in range(5):
        stage.clock.advance(11)
        await refused(stage)
    stage.clock.advance(5)
    await acting.ask(stage)


async def test_a_decoy_counts_for_its_key_as_any_other(stage: Stage) -> None:
    await ask_many(stage, 3)
    assert await is_decoy(stage, await acting.ask(stage, key="late"))
    assert (await refused(stage, key="late")).retry_after == 60


@pytest.mark.parametrize("end", ["approve", "reject", "expire"])
async def test_a_login_that_ended_otherwise_than_by_its_device_still_counts(stage: Stage, end: str) -> None:
    begun = await acting.ask(stage)
    if end == "expire":
        await acting.execute(stage, "UPDATE logins SET expires_at = :now", now=stage.clock())
        await stage.sweep()
    elif end == "approve":
        await acting.approve(stage, begun)
    else:
        await acting.reject(stage, begun)
    await refused(stage)


async def test_a_login_that_its_device_cancelled_does_not_count(stage: Stage) -> None:
    begun = await acting.ask(stage)
    await acting.cancel(stage, begun)
    await acting.ask(stage)
    await refused(stage)


async def test_the_eleventh_request_of_a_network_in_a_minute_is_refused_and_writes_nothing(
    database_url: str, open_stage: OpenStage, tmp_path: Path
) -> None:
    async with open_stage(database_url, tmp_path, budgets=budget.DEFAULTS) as stage:
        await acting.ask(stage, "a@example.com", "first")
        stage.clock.advance(20)
        for number in range(9):
            await acting.ask(stage, f"a{number}@example.com", f"k{number}")
        refusal = await refused(stage, address="new@example.com", key="new")
        assert (refusal.code, refusal.retry_after) == (ErrorCode.SLOW_DOWN, 40)
        assert refusal.retry_after is not None
        await acting.ask(stage, "z@example.com", "elsewhere", source_range="198.51.100.0/24")
        stage.clock.advance(40 - JUST)
        assert (await refused(stage, address="new@example.com", key="new")).retry_after == 1
        stage.clock.advance(JUST)
        await acting.ask(stage, "new@example.com", "new")
        assert (await refused(stage, address="new2@example.com", key="new2")).retry_after == 20


async def test_a_network_over_budget_is_told_429_with_retry_after_and_no_row_is_written(
    database_url: str, open_stage: OpenStage, tmp_path: Path
) -> None:
    async with open_stage(database_url, tmp_path, budgets=budget.DEFAULTS) as stage:
        for number in range(10):
            assert (await stage.ask(stage.device(), f"a{number}@example.com")).status_code == 200
        async with only_told(stage, "address_range"):
            response = await stage.ask(stage.device(), "new@example.com")
        assert (response.status_code, response.headers["retry-after"]) == (429, "60")
        assert response.headers["ratelimit"] == '"address_range";r=0;t=60'
        assert response.json()["error"] == "slow_down"
        async with nothing_written(stage):
            assert (await stage.ask(stage.device(), "new@example.com")).status_code == 429


async def test_cancelled_requests_count_for_the_network_all_the_same(
    sqlite_url: str, open_stage: OpenStage, tmp_path: Path
) -> None:
    async with open_stage(sqlite_url, tmp_path, budgets=budget.parse("address_range=2/60")) as stage:
        for _ in range(2):
            await acting.cancel(stage, await acting.ask(stage))
        await refused(stage)


async def test_a_refusal_keeps_the_open_login_of_its_key(stage: Stage) -> None:
    begun = await acting.ask(stage)
    await refused(stage)
    assert (await acting.approve(stage, begun)).value == "approved"


async def test_replaced_budgets_replace_the_limits(sqlite_url: str, open_stage: OpenStage, tmp_path: Path) -> None:
    replaced = budget.parse(f"{ROOMY},mailbox_mails=1/10,device_key=1/5")
    async with open_stage(sqlite_url, tmp_path, budgets=replaced) as stage:
        assert not await is_decoy(stage, await acting.ask(stage))
        assert (await refused(stage)).retry_after == 5
        stage.clock.advance(5)
        assert await is_decoy(stage, await acting.ask(stage))
        stage.clock.advance(5)
        assert not await is_decoy(stage, await acting.ask(stage))
