# SPDX-License-Identifier: Apache-2.0
"""Mail rows: leased to one worker at a time, settled once, and without their secret afterwards."""

import asyncio
from collections import Counter

import pytest

from counterfoil_service.operations.claim_mail import ClaimedMail, claim_mail
from counterfoil_service.operations.settle_mail import Outcome, SettleMail, settle_mail
from support import acting
from support.stage import SECOND, Stage


async def claim(stage: Stage, limit: int = 10) -> list[ClaimedMail]:
    return await stage.database.write(claim_mail, limit)


async def settle(stage: Stage, claimed: ClaimedMail, outcome: Outcome, *, due_in: float = 0) -> None:
    due_at = stage.clock() + round(due_in * SECOND)
    await stage.database.write(settle_mail, SettleMail(claimed.mail, outcome, None, due_at))


async def state(stage: Stage) -> tuple[str, bool, int]:
    """The one row: its state, whether it still holds its secret, and its attempts."""
    ((found, sealed, attempts),) = await stage.rows("SELECT state, sealed_secret, attempts FROM outbox")
    return found, sealed is not None, attempts


async def test_a_claimed_mail_holds_the_secret_of_its_link(stage: Stage) -> None:
    begun = await acting.ask(stage, device_label="Ada's laptop")
    (claimed,) = await claim(stage)
    assert (claimed.secret, claimed.application_name, claimed.device_label) == (
        begun.secret,
        "Desk App",
        "Ada's laptop",
    )
    assert (claimed.happened_at, claimed.expires_at) == (stage.clock(), stage.clock() + 600 * SECOND)
    assert begun.secret not in repr(claimed)


async def test_a_leased_mail_is_nobody_elses_for_a_minute(stage: Stage) -> None:
    await acting.ask(stage)
    assert len(await claim(stage)) == 1
    assert await claim(stage) == []
    stage.clock.advance(59.999999)
    assert await claim(stage) == []
    stage.clock.advance(0.000001)
    (again,) = await claim(stage)
    assert again.mail.attempts == 2


async def test_many_workers_share_the_mails_and_none_is_claimed_twice(stage: Stage) -> None:
    for number in range(30):
        await acting.ask(stage, f"a{number}@example.com", f"k{number}")
    batches = await asyncio.gather(*(claim(stage, 4) for _ in range(10)))
    batches += [await claim(stage, 30)]
    claimed = Counter(each.mail.id for batch in batches for each in batch)
    assert len(claimed) == 30
    assert set(claimed.values()) == {1}
    assert max(len(batch) for batch in batches[:-1]) <= 4


async def test_the_oldest_mail_goes_first(stage: Stage) -> None:
    first = await acting.ask(stage, "a@example.com", "a")
    stage.clock.advance(1)
    await acting.ask(stage, "b@example.com", "b")
    (claimed,) = await claim(stage, 1)
    assert claimed.mail.login_id == first.login_id


@pytest.mark.parametrize(
    ("outcome", "event"), [("sent", "mail.sent"), ("failed", "mail.failed"), ("expired", "mail.failed")]
)
async def test_a_settled_mail_forgets_its_secret_and_is_claimed_no_more(
    stage: Stage, outcome: Outcome, event: str
) -> None:
    begun = await acting.ask(stage)
    (claimed,) = await claim(stage)
    await settle(stage, claimed, outcome)
    assert await state(stage) == (outcome, False, 1)
    assert (await stage.names(begun.login_id))[-1] == event
    stage.clock.advance(3600)
    assert await claim(stage) == []


async def test_a_deferred_mail_keeps_its_secret_and_comes_back_when_it_is_due(stage: Stage) -> None:
    begun = await acting.ask(stage)
    (claimed,) = await claim(stage)
    await settle(stage, claimed, "deferred", due_in=30)
    assert await state(stage) == ("queued", True, 1)
    stage.clock.advance(29)
    assert await claim(stage) == []
    stage.clock.advance(1)
    (again,) = await claim(stage)
    assert again.secret == begun.secret
    assert (await stage.names(begun.login_id))[-1] == "mail.deferred"


@pytest.mark.parametrize("outcome", ["sent", "failed", "deferred"])
async def test_a_worker_that_lost_its_lease_has_no_word_any_more(stage: Stage, outcome: Outcome) -> None:
    await acting.ask(stage)
    (late,) = await claim(stage)
    stage.clock.advance(60)
    (current,) = await claim(stage)
    before = await acting.snapshot(stage)
    await settle(stage, late, outcome, due_in=3600)
    assert await acting.snapshot(stage) == before
    await settle(stage, current, "sent")
    assert await state(stage) == ("sent", False, 2)


async def test_a_mail_is_settled_once(stage: Stage) -> None:
    begun = await acting.ask(stage)
    (claimed,) = await claim(stage)
    await asyncio.gather(*(settle(stage, claimed, "sent") for _ in range(5)))
    assert (await stage.names(begun.login_id)).count("mail.sent") == 1


@pytest.mark.parametrize("end", ["approve", "reject", "cancel", "time"])
async def test_the_link_of_a_login_that_has_ended_is_not_mailed(stage: Stage, end: str) -> None:
    begun = await acting.ask(stage)
    if end == "approve":
        await acting.approve(stage, begun)
    elif end == "reject":
        await acting.reject(stage, begun)
    elif end == "cancel":
        await acting.cancel(stage, begun)
    else:
        stage.clock.advance(600)
    (claimed,) = await claim(stage)
    assert claimed.secret is None


async def test_a_secret_moved_to_another_mail_is_not_sent(stage: Stage) -> None:
    await acting.ask(stage, "ada@example.com", "a")
    await acting.ask(stage, "eve@example.com", "b")
    rows = await stage.rows("SELECT id, sealed_secret FROM outbox")
    swapped = ((rows[0][0], rows[1][1]), (rows[1][0], rows[0][1]))
    for mail_id, sealed in swapped:
        await acting.execute(
            stage, "UPDATE outbox SET sealed_secret = :sealed WHERE id = :id", sealed=sealed, id=mail_id
        )
    assert [each.secret for each in await claim(stage)] == [None, None]
    stage.clock.advance(60)
    assert await stage.mails() == []


async def test_a_mail_whose_login_or_application_is_gone_is_not_sent(stage: Stage) -> None:
    await acting.ask(stage)
    await acting.execute(stage, "DELETE FROM logins")
    (claimed,) = await claim(stage)
    assert claimed.secret is None
