# SPDX-License-Identifier: Apache-2.0
"""Collecting: only in time, only by what was approved, once, and again only for a lost answer [R43-R45]."""

import pytest

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.grant import Grant
from counterfoil_service.core.login import State
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db import sessions
from counterfoil_service.operations.collect_login import collect_login
from support import acting
from support.stage import OpenStage, Stage

INVALID, EXPIRED = ErrorCode.INVALID_GRANT, ErrorCode.EXPIRED_TOKEN


async def approved(stage: Stage, key: str = "laptop") -> acting.Begun:
    begun = await acting.ask(stage, key=key)
    await acting.approve(stage, begun)
    return begun


async def collected(stage: Stage) -> tuple[acting.Begun, Grant]:
    begun = await approved(stage)
    grant = await acting.collect(stage, begun)
    assert grant is not None
    return begun, grant


async def use(stage: Stage, grant: Grant) -> None:
    """What a refresh will do to the token that it is given."""
    hashed = digest(grant.refresh_token or "")
    await acting.execute(stage, "UPDATE refresh_tokens SET state = 'used' WHERE token_hash = :hash", hash=hashed)


async def token_state(stage: Stage, grant: Grant) -> str:
    ((state,),) = await acting.query(
        stage, "SELECT state FROM refresh_tokens WHERE token_hash = :hash", hash=digest(grant.refresh_token or "")
    )
    return str(state)


async def test_an_approved_login_is_collected_until_the_last_microsecond_of_two_minutes(stage: Stage) -> None:
    begun = await approved(stage)
    stage.clock.advance(119.999999)
    assert isinstance(await acting.collect(stage, begun), Grant)


@pytest.mark.parametrize(("seconds", "code"), [(120, EXPIRED), (121, EXPIRED), (719.999999, EXPIRED), (720, INVALID)])
async def test_an_approved_login_that_nobody_collects_expires(stage: Stage, seconds: float, code: ErrorCode) -> None:
    begun = await approved(stage)
    stage.clock.advance(seconds)
    before = await acting.snapshot(stage)
    assert await acting.collect_or_code(stage, begun) is code
    assert await acting.snapshot(stage) == before, "a refused poll writes nothing, not even its proof"


async def test_the_sweeper_writes_the_expiry_of_an_approved_login(stage: Stage) -> None:
    begun = await approved(stage)
    stage.clock.advance(120)
    await stage.sweep()
    assert (await acting.stored(stage, begun)).state is State.EXPIRED
    assert (await stage.names(begun.login_id))[-1] == "login.expired"
    assert await acting.collect_or_code(stage, begun) is EXPIRED


async def test_an_approval_in_the_last_second_prolongs_nothing(stage: Stage) -> None:
    begun = await acting.ask(stage)
    stage.clock.advance(599)
    await acting.approve(stage, begun)
    stage.clock.advance(1)
    assert await acting.collect_or_code(stage, begun) is EXPIRED
    assert await stage.count("sessions") == 0


async def test_at_its_very_end_a_login_is_neither_approved_nor_missed_nor_rejected(stage: Stage) -> None:
    begun = await acting.ask(stage)
    before = await acting.stored(stage, begun)
    stage.clock.advance(600)
    for attempt in (acting.approve(stage, begun), acting.miss(stage, begun)):
        assert (await attempt).value == "dead"
    assert not await acting.reject(stage, begun)
    await acting.cancel(stage, begun)
    assert await acting.stored(stage, begun) == before
    told = [stored.event.fields["state"] for stored in (await stage.events(begun.login_id))[2:]]
    assert told == ["expired"] * 4, "nobody is told that it was still pending"


async def test_the_session_is_what_was_asked_for_and_approved(stage: Stage) -> None:
    stage.clock.advance(5)
    begun = await acting.ask(stage, "Ada@Example.com", scope="email")
    stage.clock.advance(7)
    await acting.approve(stage, begun)
    approved_at = stage.clock()
    stage.clock.advance(9)
    grant = await acting.collect(stage, begun)
    assert grant is not None
    assert (grant.scope, grant.audience, grant.application_id) == ("email", stage.issuer, "desk-app")
    assert (grant.amr, grant.jkt) == (("pop", "swk", "mca"), begun.jkt)
    assert (grant.auth_time, grant.issued_at) == (approved_at, stage.clock())
    assert "ada" not in grant.subject.lower()
    session = await stage.database.read(sessions.get, grant.session_id)
    assert session is not None
    assert (session.login_id, session.user_id, session.jkt) == (begun.login_id, grant.subject, begun.jkt)


async def test_no_token_is_stored_that_could_be_used(stage: Stage) -> None:
    begun, grant = await collected(stage)
    assert grant.refresh_token is not None
    secrets = [begun.device_code, begun.secret, begun.code, grant.refresh_token, grant.refresh_token.partition(".")[2]]
    shown = repr(await acting.snapshot(stage)).replace("-", "")
    assert not [secret for secret in secrets if secret.replace("-", "") in shown]


