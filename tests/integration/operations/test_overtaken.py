# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL, where two transactions really overlap: whoever comes second meets what the first has done."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.collect_login import collect_login
from counterfoil_service.operations.erase_user import erase_user
from counterfoil_service.operations.refresh_session import RefreshSession, refresh_session
from support import acting
from support.acting import Begun, collecting, proof_of
from support.stage import OpenStage, Stage

Work = Callable[[Transaction, Context], Coroutine[Any, Any, Any]]


async def overtaken(stage: Stage, first: Work, second: Coroutine[Any, Any, Any]) -> list[Any]:
    """`first` has written and holds its transaction open; `second` runs into it; then the first lets go."""
    written, go = asyncio.Event(), asyncio.Event()

    async def hold(tx: Transaction, work: Work, context: Context) -> Any:
        result = await work(tx, context)
        written.set()
        await go.wait()
        return result

    holding = asyncio.create_task(stage.database.write(hold, first))
    await written.wait()
    waiting = asyncio.create_task(second)
    for _ in range(5):
        await asyncio.sleep(0.02)  # lets the second reach the lock; it must not need this to be right
    assert not waiting.done()
    go.set()
    return list(await asyncio.gather(holding, waiting, return_exceptions=True))


async def approved(stage: Stage) -> Begun:
    begun = await acting.ask(stage)
    await acting.approve(stage, begun)
    return begun


async def first_token(stage: Stage, begun: Begun) -> str:
    grant = await acting.collect(stage, begun)
    assert grant is not None
    assert grant.refresh_token is not None
    return grant.refresh_token


def collecting_work(begun: Begun) -> Work:
    command = collecting(begun.login_id, proof_of("laptop"))
    return lambda tx, context: collect_login(tx, command, context)


def refreshing(stage: Stage, token: str) -> Coroutine[Any, Any, Any]:
    return stage.database.write(refresh_session, refresh_of(token))


def refresh_of(token: str) -> RefreshSession:
    return RefreshSession(token, acting.DESK_APP, proof_of("laptop"), None, None, "192.0.2.10", "Desk/1.0")


async def test_who_is_erased_while_a_first_login_is_collected_is_erased(
    postgres_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    async with open_stage(postgres_url, tmp_path) as stage:
        begun = await approved(stage)
        erasing = stage.database.write(erase_user, "ada@example.com")
        _, erased = await overtaken(stage, collecting_work(begun), erasing)
        assert erased.subject is not None
        assert await stage.count("users") == 0
        assert await stage.rows("SELECT count(*) FROM sessions WHERE ended_at IS NULL") == [(0,)]
        assert await stage.rows("SELECT DISTINCT recipient FROM outbox") == [("",)]


async def test_a_repeated_poll_meets_the_refresh_that_was_under_way(
    postgres_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    """Or one session had two chains of tokens."""
    async with open_stage(postgres_url, tmp_path) as stage:
        begun = await approved(stage)
        token = await first_token(stage, begun)
        command = refresh_of(token)
        repeat = stage.database.write(collect_login, collecting(begun.login_id, proof_of("laptop")))
        _, refused = await overtaken(stage, lambda tx, context: refresh_session(tx, command, context), repeat)
        assert isinstance(refused, Refusal)
        assert refused.code is ErrorCode.INVALID_GRANT
        assert sorted(await stage.rows("SELECT state FROM refresh_tokens")) == [("current",), ("used",)]


async def test_a_refresh_meets_the_repeated_poll_that_was_under_way_and_rings_no_alarm(
    postgres_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    async with open_stage(postgres_url, tmp_path) as stage:
        begun = await approved(stage)
        token = await first_token(stage, begun)
        _, refused = await overtaken(stage, collecting_work(begun), refreshing(stage, token))
        assert isinstance(refused, Refusal)
        assert refused.code is ErrorCode.INVALID_GRANT
        assert await stage.rows("SELECT count(*) FROM sessions WHERE ended_at IS NULL") == [(1,)]
        assert await stage.rows("SELECT count(*) FROM audit_events WHERE name = 'session.reuse_detected'") == [(0,)]
