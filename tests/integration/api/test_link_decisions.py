# SPDX-License-Identifier: Apache-2.0
"""Pressing a button on the link page: the table of protocol §3, row by row."""

import asyncio

import pytest

from support.http import execute, is_page, nothing_written, refused
from support.stage import Asked, Stage


def wrong(asked: Asked) -> str:
    """A well-formed code that is not the login's."""
    return "BBBBBB" if asked.user_code != "BBB-BBB" else "CCCCCC"


async def test_the_right_code_approves(stage: Stage) -> None:
    asked = await stage.start(device_label="Laptop")
    secret = await stage.secret()
    text = is_page(await stage.decide(secret, "approve", asked.user_code), 200)
    assert "Return to your device" in text
    assert f'name="secret" value="{secret}"' in text
    assert 'value="reject"' in text
    assert (await stage.poll(asked)).status_code == 200


@pytest.mark.parametrize(
    "spell",
    [
        str.lower,
        lambda code: code.replace("-", ""),
        lambda code: code.replace("-", " "),
        lambda code: " " + " ".join(code.replace("-", "")) + "\t",
        lambda code: code.replace("-", "\N{EN DASH}"),
        lambda code: code.replace("-", "\N{NON-BREAKING HYPHEN}"),
        lambda code: code.replace("-", "\N{EM DASH}"),
        lambda code: code.replace("-", "\N{NO-BREAK SPACE}"),
        lambda code: f"“{code.lower()}.”",
        lambda code: code.replace("-", "\N{SOFT HYPHEN}\N{ZERO WIDTH SPACE}"),
    ],
)
async def test_the_code_may_be_typed_as_people_type(sqlite_stage: Stage, spell: object) -> None:
    asked = await sqlite_stage.start()
    assert callable(spell)
    answer = await sqlite_stage.decide(await sqlite_stage.secret(), "approve", spell(asked.user_code))
    assert answer.status_code == 200


async def test_two_misses_are_forgiven_and_the_third_locks_for_good(stage: Stage) -> None:
    asked = await stage.start()
    secret = await stage.secret()
    for _ in range(2):
        text = is_page(await stage.decide(secret, "approve", wrong(asked)), 422)
        assert "does not match" in text
        assert 'action="/l"' in text
        assert asked.user_code not in text
    text = is_page(await stage.decide(secret, "approve", wrong(asked)), 410)
    assert "Too many tries" in text
    gone = (await stage.open("A" * 43)).content
    assert (await stage.decide(secret, "approve", asked.user_code)).content == gone
    assert (await stage.decide(secret, "reject")).content == gone
    assert refused(await stage.poll(asked), 400, "access_denied")["reason"] == "locked"
    assert [name for name in await stage.names(asked.login_id) if name.startswith("login.")] == [
        "login.requested",
        "login.code_mismatch",
        "login.code_mismatch",
        "login.locked",
        "login.illegal_transition",
        "login.illegal_transition",
    ]


async def test_the_misses_survive_parallel_requests(stage: Stage) -> None:
    asked = await stage.start()
    secret = await stage.secret()
    answers = await asyncio.gather(*(stage.decide(secret, "approve", wrong(asked)) for _ in range(20)))
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [410] * 18 + [422] * 2
    assert sum("Too many tries" in answer.text for answer in answers) == 1
    assert await stage.rows("SELECT state, misses FROM logins") == [("locked", 3)]


MALFORMED = ["", " ", "-", "BBBBB", "BBBBBBB", "AEIOUY", "123456", "BBBBB1", "\u0412" * 6, "\uff22" * 6, "BBBBB\u017f",
             "B" * 65, "B" * 5000, "BBBBBB" + " " * 60, "BBB\nBB", "😀😀😀😀😀😀", "BBBBB\u0301"]  # fmt: skip


