# SPDX-License-Identifier: Apache-2.0
"""How logins end by others than their person: the device, the clock, the operator."""

import asyncio

import pytest

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.login import State
from counterfoil_service.operations.cancel_login import CancelLogin, cancel_login
from counterfoil_service.operations.remove_application import remove_application
from counterfoil_service.operations.sweep import sweep
from support import acting
from support.stage import Stage


async def test_a_device_gives_up_its_own_login(stage: Stage) -> None:
    for approve in (False, True):
        begun = await acting.ask(stage, key=f"k{approve}")
        if approve:
            await acting.approve(stage, begun)
        await acting.cancel(stage, begun, f"k{approve}")
        assert (await acting.stored(stage, begun)).state is State.CANCELLED
        assert (await stage.names(begun.login_id))[-1] == "login.cancelled"
        assert (await acting.approve(stage, begun)).value == "dead"


async def test_another_key_cancels_nothing_and_raises_an_alert(stage: Stage) -> None:
    begun = await acting.ask(stage)
    before = await acting.stored(stage, begun)
    await acting.cancel(stage, begun, "thief")
    assert await acting.stored(stage, begun) == before
    event = (await stage.events(begun.login_id))[-1].event
    assert (event.name, event.outcome, event.reason) == ("login.key_mismatch", "failure", "other_key")


async def test_no_proof_at_all_is_another_key(stage: Stage) -> None:
    begun = await acting.ask(stage)
    await stage.database.write(cancel_login, CancelLogin("desk-app", begun.device_code, None, charged=True))
    assert (await acting.stored(stage, begun)).state is State.PENDING


@pytest.mark.parametrize(("application_id", "token"), [("other-app", None), ("desk-app", "unknown"), ("desk-app", "")])
async def test_a_code_of_nobody_or_of_another_application_is_passed_over_in_silence(
    stage: Stage, application_id: str, token: str | None
) -> None:
    await stage.add_application("other-app")
    begun = await acting.ask(stage)
    before = await acting.snapshot(stage)
    command = CancelLogin(application_id, begun.device_code if token is None else token, acting.proof_of("laptop"))
    await stage.database.write(cancel_login, command)
    assert await acting.snapshot(stage) == before
    assert begun.device_code not in repr(command)


@pytest.mark.parametrize("end", ["collect", "reject", "cancel", "lock", "time"])
async def test_a_login_that_has_ended_cannot_be_cancelled_and_the_try_is_recorded(stage: Stage, end: str) -> None:
    begun = await acting.ask(stage)
    if end == "collect":
        await acting.approve(stage, begun)
        await acting.collect(stage, begun)
    elif end == "lock":
        for _ in range(3):
            await acting.miss(stage, begun)
    elif end == "time":
        stage.clock.advance(600)
    else:
        await (acting.reject(stage, begun) if end == "reject" else acting.cancel(stage, begun))
    before = await acting.stored(stage, begun)
    await acting.cancel(stage, begun)
    assert await acting.stored(stage, begun) == before
    event = (await stage.events(begun.login_id))[-1].event
    ended = {"collect": "consumed", "reject": "denied", "cancel": "cancelled", "lock": "locked", "time": "expired"}
    assert (event.name, event.fields) == ("login.illegal_transition", {"trigger": "cancel", "state": ended[end]})


async def test_a_cancelled_login_cannot_be_cancelled_by_a_spent_proof(stage: Stage) -> None:
    begun = await acting.ask(stage)
    command = CancelLogin("desk-app", begun.device_code, acting.proof_of("laptop"))
    await stage.database.write(cancel_login, command)
    with pytest.raises(Refusal) as caught:
        await stage.database.write(cancel_login, command)
    assert caught.value.code is ErrorCode.INVALID_DPOP_PROOF


