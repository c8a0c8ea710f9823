# SPDX-License-Identifier: Apache-2.0
"""The way home one floor below HTTP: races that no request can time, and values that no log may show."""

import asyncio

import msgspec
import pytest

from counterfoil_service.core import story
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.grant import Grant
from counterfoil_service.core.pkce import WayHome
from counterfoil_service.operations.collect_login import collect_login
from counterfoil_service.operations.issue_code import CodeIssued, IssueCode, NoCode, issue_code
from counterfoil_service.operations.redeem_code import RedeemCode
from counterfoil_service.operations.report_login import ReportLogin, report_login
from support import acting
from support.http import execute
from support.stage import Stage
from support.way_home import LOOPBACK, VERIFIER, challenge_of

WAY_HOME = WayHome(LOOPBACK, "state", challenge_of(VERIFIER))


@pytest.fixture(autouse=True)
async def registered(stage: Stage) -> None:
    await execute(stage, """UPDATE applications SET redirect_uris = '["http://127.0.0.1/callback"]'""")


async def begun_with_code(stage: Stage) -> tuple[acting.Begun, str]:
    """A login whose browser is on its way home."""
    begun = await acting.ask(stage, way_home=WAY_HOME)
    code = await acting.here(stage, begun)
    assert code is not None
    return begun, code


@pytest.mark.parametrize(("consumed_by", "told"), [("code", ErrorCode.INVALID_GRANT), ("poll", ErrorCode.SLOW_DOWN)])
async def test_a_poll_that_was_held_never_repeats_what_somebody_else_collected(
    stage: Stage, consumed_by: str, told: ErrorCode
) -> None:
    """It woke for an approval or a code, and before it could write the login was consumed.

    After another poll, whose answer may be lost, the device shall come again; after a code its browser is home.
    """
    begun, code = await begun_with_code(stage)
    if consumed_by == "code":
        assert isinstance(await acting.redeem(stage, code), Grant)
    else:
        await acting.approve(stage, begun)
        assert await acting.collect(stage, begun) is not None
    tokens = await stage.rows("SELECT * FROM refresh_tokens")
    held = msgspec.structs.replace(acting.collecting(begun.login_id, acting.proof_of("laptop")), held=True)
    with pytest.raises(Refusal) as caught:
        await stage.database.write(collect_login, held)
    assert caught.value.code is told
    assert await stage.rows("SELECT * FROM refresh_tokens") == tokens
    again = await acting.collect(stage, begun)
    assert again is not None, "a poll that begins now may have lost its answer"


async def test_a_redemption_against_a_collection_gives_one_session(stage: Stage) -> None:
    begun, code = await begun_with_code(stage)
    results = await asyncio.gather(
        acting.redeem(stage, code), acting.approve(stage, begun), acting.collect_or_code(stage, begun)
    )
    granted = {result.session_id for result in results if isinstance(result, Grant)}
    assert len(granted) <= 1
    assert await stage.count("sessions") == len(granted)
    assert await stage.rows("SELECT count(*) FROM sessions WHERE ended_at IS NOT NULL") == [(0,)]


async def test_presses_redemptions_and_a_report_at_once_end_without_a_living_session(stage: Stage) -> None:
    for _ in range(4):
        begun, code = await begun_with_code(stage)
        report = ReportLogin(begun.secret, acting.OPENER)
        await asyncio.gather(
            acting.redeem(stage, code),
            acting.here(stage, begun),
            stage.database.write(report_login, report),
            acting.redeem(stage, code),
            acting.here(stage, begun),
        )
        assert await stage.rows("SELECT count(*) FROM sessions WHERE ended_at IS NULL") == [(0,)]
        assert await stage.rows("SELECT count(*) FROM authorization_codes WHERE used_at IS NULL") == [(0,)]
        stage.clock.advance(3601)


async def test_a_code_that_is_refused_leaves_every_row_but_the_alert(stage: Stage) -> None:
    _, code = await begun_with_code(stage)
    before = await acting.snapshot(stage)
    assert await acting.redeem(stage, code, "the thief's") is ErrorCode.INVALID_GRANT
    after = await acting.snapshot(stage)
    changed = {table for table in acting.TABLES if before[table] != after[table]}
    assert changed == {"alerts", "audit_events", "proofs"}


async def test_a_browsers_own_login_gives_no_code_at_its_link(stage: Stage) -> None:
    begun = await acting.ask(stage, way_home=WAY_HOME)
    for spoilt in ("browser = x'01'", "browser = NULL, jkt = NULL", "jkt = 'x', redirect_uri = NULL"):
        sql = f"UPDATE logins SET {spoilt}"  # noqa: S608 - our own words
        await execute(stage, sql.replace("x'01'", "'\\x01'") if stage.database.dialect == "postgresql" else sql)
        assert await stage.database.write(issue_code, IssueCode(begun.secret, acting.OPENER)) is NoCode.NO_WAY_HOME
    assert await stage.count("authorization_codes") == 0


async def test_no_command_and_no_answer_shows_a_secret(stage: Stage) -> None:
    begun, code = await begun_with_code(stage)
    issued = await stage.database.write(issue_code, IssueCode(begun.secret, acting.OPENER))
    assert isinstance(issued, CodeIssued)
    redemption = RedeemCode(
        application=acting.DESK_APP,
        code=code,
        redirect_uri=LOOPBACK,
        verifier=VERIFIER,
        proof=None,
        evidence=None,
        source="",
        user_agent="",
    )
    commands = (issued, redemption, IssueCode(begun.secret, acting.OPENER), ReportLogin(begun.secret, acting.OPENER))
    for shown in (repr(each) for each in commands):
        for secret in (begun.secret, code, VERIFIER, issued.target):
            assert secret not in shown


async def test_the_story_of_a_way_home_is_told_in_words(stage: Stage) -> None:
    begun, code = await begun_with_code(stage)
    await acting.redeem(stage, code, verifier="x" * 43)
    await acting.redeem(stage, code)
    await stage.database.write(report_login, ReportLogin(begun.secret, acting.OPENER))
    told = [story.sentence(stored.event, stored.personal) for stored in await stage.events(begun.login_id)]
    words = (
        "that browser took a code home",
        "only the program that asked can give",
        "proved its key",
        "was reported:",
        "ended: the sign-in was reported",
    )
    assert [next(word for word in words if word in line) for line in told if any(word in line for word in words)] == [
        *words
    ]
