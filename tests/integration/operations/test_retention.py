# SPDX-License-Identifier: Apache-2.0
"""What leaves the working tables, when, and what has to stay as long as somebody needs it (R112, R134)."""

import asyncio

import msgspec
import pytest

from counterfoil_service.core import budget
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.grant import Grant
from counterfoil_service.operations.forget_old import forget_old
from counterfoil_service.operations.revoke_sessions import RevokeSessions, revoke_sessions
from counterfoil_service.operations.sweep import sweep
from support import acting
from support.stage import Stage
from support.tokens import renew, sign_in

HOUR, DAY = 3600, 86_400
RETENTION = 30 * DAY


async def swept(stage: Stage, limit: int = 1000) -> list[int]:
    """Let the sweeper work until nothing is left; how much it found each time."""
    await stage.database.write(sweep, 1000)
    found = [await stage.database.write(forget_old, limit)]
    while found[-1]:
        found.append(await stage.database.write(forget_old, limit))
    return found


async def logins_of(stage: Stage) -> set[str]:
    return {row[0] for row in await stage.rows("SELECT id FROM logins")}


async def signed_in(stage: Stage, key: str = "laptop", address: str = "ada@example.com") -> acting.Begun:
    begun = await acting.ask(stage, address, key)
    await stage.mails()
    await acting.approve(stage, begun)
    assert isinstance(await acting.collect(stage, begun, key), Grant)
    await stage.mails()
    return begun


async def test_a_login_that_nobody_used_leaves_an_hour_after_its_end_with_its_mail(stage: Stage) -> None:
    expired = await acting.ask(stage)
    cancelled = await acting.ask(stage, "bob@example.com", "bobs")
    await stage.mails()
    await acting.cancel(stage, cancelled, "bobs")
    stage.clock.advance(600 + HOUR - 0.000001)
    await swept(stage)
    assert await logins_of(stage) == {expired.login_id, cancelled.login_id}
    stage.clock.advance(0.000001)
    await swept(stage)
    assert await logins_of(stage) == set()
    assert await stage.count("outbox") == 0
    assert await stage.names(expired.login_id), "the audit log remembers"


async def test_its_device_hears_expired_as_long_as_it_must_and_invalid_afterwards(stage: Stage) -> None:
    asked = await stage.start()
    stage.clock.advance(600 + 599)
    await swept(stage)
    assert (await stage.poll(asked)).json()["error"] == "expired_token"
    stage.clock.advance(HOUR)
    await swept(stage)
    assert (await stage.poll(asked)).json()["error"] == "invalid_grant"


async def test_a_budget_still_counts_what_it_counted_before(stage: Stage) -> None:
    """Address ranges and keys are counted by rows of logins: none leaves within the longest window."""
    for number in range(3):
        await acting.ask(stage, key=f"k{number}")
    stage.clock.advance(600 + HOUR - 1)
    await swept(stage)
    assert await stage.count("logins") == 3


@pytest.mark.parametrize("end", ["reject", "lock"])
async def test_a_login_that_was_refused_stays_for_the_retention(stage: Stage, end: str) -> None:
    begun = await acting.ask(stage)
    if end == "reject":
        await acting.reject(stage, begun)
    else:
        for _ in range(3):
            await acting.miss(stage, begun)
    await stage.mails()
    stage.clock.advance(600 + RETENTION - 0.000001)
    await swept(stage)
    assert await logins_of(stage) == {begun.login_id}
    stage.clock.advance(0.000001)
    await swept(stage)
    assert await logins_of(stage) == set()


async def test_what_belongs_to_a_living_session_stays_however_old(stage: Stage) -> None:
    signed = await sign_in(stage)
    for _ in range(8):
        stage.clock.advance(10 * DAY)
        await renew(stage, signed)
        await swept(stage)
    assert [await stage.count(table) for table in ("logins", "sessions")] == [1, 1]
    assert (await renew(stage, signed))["refresh_token"]