async def test_the_sweeper_expires_what_is_due_in_bounded_batches_and_nothing_else(stage: Stage) -> None:
    due = [await acting.ask(stage, f"a{number}@example.com", f"k{number}") for number in range(5)]
    stage.clock.advance(600)
    alive = await acting.ask(stage, key="late")
    assert [await stage.database.write(sweep, 2) for _ in range(4)] == [2, 2, 1, 0]
    assert {(await acting.stored(stage, each)).state for each in due} == {State.EXPIRED}
    assert (await acting.stored(stage, alive)).state is State.PENDING


async def test_a_login_is_not_expired_a_microsecond_early(stage: Stage) -> None:
    begun = await acting.ask(stage)
    stage.clock.advance(599.999999)
    assert await stage.database.write(sweep, 10) == 0
    stage.clock.advance(0.000001)
    assert await stage.database.write(sweep, 10) == 1
    assert (await stage.names(begun.login_id)).count("login.expired") == 1


async def test_sweepers_of_many_replicas_write_each_expiry_once(stage: Stage) -> None:
    for number in range(30):
        await acting.ask(stage, f"a{number}@example.com", f"k{number}")
    stage.clock.advance(600)
    counts = await asyncio.gather(*(stage.database.write(sweep, 7) for _ in range(8)))
    counts += [await stage.database.write(sweep, 100)]
    assert sum(counts) == 30
    assert await stage.rows("SELECT count(*) FROM audit_events WHERE name = 'login.expired'") == [(30,)]


async def test_the_sweeper_forgets_proofs_once_none_would_be_accepted_any_more(stage: Stage) -> None:
    await acting.ask(stage)
    stage.clock.advance(119.999999)
    await stage.sweep()
    assert await stage.count("proofs") == 1
    stage.clock.advance(0.000001)
    await stage.sweep()
    assert await stage.count("proofs") == 0


async def test_a_removed_application_collects_nothing_more_and_its_sessions_end(stage: Stage) -> None:
    await stage.add_application("other-app")
    stranger = await acting.ask(stage, "eve@example.com", "eve", application_id="other-app")
    collected, approved, pending = [await acting.ask(stage, key=f"k{number}") for number in range(3)]
    for each in (collected, approved):
        await acting.approve(stage, each)
    await acting.collect(stage, collected, "k0")
    await stage.database.write(remove_application, "desk-app")

    for number, each in enumerate((collected, approved, pending)):
        code = await acting.collect_or_code(stage, each, f"k{number}")
        assert code is (ErrorCode.INVALID_GRANT if number == 0 else ErrorCode.ACCESS_DENIED)
        assert (await acting.approve(stage, each)).value == "dead"
    assert (await stage.names(pending.login_id))[-2:] == ["login.denied", "login.illegal_transition"]
    assert "session.ended" in await stage.names(collected.login_id)
    assert await stage.rows("SELECT count(*) FROM sessions WHERE ended_at IS NULL") == [(0,)]
    assert (await acting.stored(stage, stranger)).state is State.PENDING


async def test_an_id_taken_again_inherits_nothing(stage: Stage) -> None:
    begun = await acting.ask(stage)
    await acting.approve(stage, begun)
    await stage.database.write(remove_application, "desk-app")
    await stage.add_application("desk-app")
    assert await acting.collect_or_code(stage, begun) is ErrorCode.ACCESS_DENIED
    assert not await acting.reject(stage, begun)


async def test_an_id_in_use_is_never_taken_over(stage: Stage) -> None:
    before = await acting.snapshot(stage)
    with pytest.raises(Refusal, match="in use"):
        await stage.add_application("desk-app", name="Evil App")
    with pytest.raises(Refusal, match="no application"):
        await stage.database.write(remove_application, "nobody")
    assert await acting.snapshot(stage) == before


async def test_of_ten_that_register_one_id_one_succeeds(stage: Stage) -> None:
    results = await asyncio.gather(
        *(stage.add_application("new", name=f"App {number}") for number in range(10)), return_exceptions=True
    )
    assert sum(not isinstance(result, Refusal) for result in results) == 1
    assert await stage.rows("SELECT count(*) FROM applications WHERE id = 'new'") == [(1,)]
