# SPDX-License-Identifier: Apache-2.0
"""Of many at the same time exactly one wins, on both engines, and the losers change nothing [R40, R43]."""

import asyncio
import os
from collections import Counter
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from counterfoil_service.core import budget
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.grant import Grant
from counterfoil_service.core.login import State
from counterfoil_service.crypto.jwt import SigningKey
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db.postgresql_transaction import PostgresqlTransaction
from counterfoil_service.operations.approve_login import Approval
from counterfoil_service.operations.ensure_signing_key import ensure_signing_key
from counterfoil_service.operations.rotate_keys import RotateKeys
from counterfoil_service.operations.start_login import start_login
from support import acting
from support.stage import ROOMY, OpenStage, Stage


async def together(*attempts: Coroutine[Any, Any, Any]) -> list[Any]:
    """All at once; an error is a result too."""
    return await asyncio.gather(*attempts, return_exceptions=True)


async def test_of_fifty_approvals_one_approves(stage: Stage) -> None:
    begun = await acting.ask(stage)
    results = await together(*(acting.approve(stage, begun) for _ in range(50)))
    assert Counter(results) == {Approval.APPROVED: 1, Approval.DEAD: 49}
    names = Counter(await stage.names(begun.login_id))
    assert names["login.approved"] == 1
    assert names["login.illegal_transition"] == 49
    told = {
        event.event.fields["state"] for event in await stage.events(begun.login_id) if event.event.outcome == "failure"
    }
    assert told == {"approved"}, "the losers name the state that stood in their way"


async def test_of_approvals_rejections_and_cancellations_the_last_word_is_one_of_theirs(stage: Stage) -> None:
    for number in range(4):
        begun = await acting.ask(stage, f"a{number}@example.com", f"k{number}")
        approvals = [acting.approve(stage, begun) for _ in range(15)]
        rejections = [acting.reject(stage, begun) for _ in range(15)]
        cancellations = [acting.cancel(stage, begun, f"k{number}") for _ in range(15)]
        mixed = [each for trio in zip(approvals, rejections, cancellations, strict=True) for each in trio]
        results = await together(*mixed[number * 7 :], *mixed[: number * 7])
        assert not [each for each in results if isinstance(each, BaseException)]
        names = Counter(await stage.names(begun.login_id))
        assert names["login.denied"] + names["login.cancelled"] == 1
        assert names["login.approved"] <= 1
        assert names["login.approved"] + names["login.illegal_transition"] == 44
        state = (await acting.stored(stage, begun)).state
        assert state is (State.DENIED if names["login.denied"] else State.CANCELLED)


async def test_no_flood_of_wrong_codes_gets_a_fourth_try(stage: Stage) -> None:
    begun = await acting.ask(stage)
    results = await together(*(acting.miss(stage, begun) for _ in range(50)))
    assert Counter(results) == {Approval.MISSED: 2, Approval.LOCKED: 1, Approval.DEAD: 47}
    row = await acting.stored(stage, begun)
    assert (row.state, row.misses) == (State.LOCKED, 3)
    assert await acting.approve(stage, begun) is Approval.DEAD


async def test_the_right_code_among_wrong_ones_wins_or_finds_the_login_locked(stage: Stage) -> None:
    begun = await acting.ask(stage)
    attempts = [acting.miss(stage, begun) for _ in range(20)]
    attempts.insert(5, acting.approve(stage, begun))
    results = Counter(await together(*attempts))
    row = await acting.stored(stage, begun)
    assert row.misses <= 3
    assert (row.state, results[Approval.APPROVED], results[Approval.LOCKED]) in {
        (State.APPROVED, 1, 0),
        (State.LOCKED, 0, 1),
    }


async def test_a_hundred_collections_give_one_session_with_one_living_refresh_token(stage: Stage) -> None:
    begun = await acting.ask(stage)
    await acting.approve(stage, begun)
    results = await together(*(acting.collect(stage, begun) for _ in range(100)))
    grants = [each for each in results if isinstance(each, Grant)]
    assert len(grants) == 100, "a repeated poll of the same key in time is a lost answer [R44]"
    assert len({(grant.session_id, grant.subject) for grant in grants}) == 1
    assert len({grant.refresh_token for grant in grants}) == 100
    names = Counter(await stage.names(begun.login_id))
    assert (names["login.completed"], names["session.created"], names["login.reissued"]) == (1, 1, 99)
    assert (names["user.created"], names["user.verified"]) == (1, 1)
    assert await stage.count("sessions") == await stage.count("users") == 1
    states = Counter(row[0] for row in await stage.rows("SELECT state FROM refresh_tokens"))
    assert states == {"current": 1, "replaced": 99}


async def test_without_the_lost_answer_rule_ninety_nine_of_a_hundred_get_nothing(stage: Stage) -> None:
    await stage.add_application("keyless", dpop="optional")
    begun = await acting.ask(stage, key=None, application_id="keyless")
    await acting.approve(stage, begun)
    results = await together(*(acting.collect_or_code(stage, begun) for _ in range(100)))
    assert Counter(type(each) is Grant for each in results) == {True: 1, False: 99}
    assert set(results[1:]) - {each for each in results if type(each) is Grant} == {ErrorCode.INVALID_GRANT}
    assert await stage.count("sessions") == 1
    assert await stage.count("refresh_tokens") == 0