async def test_an_ended_session_leaves_with_its_login_tokens_and_mail(stage: Stage) -> None:
    begun = await signed_in(stage)
    await stage.database.write(revoke_sessions, RevokeSessions("every"))
    stage.clock.advance(RETENTION - 0.000001)
    await swept(stage)
    assert [await stage.count(table) for table in ("logins", "sessions")] == [1, 1]
    stage.clock.advance(0.000001)
    await swept(stage)
    assert [await stage.count(table) for table in ("logins", "sessions", "refresh_tokens", "outbox")] == [0, 0, 0, 0]
    assert "session.ended" in await stage.names(begun.login_id)
    with pytest.raises(Refusal) as caught:
        await acting.collect(stage, begun)
    assert caught.value.code is ErrorCode.INVALID_GRANT


async def test_a_login_stays_as_long_as_any_of_its_sessions_lives(stage: Stage) -> None:
    """A browser's login gives one to each application that it goes on to."""
    begun = await signed_in(stage)
    columns = "user_id, application_id, login_id, scope, audience, amr, auth_time, created_at, last_used_at"
    copied = f"INSERT INTO sessions (id, {columns}) SELECT 'another', {columns} FROM sessions"  # noqa: S608 - ours
    await acting.execute(stage, copied)
    await acting.execute(stage, "UPDATE sessions SET ended_at = last_used_at WHERE id <> 'another'")
    stage.clock.advance(RETENTION)
    await stage.database.write(forget_old, 1000)
    assert await stage.rows("SELECT id FROM sessions") == [("another",)]
    assert await logins_of(stage) == {begun.login_id}


async def test_however_short_budgets_are_a_device_hears_for_ten_minutes_that_it_expired(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = stage.database.context
    short = budget.parse("device_key=1/1,address_range=9/1,mailbox_live_logins=9/1")
    settings = msgspec.structs.replace(context().settings, budgets=short)
    monkeypatch.setattr(stage.database, "context", lambda: msgspec.structs.replace(context(), settings=settings))
    await acting.ask(stage)
    await stage.mails()
    stage.clock.advance(600 + 599.999999)
    await swept(stage)
    assert await stage.count("logins") == 1
    stage.clock.advance(0.000001)
    await swept(stage)
    assert await stage.count("logins") == 0


async def test_a_login_whose_mail_still_waits_is_left_for_the_next_time(stage: Stage) -> None:
    begun = await acting.ask(stage)
    stage.clock.advance(600 + HOUR)
    await stage.database.write(sweep, 1000)
    await acting.execute(stage, "UPDATE outbox SET state = 'queued', ended_at = NULL")
    await stage.database.write(forget_old, 1000)
    assert await logins_of(stage) == {begun.login_id}
    await acting.execute(stage, "UPDATE outbox SET state = 'failed'")
    await swept(stage)
    assert await logins_of(stage) == set()


async def test_settled_mail_of_a_living_session_forgets_its_recipient_after_the_retention(stage: Stage) -> None:
    await signed_in(stage)
    assert await stage.count("outbox") == 2, "the link, and the notice of a new device"
    stage.clock.advance(RETENTION)
    await stage.database.write(forget_old, 1000)
    assert await stage.count("outbox") == 0
    assert await stage.count("sessions") == 1


async def test_batches_are_bounded_and_together_they_do_it_all(stage: Stage) -> None:
    for number in range(7):
        await acting.ask(stage, f"a{number}@example.com", f"k{number}")
    await stage.mails()
    stage.clock.advance(600 + HOUR)
    found = await swept(stage, limit=3)
    assert max(found) <= 3
    assert await stage.count("logins") == 0


async def test_sweepers_of_many_replicas_do_not_get_in_each_others_way(stage: Stage) -> None:
    for number in range(20):
        await acting.ask(stage, f"a{number}@example.com", f"k{number}")
    await stage.mails()
    stage.clock.advance(600 + HOUR)
    await stage.database.write(sweep, 1000)
    await asyncio.gather(*(stage.database.write(forget_old, 4) for _ in range(6)))
    await swept(stage)
    assert [await stage.count(table) for table in ("logins", "outbox", "proofs", "mailings")][:3] == [0, 0, 0]


async def test_nothing_is_taken_from_the_audit_log_without_a_policy(stage: Stage) -> None:
    await signed_in(stage)
    before = await stage.count("audit_events")
    stage.clock.advance(3650 * DAY)
    await swept(stage)
    assert await stage.count("audit_events") >= before