async def test_a_lost_answer_is_given_again_with_a_fresh_pair_for_the_same_session(stage: Stage) -> None:
    begun, first = await collected(stage)
    stage.clock.advance(59.999999)
    again = await acting.collect(stage, begun)
    assert again is not None
    assert (again.session_id, again.subject, again.auth_time) == (first.session_id, first.subject, first.auth_time)
    assert again.token_id != first.token_id
    assert again.refresh_token != first.refresh_token
    assert [await token_state(stage, each) for each in (first, again)] == ["replaced", "current"]
    assert (await stage.names(begun.login_id))[-1] == "login.reissued"


async def test_the_minute_counts_from_the_first_success_and_is_not_extended(stage: Stage) -> None:
    begun, _ = await collected(stage)
    for _ in range(2):
        stage.clock.advance(25)
        assert isinstance(await acting.collect(stage, begun), Grant)
    stage.clock.advance(10)
    before = await acting.snapshot(stage)
    assert await acting.collect_or_code(stage, begun) is INVALID
    assert await acting.snapshot(stage) == before


async def test_once_a_refresh_token_was_used_no_answer_counts_as_lost(stage: Stage) -> None:
    begun, grant = await collected(stage)
    await use(stage, grant)
    assert await acting.collect_or_code(stage, begun) is INVALID
    assert await token_state(stage, grant) == "used"


async def test_the_answer_given_again_may_be_lost_again(stage: Stage) -> None:
    begun, first = await collected(stage)
    await acting.collect(stage, begun)
    assert await token_state(stage, first) == "replaced"
    assert isinstance(await acting.collect(stage, begun), Grant)


async def test_a_session_that_has_ended_gives_no_lost_answer(stage: Stage) -> None:
    begun, grant = await collected(stage)
    await acting.execute(
        stage, "UPDATE sessions SET ended_at = :now WHERE id = :id", now=stage.clock(), id=grant.session_id
    )
    assert await acting.collect_or_code(stage, begun) is INVALID


async def test_a_login_without_a_key_has_no_lost_answers(stage: Stage) -> None:
    await stage.add_application("keyless", dpop="optional")
    begun = await acting.ask(stage, key=None, application_id="keyless")
    await acting.approve(stage, begun)
    command = acting.collecting(begun.login_id, None)
    grant = await stage.database.write(collect_login, command)
    assert isinstance(grant, Grant)
    assert (grant.jkt, grant.refresh_token, grant.amr) == (None, None, ("mca",))
    with pytest.raises(Refusal) as caught:
        await stage.database.write(collect_login, command)
    assert caught.value.code is INVALID


async def test_another_key_gets_no_lost_answer_over_the_wire(stage: Stage) -> None:
    asked = await stage.approved()
    assert (await stage.poll(asked)).status_code == 200
    thief = await stage.poll(asked, stage.device())
    assert thief.json()["error"] == "invalid_grant"
    assert (await stage.names(asked.login_id))[-1] == "login.key_mismatch"
    assert (await stage.poll(asked)).status_code == 200, "the thief took nothing from the owner"


async def test_a_person_disabled_after_approving_gets_nothing_and_the_login_is_denied(stage: Stage) -> None:
    await acting.add_user(stage, "ada@example.com")
    begun = await approved(stage)
    await acting.execute(stage, "UPDATE users SET disabled_at = :now", now=stage.clock())
    assert await acting.collect(stage, begun) is None
    assert (await acting.stored(stage, begun)).state is State.DENIED
    assert await acting.collect_or_code(stage, begun) is ErrorCode.ACCESS_DENIED
    assert await stage.count("sessions") == await stage.count("refresh_tokens") == 0
    event = (await stage.events(begun.login_id))[-1].event
    assert (event.name, event.reason) == ("login.denied", "user_disabled")


async def test_a_proof_collects_once_and_never_twice(stage: Stage) -> None:
    begun = await approved(stage)
    command = acting.collecting(begun.login_id, acting.proof_of("laptop"))
    assert isinstance(await stage.database.write(collect_login, command), Grant)
    with pytest.raises(Refusal) as caught:
        await stage.database.write(collect_login, command)
    assert caught.value.code is ErrorCode.INVALID_DPOP_PROOF


async def test_a_login_that_does_not_exist_is_an_invalid_grant(stage: Stage) -> None:
    command = acting.collecting("nothing", acting.proof_of("laptop"))
    with pytest.raises(Refusal) as caught:
        await stage.database.write(collect_login, command)
    assert caught.value.code is INVALID
    assert await stage.count("proofs") == 0


async def test_another_link_ttl_is_kept_to_the_second(
    open_stage: OpenStage, sqlite_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with open_stage(sqlite_url, tmp_path_factory.mktemp("ttl"), link_ttl=5) as stage:
        begun = await acting.ask(stage)
        stage.clock.advance(4.999999)
        assert (await acting.approve(stage, begun)).value == "approved"
        stage.clock.advance(0.000001)
        assert await acting.collect_or_code(stage, begun) is EXPIRED