async def test_a_rejection_and_a_collection_never_both_succeed(stage: Stage) -> None:
    for number in range(8):
        begun = await acting.ask(stage, f"a{number}@example.com", f"k{number}")
        await acting.approve(stage, begun)
        attempts = [acting.reject(stage, begun), acting.collect_or_code(stage, begun, f"k{number}")]
        results = await together(*(attempts if number % 2 else attempts[::-1]))
        rejected, collected = results if number % 2 else results[::-1]
        assert rejected is not isinstance(collected, Grant)
        sessions = await acting.query(stage, "SELECT 1 FROM sessions WHERE login_id = :id", id=begun.login_id)
        assert len(sessions) == int(isinstance(collected, Grant))


async def test_two_first_logins_of_one_mailbox_make_one_user(stage: Stage) -> None:
    begun = [await acting.ask(stage, key=f"k{number}") for number in range(3)]
    for each in begun:
        await acting.approve(stage, each)
    grants = await together(*(acting.collect(stage, each, f"k{number}") for number, each in enumerate(begun)))
    assert len({grant.subject for grant in grants}) == 1
    assert len({grant.session_id for grant in grants}) == 3
    assert await stage.count("users") == 1
    made = await stage.rows("SELECT name FROM audit_events WHERE name LIKE 'user.%' ORDER BY name")
    assert made == [("user.created",), ("user.verified",)]


async def test_a_key_that_asks_twenty_times_at_once_is_answered_once(stage: Stage) -> None:
    results = await together(*(acting.ask(stage, f"a{number}@example.com") for number in range(20)))
    refused = [each for each in results if isinstance(each, Refusal)]
    assert len(refused) == 19
    assert {each.code for each in refused} == {ErrorCode.SLOW_DOWN}
    assert await stage.count("logins") == await stage.count("outbox") == await stage.count("proofs") == 1


async def test_one_proof_presented_twenty_times_at_once_is_spent_once(stage: Stage) -> None:
    command = acting.command()
    results = await together(*(stage.database.write(start_login, command) for _ in range(20)))
    refused = [each for each in results if isinstance(each, Refusal)]
    assert len(refused) == 19
    assert {each.code for each in refused} == {ErrorCode.INVALID_DPOP_PROOF}
    assert await stage.count("logins") == 1


async def test_a_mailbox_asked_for_twenty_times_at_once_gets_three_mails(stage: Stage) -> None:
    results = await together(*(acting.ask(stage, key=f"k{number}") for number in range(20)))
    assert not [each for each in results if isinstance(each, BaseException)]
    assert Counter(row[0] for row in await stage.rows("SELECT kind FROM outbox")) == {"link": 3, "decoy": 17}


async def test_should_the_lock_ever_fail_the_index_keeps_one_pending_login_of_a_key(
    postgres_url: str, open_stage: OpenStage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_lock(_tx: PostgresqlTransaction, *_keys: bytes) -> None:
        """Locks nothing."""

    monkeypatch.setattr(PostgresqlTransaction, "lock", no_lock)
    async with open_stage(postgres_url, tmp_path, budgets=budget.parse(f"{ROOMY},device_key=1000/60")) as stage:
        results = await together(*(acting.ask(stage, f"a{number}@example.com") for number in range(6)))
        begun = [each for each in results if isinstance(each, acting.Begun)]
        others = [each for each in results if not isinstance(each, acting.Begun)]
        assert begun
        assert {each.code for each in others} <= {ErrorCode.TEMPORARILY_UNAVAILABLE}
        assert await stage.rows("SELECT count(*) FROM logins WHERE state = 'pending'") == [(1,)]
        assert await stage.count("logins") == await stage.count("outbox") == len(begun)


async def test_one_request_supersedes_only_the_same_key_in_the_same_application(stage: Stage) -> None:
    await stage.add_application("other-app")
    mine = await acting.ask(stage, "ada@example.com", "laptop")
    stage.clock.advance(60)
    others = [
        await acting.ask(stage, "ada@example.com", "laptop", application_id="other-app"),
        await acting.ask(stage, "ada@example.com", "tower"),
        await acting.ask(stage, "bob@example.com", "tablet"),
    ]
    assert (await acting.stored(stage, mine)).state is State.PENDING
    stage.clock.advance(60)
    await acting.ask(stage, "cyd@example.com", "laptop")
    assert (await acting.stored(stage, mine)).state is State.CANCELLED
    for each in others:
        assert (await acting.stored(stage, each)).state is State.PENDING


def _new_key() -> RotateKeys:
    return RotateKeys(SigningKey.generate("ES256", os.urandom), 600)


async def test_processes_that_start_together_make_one_signing_key(stage: Stage) -> None:
    await acting.execute(stage, "DELETE FROM signing_keys")
    await together(*(stage.database.write(ensure_signing_key, _new_key()) for _ in range(10)))
    assert await stage.count("signing_keys") == 1


async def test_a_link_of_an_earlier_request_decides_nothing_about_a_later_one(stage: Stage) -> None:
    old = await acting.ask(stage)
    stage.clock.advance(61)
    new = await acting.ask(stage)
    assert await acting.approve(stage, old) is Approval.DEAD
    assert await acting.approve(stage, new, old.code) is Approval.MISSED
    assert not await acting.reject(stage, old)
    assert (await acting.stored(stage, new)).link_hash == digest(new.secret)
    assert (await acting.stored(stage, new)).state is State.PENDING