async def test_what_is_no_code_is_told_so_and_never_counts(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    secret = await sqlite_stage.secret()
    async with nothing_written(sqlite_stage):
        for typed in [None, *MALFORMED]:
            text = is_page(await sqlite_stage.decide(secret, "approve", typed), 422)
            assert "Type the six letters" in text
            assert text.count(secret) == 1
    assert (await sqlite_stage.decide(secret, "approve", asked.user_code)).status_code == 200


async def test_an_expired_login_takes_no_code(stage: Stage) -> None:
    asked = await stage.start()
    secret = await stage.secret()
    stage.clock.advance(599.999)
    assert (await stage.decide(secret, "approve", wrong(asked))).status_code == 422
    stage.clock.advance(0.001)
    assert (await stage.decide(secret, "approve", asked.user_code)).status_code == 410
    assert await stage.rows("SELECT misses FROM logins") == [(1,)]
    refused(await stage.poll(asked), 400, "expired_token")


async def test_a_second_approval_finds_the_link_dead(stage: Stage) -> None:
    asked = await stage.start()
    secret = await stage.secret()
    answers = await asyncio.gather(*(stage.decide(secret, "approve", asked.user_code) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [410] * 19
    assert (await stage.names(asked.login_id)).count("login.approved") == 1


async def test_the_code_of_one_login_opens_no_other(sqlite_stage: Stage) -> None:
    """R41: of two logins of one mailbox each has its own link and code."""
    first = await sqlite_stage.start()
    first_secret = await sqlite_stage.secret()
    sqlite_stage.clock.advance(1)
    second = await sqlite_stage.start()
    second_secret = await sqlite_stage.secret()
    assert first_secret != second_secret
    if first.user_code != second.user_code:
        assert (await sqlite_stage.decide(first_secret, "approve", second.user_code)).status_code == 422
    assert (await sqlite_stage.decide(second_secret, "approve", second.user_code)).status_code == 200
    refused(await sqlite_stage.poll(first), 400, "authorization_pending")
    assert (await sqlite_stage.poll(second)).status_code == 200


async def test_rejecting_ends_a_pending_login(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    secret = await sqlite_stage.secret()
    assert "rejected" in is_page(await sqlite_stage.decide(secret, "reject", "nonsense"), 200)
    assert refused(await sqlite_stage.poll(asked), 400, "access_denied")["reason"] == "denied"
    assert (await sqlite_stage.decide(secret, "approve", asked.user_code)).status_code == 410


async def test_rejecting_takes_an_approval_back_until_it_is_collected(stage: Stage) -> None:
    asked = await stage.approved()
    secret = await stage.secret()
    is_page(await stage.decide(secret, "reject"), 200)
    assert refused(await stage.poll(asked), 400, "access_denied")["reason"] == "denied"
    assert await stage.count("sessions") == 0


async def test_rejecting_after_collection_comes_too_late(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.approved()
    secret = await sqlite_stage.secret()
    assert (await sqlite_stage.poll(asked)).status_code == 200
    is_page(await sqlite_stage.decide(secret, "reject"), 410)
    assert await sqlite_stage.rows("SELECT state FROM logins") == [("consumed",)]


async def test_of_a_rejection_and_a_collection_at_one_moment_one_wins(stage: Stage) -> None:
    asked = await stage.approved()
    secret = await stage.secret()
    collected, rejected = await asyncio.gather(stage.poll(asked), stage.decide(secret, "reject"))
    if rejected.status_code == 200:
        assert refused(collected, 400, "access_denied")["reason"] == "denied"
        assert await stage.count("sessions") == 0
    else:
        assert (rejected.status_code, collected.status_code) == (410, 200)


@pytest.mark.parametrize("action", ["", "here", "APPROVE", "approve ", "cancel", "approve,reject"])
async def test_an_action_that_there_is_not_changes_nothing(sqlite_stage: Stage, action: str) -> None:
    asked = await sqlite_stage.start()
    secret = await sqlite_stage.secret()
    async with nothing_written(sqlite_stage):
        is_page(await sqlite_stage.decide(secret, action, asked.user_code), 422)
    await sqlite_stage.decide(secret, "reject")
    is_page(await sqlite_stage.decide(secret, action, asked.user_code), 410)


async def test_an_approved_login_is_collected_within_two_minutes_or_not_at_all(stage: Stage) -> None:
    asked = await stage.approved()
    stage.clock.advance(120)
    refused(await stage.poll(asked), 400, "expired_token")
    assert (await stage.decide(await stage.secret(), "reject")).status_code == 410


async def test_an_approval_at_the_last_moment_does_not_outlive_the_login(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    secret = await sqlite_stage.secret()
    sqlite_stage.clock.advance(590)
    assert (await sqlite_stage.decide(secret, "approve", asked.user_code)).status_code == 200
    sqlite_stage.clock.advance(10)
    refused(await sqlite_stage.poll(asked), 400, "expired_token")


async def test_the_application_may_be_gone_by_the_time_the_link_is_opened(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    secret = await sqlite_stage.secret()
    await execute(sqlite_stage, "DELETE FROM applications")
    assert (await sqlite_stage.open(secret)).status_code == 410
    assert (await sqlite_stage.decide(secret, "approve", asked.user_code)).status_code == 410
    refused(await sqlite_stage.poll(asked), 401, "invalid_client")
