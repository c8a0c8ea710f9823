# SPDX-License-Identifier: Apache-2.0
"""An operator is given a link for a login that waits: once, with a reason, and the link before it is dead."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from counterfoil_service.core import budget, mail_code
from counterfoil_service.core.errors import Refusal
from counterfoil_service.core.login import State
from counterfoil_service.db import outbox, relays, users
from counterfoil_service.operations.claim_mail import claim_mail
from counterfoil_service.operations.disable_user import disable_user
from counterfoil_service.operations.erase_user import erase_user
from counterfoil_service.operations.relay_link import Relayed, RelayLink, relay_link
from counterfoil_service.operations.settle_mail import SettleMail, settle_mail
from counterfoil_service.settings import Secret
from support import acting
from support.stage import ROOMY, Asked, OpenStage, Stage

ADA = "ada@example.com"
REASON = "she called from her desk"


async def relay(stage: Stage, login_id: str, reason: str = REASON) -> Relayed:
    return await stage.database.write(relay_link, RelayLink(login_id, reason))


async def refused(stage: Stage, login_id: str, reason: str = REASON) -> str:
    """What is said; nothing may have changed, in any table."""
    before = await acting.snapshot(stage)
    with pytest.raises(Refusal) as caught:
        await relay(stage, login_id, reason)
    assert await acting.snapshot(stage) == before
    return caught.value.description


def secret_of(relayed: Relayed) -> str:
    return relayed.link.rpartition("/l/")[2]


async def completed(stage: Stage, asked: Asked, secret: str) -> int:
    assert (await stage.open(secret)).status_code == 200
    assert (await stage.decide(secret, "approve", asked.user_code)).status_code == 200
    return (await stage.poll(asked)).status_code


async def test_a_relayed_link_signs_in_and_the_mailed_one_is_dead(stage: Stage) -> None:
    asked = await stage.start()
    mailed = await stage.secret()
    relayed = await relay(stage, asked.login_id)
    assert relayed.address == ADA
    assert relayed.link.startswith(f"{stage.issuer}/l/")
    assert (await stage.open(mailed)).status_code == 410
    assert (await stage.decide(mailed, "approve", asked.user_code)).status_code == 410
    assert await completed(stage, asked, secret_of(relayed)) == 200


async def test_mail_that_has_not_left_never_leaves_and_its_secret_is_gone(stage: Stage) -> None:
    asked = await stage.start()
    relayed = await relay(stage, asked.login_id)
    assert await stage.mails() == []
    assert await stage.rows("SELECT state, sealed_secret FROM outbox") == [("failed", None)]
    failed = [each.event for each in await stage.events(asked.login_id) if each.event.name == "mail.failed"]
    assert [(event.reason, dict(event.fields)) for event in failed] == [("relayed", {"attempt": 0})]
    assert await completed(stage, asked, secret_of(relayed)) == 200


async def test_mail_that_has_left_stays_sent(stage: Stage) -> None:
    asked = await stage.start()
    await stage.mails()
    before = await stage.rows("SELECT state, ended_at FROM outbox")
    stage.clock.advance(5)
    await relay(stage, asked.login_id)
    assert await stage.rows("SELECT state, ended_at FROM outbox") == before == [("sent", stage.clock.now - 5_000_000)]
    assert "mail.failed" not in await stage.names(asked.login_id)


async def test_mail_that_is_being_handed_over_ends_as_the_relay_says_and_carries_a_dead_link(stage: Stage) -> None:
    asked = await stage.start()
    (claimed,) = await stage.database.write(claim_mail, 20)
    assert claimed.secret is not None
    await relay(stage, asked.login_id)
    await stage.database.write(settle_mail, SettleMail(claimed.mail, "sent"))
    names = Counter(await stage.names(asked.login_id))
    assert (names["mail.failed"], names["mail.sent"]) == (1, 0)
    assert (await stage.open(claimed.secret)).status_code == 410


async def test_a_notice_that_waits_for_its_turn_is_not_a_login_s_link(stage: Stage) -> None:
    await stage.poll(await stage.approved())
    assert await stage.rows("SELECT kind FROM outbox WHERE state = 'queued'") == [("notice",)]
    stage.clock.advance(61)
    asked = await stage.start()
    await relay(stage, asked.login_id)
    assert await stage.rows("SELECT kind FROM outbox WHERE state = 'queued'") == [("notice",)]


async def test_a_relay_is_one_event_whose_reason_is_sealed_and_goes_with_the_person(stage: Stage) -> None:
    asked = await stage.start()
    await relay(stage, asked.login_id, f"  {REASON}  ")
    (event,) = [each for each in await stage.events(asked.login_id) if each.event.name == "link.relayed"]
    assert dict(event.event.fields) == {"operator": "cli"}
    assert dict(event.personal or {}) == {"stated_reason": REASON}
    assert event.event.jkt == asked.device.thumbprint
    assert REASON not in str(await stage.rows("SELECT fields, reason FROM audit_events"))
    await stage.database.write(erase_user, ADA)
    (event,) = [each for each in await stage.events(asked.login_id) if each.event.name == "link.relayed"]
    assert event.personal is None


async def test_the_mailbox_has_an_unverified_user_from_the_relay_on(stage: Stage) -> None:
    asked = await stage.start()
    assert await stage.database.read(users.list_all) == []
    relayed = await relay(stage, asked.login_id)
    ((user, _sessions),) = [(each.user, each.sessions) for each in await stage.database.read(users.list_all)]
    assert (user.state, user.address) == ("unverified", ADA)
    assert await completed(stage, asked, secret_of(relayed)) == 200
    (counted,) = await stage.database.read(users.list_all)
    assert (counted.user.id, counted.user.state, counted.sessions) == (user.id, "verified", 1)
    names = Counter(await stage.names(asked.login_id))
    assert (names["user.created"], names["user.verified"]) == (1, 1)


async def test_a_person_who_is_known_stays_the_same_user(stage: Stage) -> None:
    first = await stage.approved()
    await stage.poll(first)
    before = await stage.database.read(users.list_all)
    stage.clock.advance(61)
    asked = await stage.start(device=first.device)
    await completed(stage, asked, secret_of(await relay(stage, asked.login_id)))
    after = await stage.database.read(users.list_all)
    assert [each.user for each in after] == [each.user for each in before]
    assert (await stage.names(asked.login_id)).count("user.created") == 0


async def test_a_second_relay_is_refused_and_the_first_link_lives(stage: Stage) -> None:
    asked = await stage.start()
    relayed = await relay(stage, asked.login_id)
    assert "but one" in await refused(stage, asked.login_id)
    assert await completed(stage, asked, secret_of(relayed)) == 200


async def test_of_many_relays_at_once_one_gives_a_link_and_only_that_one_works(stage: Stage) -> None:
    for number in range(4):
        asked = await stage.start(f"a{number}@example.com")
        attempts = [relay(stage, asked.login_id, f"reason {each}") for each in range(8)]
        results = await asyncio.gather(*attempts, return_exceptions=True)
        given = [each for each in results if isinstance(each, Relayed)]
        assert len(given) == 1
        assert all("but one" in str(each.description) for each in results if isinstance(each, Refusal))
        assert len([each for each in results if isinstance(each, Refusal)]) == 7
        names = Counter(await stage.names(asked.login_id))
        assert (names["link.relayed"], names["mail.failed"], names["user.created"]) == (1, 1, 1)
        assert await completed(stage, asked, secret_of(given[0])) == 200


async def test_a_relay_and_an_approval_at_once_leave_no_living_old_link(stage: Stage) -> None:
    """Either the mailed link was used first, and there is nothing to relay, or it is dead."""
    for number in range(6):
        asked = await stage.start(f"a{number}@example.com")
        mailed = await stage.secret()
        approving, relaying = stage.decide(mailed, "approve", asked.user_code), relay(stage, asked.login_id)
        first, second = (approving, relaying) if number % 2 else (relaying, approving)
        results: Any = await asyncio.gather(first, second, return_exceptions=True)
        approval, relayed = results if number % 2 else reversed(results)
        state = (await stage.rows(f"SELECT state FROM logins WHERE id = '{asked.login_id}'"))[0][0]  # noqa: S608 - ours
        if isinstance(relayed, Relayed) and state == "pending":
            assert approval.status_code == 410
            assert (await stage.open(mailed)).status_code == 410
        else:
            assert (approval.status_code, state) == (200, "approved")


async def test_an_unknown_login_is_refused(stage: Stage) -> None:
    assert "links list" in await refused(stage, "01KAG0Q3W4M9T6E2X8D5B7N1CV")
    assert "links list" in await refused(stage, "' OR 1=1 --")


@pytest.mark.parametrize("end", ["approved", "consumed", "denied", "cancelled", "expired", "locked"])
async def test_a_login_that_waits_no_more_is_refused_by_its_state(stage: Stage, end: str) -> None:
    asked = await stage.start()
    secret = await stage.secret()
    if end in {"approved", "consumed"}:
        await stage.decide(secret, "approve", asked.user_code)
    if end == "consumed":
        await stage.poll(asked)
    if end == "denied":
        await stage.decide(secret, "reject")
    if end == "locked":
        for _ in range(3):
            await stage.decide(secret, "approve", acting.WRONG_CODE)
    if end == "cancelled":
        await asked.device.post(stage.client, "/oauth/revoke", {"client_id": "desk-app", "token": asked.device_code})
    if end == "expired":
        stage.clock.advance(600)  # nobody has written it yet
    assert f"it is {end}" in await refused(stage, asked.login_id)


async def test_a_login_about_to_expire_is_relayed_and_its_time_is_not_prolonged(stage: Stage) -> None:
    asked = await stage.start()
    stage.clock.advance(599)
    relayed = await relay(stage, asked.login_id)
    assert relayed.expires_at == stage.clock.now + 1_000_000
    stage.clock.advance(1)
    assert (await stage.open(secret_of(relayed))).status_code == 410


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201, "line\nbreak", "bell\a", "turn\u202eround", "\ud800"])
async def test_a_reason_that_the_log_could_not_show_is_refused(sqlite_stage: Stage, reason: str) -> None:
    asked = await sqlite_stage.start()
    assert "reason: 1 to 200" in await refused(sqlite_stage, asked.login_id, reason)
    assert (await relay(sqlite_stage, asked.login_id, "ü" * 200)).link


async def test_a_decoy_is_refused_whatever_made_it_one_with_the_way_out(
    open_stage: OpenStage, database_url: str, tmp_path: Path
) -> None:
    limits = budget.parse(f"mailbox_mails=1/900,{ROOMY}")
    async with open_stage(database_url, tmp_path, budgets=limits) as stage:
        await stage.poll(await stage.approved())
        over = await stage.start()
        assert "COUNTERFOIL_BUDGETS" in await refused(stage, over.login_id)
        stage.clock.advance(901)
        await stage.database.write(disable_user, ADA)
        disabled = await stage.start()
        assert "users enable" in await refused(stage, disabled.login_id)
        assert await stage.database.read(relays.held_back, over.login_id) == "over_budget"
        stage.clock.advance(601)
        assert "decoy" in await refused(stage, disabled.login_id), "expired, and still none of those that waited"


async def test_whom_nobody_invited_cannot_be_relayed_a_link(
    open_stage: OpenStage, sqlite_url: str, tmp_path: Path
) -> None:
    async with open_stage(sqlite_url, tmp_path, sign_up="invited") as stage:
        asked = await stage.start()
        assert "users invite" in await refused(stage, asked.login_id)
        assert await stage.database.read(users.list_all) == []


async def test_who_was_verified_at_another_spelling_since_gets_no_link(stage: Stage) -> None:
    early = await stage.start("Ada@example.com")
    await stage.mails()
    stage.clock.advance(1)
    await stage.poll(await stage.approved("ada@example.com"))
    assert "another spelling" in await refused(stage, early.login_id)


async def test_the_digits_of_the_mail_die_with_its_link(stage: Stage) -> None:
    await stage.add_application("coded", mail_code=True)
    asked = await stage.start(client_id="coded")
    (mail,) = await stage.mails()
    part = mail.get_body(("plain",))
    assert part is not None
    digits = next(
        word
        for line in part.get_content().splitlines()
        if (word := mail_code.normalise(line.strip().replace(" ", ""))) is not None
    )
    relayed = await relay(stage, asked.login_id)
    form = {"client_id": "coded", "device_code": asked.device_code, "mail_code": digits}
    answer = await asked.device.post(stage.client, "/oauth/mail_code", form)
    assert (answer.status_code, answer.json()["error"]) == (400, "code_mismatch"), "as any wrong digits are answered"
    assert (await stage.decide(secret_of(relayed), "approve", asked.user_code)).status_code == 200


async def test_a_relayed_link_is_not_measured_by_the_mail_before_it(stage: Stage) -> None:
    asked = await stage.start()
    await stage.mails()
    stage.clock.advance(30)
    await stage.open(secret_of(await relay(stage, asked.login_id)))
    (opened,) = [each for each in await stage.events(asked.login_id) if each.event.name == "login.link_opened"]
    assert "seconds_since_mail" not in opened.event.fields


async def test_who_waits_is_listed_by_what_ends_first_with_decoys_and_without_what_is_over(
    open_stage: OpenStage, database_url: str, tmp_path: Path
) -> None:
    async with open_stage(database_url, tmp_path, mail_url=Secret("none:")) as stage:
        over = await stage.start("gone@example.com")
        stage.clock.advance(599)
        first = await stage.start("ada@example.com", device_label="Desk")
        stage.clock.advance(2)
        second = await stage.start("bob@example.com")
        for _ in range(3):
            stage.clock.advance(1)
            third = await stage.start("bob@example.com")
        found = await stage.database.read(relays.waiting, stage.clock.now)
        assert [each.id for each in found][:2] == [first.login_id, second.login_id]
        assert over.login_id not in {each.id for each in found}
        assert [each.decoy for each in found] == [0, 0, 0, 0, 1]
        assert found[-1].id == third.login_id
        assert (found[0].address, found[0].device_label, found[0].application_name) == (ADA, "Desk", "Desk App")
        assert (found[0].mail, found[0].relayed_at) == ("queued", None)
        await relay(stage, first.login_id)
        found = await stage.database.read(relays.waiting, stage.clock.now)
        assert (found[0].mail, found[0].relayed_at) == ("failed", stage.clock.now)


async def test_nothing_of_a_relay_can_be_read_off_its_repr(stage: Stage) -> None:
    asked = await stage.start()
    relayed = await relay(stage, asked.login_id)
    (waits,) = await stage.database.read(relays.waiting, stage.clock.now)
    shown = f"{relayed!r} {RelayLink(asked.login_id, REASON)!r} {waits!r}"
    assert not [each for each in (secret_of(relayed), ADA, REASON) if each in shown]


async def test_the_row_of_a_relayed_login_holds_only_the_new_secret_s_hash(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    relayed = await relay(sqlite_stage, asked.login_id)
    assert secret_of(relayed) not in str(await acting.snapshot(sqlite_stage))
    assert await sqlite_stage.database.read(outbox_of, asked.login_id) == [("failed",)]
    assert await sqlite_stage.rows("SELECT state FROM logins") == [(State.PENDING.value,)]


async def outbox_of(tx: object, login_id: str) -> list[tuple[str]]:
    statement, values = outbox.delivery(login_id)
    return [(row[0],) for row in await tx.all(statement, values)]  # type: ignore[attr-defined]  # a ReadTransaction
