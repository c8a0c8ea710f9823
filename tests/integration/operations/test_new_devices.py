# SPDX-License-Identifier: Apache-2.0
"""A person's first sign-in with a key: said nothing of, told by mail, or refused until it is enrolled [R89]."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from counterfoil_service.core.errors import Refusal
from counterfoil_service.db import devices
from counterfoil_service.db.devices import Device as StoredDevice
from counterfoil_service.db.engine import Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.operations.claim_mail import ClaimedMail, claim_mail
from counterfoil_service.operations.enrol_device import EnrolDevice, enrol_device
from counterfoil_service.operations.forget_device import ForgetDevice, forget_device
from counterfoil_service.operations.revoke_sessions import RevokeSessions, revoke_sessions
from counterfoil_service.operations.settle_mail import SettleMail, settle_mail
from support.device import Device
from support.http import refused
from support.stage import SECOND, Asked, Stage

POLICIES = ("allow", "notify", "refuse")
DAY = 86_400


async def sign_in(stage: Stage, policy: str, device: Device | None = None, **fields: str) -> tuple[Any, Asked]:
    """One whole sign-in at the application of this policy; the answer to its poll."""
    stage.clock.advance(301)  # the mailbox takes three mails in a quarter of an hour
    asked = await stage.approved(device=device, client_id=policy, **fields)
    return await stage.poll(asked, client_id=policy), asked


@pytest.fixture
async def policies(stage: Stage) -> Stage:
    for policy in POLICIES:
        await stage.add_application(policy, name=f"App {policy}", new_devices=policy)
    return stage


async def stored(stage: Stage) -> list[StoredDevice]:
    return await stage.database.read(devices.list_all)


async def notices(stage: Stage) -> list[str]:
    return [mail["Subject"] for mail in await stage.mails() if mail["Subject"].startswith("New sign-in")]


async def test_under_allow_a_new_device_is_known_and_nobody_is_told(policies: Stage) -> None:
    answer, _ = await sign_in(policies, "allow")
    assert answer.status_code == 200
    assert await notices(policies) == []
    assert [device.state for device in await stored(policies)] == ["known"]


async def test_under_notify_the_first_sign_in_with_a_key_is_told_once(policies: Stage) -> None:
    device = policies.device()
    for _ in range(3):
        answer, _ = await sign_in(policies, "notify", device)
        assert answer.status_code == 200
    assert await notices(policies) == ["New sign-in to App notify"]
    await sign_in(policies, "notify", policies.device())
    assert len(await notices(policies)) == 2


async def test_a_device_is_new_to_each_person_and_each_application(policies: Stage) -> None:
    await policies.add_application("other", name="Other")
    device = policies.device()
    await sign_in(policies, "notify", device)
    await sign_in(policies, "other", device)
    policies.clock.advance(60)
    asked = await policies.approved("eve@example.com", device, client_id="notify")
    assert (await policies.poll(asked, client_id="notify")).status_code == 200
    assert len(await notices(policies)) == 3


async def test_a_lost_answer_is_no_second_sign_in(policies: Stage) -> None:
    answer, asked = await sign_in(policies, "notify")
    assert (await policies.poll(asked, client_id="notify")).status_code == answer.status_code == 200
    assert len(await notices(policies)) == 1


async def test_a_label_that_is_left_out_once_is_not_forgotten(policies: Stage) -> None:
    device = policies.device()
    await sign_in(policies, "allow", device, device_label="Ada's laptop")
    await sign_in(policies, "allow", device)
    assert [each.label for each in await stored(policies)] == ["Ada's laptop"]
    await sign_in(policies, "allow", device, device_label="Ada's new name")
    ((found),) = await stored(policies)
    assert (found.label, found.last_seen_at) == ("Ada's new name", policies.clock())


async def test_under_refuse_an_unknown_device_gets_no_tokens_and_waits(policies: Stage) -> None:
    answer, asked = await sign_in(policies, "refuse", device_label="Ada's laptop")
    body = refused(answer, 400, "access_denied")
    assert body["reason"] == "new_device"
    assert "enrol" in body["error_description"]
    assert await policies.names(asked.login_id) == [
        *("login.requested", "mail.queued", "mail.sent", "login.approved"),
        *("user.created", "device.refused", "login.denied"),
    ]
    (device,) = await stored(policies)
    assert (device.state, device.label) == ("waiting", "Ada's laptop")
    assert await policies.rows("SELECT jkt FROM logins") == [(device.key_id,)]
    assert await policies.count("sessions") == await policies.count("refresh_tokens") == 0
    assert await notices(policies) == []
    refused(await policies.poll(asked, client_id="refuse"), 400, "access_denied")


async def test_a_device_that_waits_is_refused_however_often_it_comes(policies: Stage) -> None:
    device = policies.device()
    for _ in range(3):
        refused((await sign_in(policies, "refuse", device))[0], 400, "access_denied")
    assert len(await stored(policies)) == 1


async def test_a_device_that_was_enrolled_signs_in_at_its_next_try(policies: Stage) -> None:
    device = policies.device()
    _, asked = await sign_in(policies, "refuse", device)
    (waiting,) = await stored(policies)
    known = await policies.database.write(enrol_device, EnrolDevice(waiting.id, "operator"))
    assert known.state == "known"
    refused(await policies.poll(asked, client_id="refuse"), 400, "access_denied")
    answer, _ = await sign_in(policies, "refuse", device)
    assert answer.status_code == 200
    refused((await sign_in(policies, "refuse", policies.device()))[0], 400, "access_denied")


async def test_to_be_enrolled_at_one_application_opens_no_other(policies: Stage) -> None:
    await policies.add_application("stern", name="Stern", new_devices="refuse")
    device = policies.device()
    await sign_in(policies, "refuse", device)
    (waiting,) = await stored(policies)
    await policies.database.write(enrol_device, EnrolDevice(waiting.id, "operator"))
    refused((await sign_in(policies, "stern", device))[0], 400, "access_denied")


async def test_a_device_is_enrolled_once_and_by_its_own_id(policies: Stage) -> None:
    await sign_in(policies, "refuse")
    (waiting,) = await stored(policies)
    results = await asyncio.gather(
        *(policies.database.write(enrol_device, EnrolDevice(waiting.id, "operator")) for _ in range(5)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, StoredDevice) for result in results) == 1
    assert await policies.rows("SELECT count(*) FROM audit_events WHERE name = 'device.enrolled'") == [(1,)]
    for device_id in (waiting.key_id, waiting.user_id, "", "nothing"):
        with pytest.raises(Refusal, match="devices list"):
            await policies.database.write(enrol_device, EnrolDevice(device_id, "operator"))


@pytest.mark.parametrize("policy", POLICIES)
async def test_a_forgotten_device_ends_its_sessions_and_starts_again(policies: Stage, policy: str) -> None:
    device = policies.device()
    if policy == "refuse":
        await sign_in(policies, policy, device)
        await policies.database.write(enrol_device, EnrolDevice((await stored(policies))[0].id, "operator"))
    answer, _ = await sign_in(policies, policy, device)
    assert answer.status_code == 200
    told = len(await notices(policies))
    (known,) = await stored(policies)
    ended = await policies.database.write(forget_device, ForgetDevice(known.id, "forgotten_by_operator"))
    assert ended == [answer.json()["session_id"]]
    assert await stored(policies) == []
    answer, _ = await sign_in(policies, policy, device)
    assert answer.status_code == (400 if policy == "refuse" else 200)
    assert len(await notices(policies)) == told + (policy == "notify")
    with pytest.raises(Refusal, match="devices list"):
        await policies.database.write(forget_device, ForgetDevice(known.id, "forgotten_by_operator"))


@pytest.mark.parametrize("policy", POLICIES)
async def test_many_first_sign_ins_of_one_key_at_once_make_one_device_and_one_notice(
    policies: Stage, policy: str
) -> None:
    device = policies.device()
    apart = [await policies.approved(device=device, client_id=policy)]
    for _ in range(2):  # logins of one key supersede each other, so the older ones are put back by hand
        policies.clock.advance(60)
        apart.append(await policies.approved(device=device, client_id=policy))
    await policies.database.transact(_reopen)
    answers = await asyncio.gather(*(policies.poll(asked, client_id=policy) for asked in apart))
    assert {answer.status_code for answer in answers} == {400 if policy == "refuse" else 200}
    assert len(await stored(policies)) == 1
    assert len(await notices(policies)) == (policy == "notify")
    first_seen = await policies.rows("SELECT count(*) FROM audit_events WHERE name = 'device.first_seen'")
    assert first_seen == [(int(policy != "refuse"),)]


async def _reopen(tx: Transaction) -> None:
    statement = Statement(text("UPDATE logins SET state = 'approved', expires_at = expires_at + 1000000000"))
    await tx.run(statement, {})


async def test_a_device_forgotten_while_it_signs_in_keeps_no_session_that_nobody_can_end(policies: Stage) -> None:
    device = policies.device()
    await sign_in(policies, "notify", device)
    (known,) = await stored(policies)
    policies.clock.advance(60)
    asked = await policies.approved(device=device, client_id="notify")
    answer, _ = await asyncio.gather(
        policies.poll(asked, client_id="notify"),
        policies.database.write(forget_device, ForgetDevice(known.id, "forgotten_by_operator")),
    )
    assert answer.status_code == 200
    there = {each.id for each in await stored(policies)}
    rows = await policies.rows("SELECT device_id FROM sessions WHERE ended_at IS NULL")
    assert {row[0] for row in rows} <= there


async def _claimed(stage: Stage) -> ClaimedMail:
    (claimed,) = await stage.database.write(claim_mail, 10)
    return claimed


async def test_a_notice_is_claimed_with_what_its_mail_says(policies: Stage) -> None:
    answer, _ = await sign_in(policies, "notify", device_label="Ada's laptop")
    claimed = await _claimed(policies)
    assert (claimed.mail.kind, claimed.mail.session_id) == ("notice", answer.json()["session_id"])
    assert (claimed.application_name, claimed.device_label) == ("App notify", "Ada's laptop")
    assert (claimed.happened_at, claimed.expires_at) == (policies.clock(), policies.clock() + DAY * SECOND)
    assert claimed.secret is not None
    assert claimed.secret not in repr(claimed)
    hashes = await policies.rows("SELECT notice_hash FROM sessions")
    assert claimed.secret.encode() not in repr(hashes).encode()


async def test_a_notice_is_sent_though_its_session_is_over(policies: Stage) -> None:
    """The device is a known one from now on: its owner must have heard of it once."""
    await sign_in(policies, "notify")
    await policies.database.write(revoke_sessions, RevokeSessions("every"))
    assert len(await notices(policies)) == 1


async def test_the_notice_of_a_device_that_was_forgotten_is_not_sent(policies: Stage) -> None:
    _, asked = await sign_in(policies, "notify")
    (known,) = await stored(policies)
    await policies.database.write(forget_device, ForgetDevice(known.id, "forgotten_by_operator"))
    assert await notices(policies) == []
    last = (await policies.events(asked.login_id))[-1].event
    assert (last.name, last.reason) == ("mail.failed", "device_forgotten")
    assert await policies.rows("SELECT state, sealed_secret FROM outbox WHERE kind = 'notice'") == [("expired", None)]


async def test_a_notice_comes_back_by_lease_and_is_given_up_after_a_day(policies: Stage) -> None:
    _, asked = await sign_in(policies, "notify")
    assert (await _claimed(policies)).secret is not None
    policies.clock.advance(59.999999)
    assert await policies.database.write(claim_mail, 10) == []
    policies.clock.advance(DAY - 60)
    assert (await _claimed(policies)).secret is not None
    policies.clock.advance(60)
    assert await notices(policies) == []
    last = (await policies.events(asked.login_id))[-1].event
    assert (last.name, last.reason) == ("mail.failed", "too_late")


async def test_the_events_of_a_notice_name_its_session(policies: Stage) -> None:
    answer, asked = await sign_in(policies, "notify")
    session_id = answer.json()["session_id"]
    claimed = await _claimed(policies)
    await policies.database.write(settle_mail, SettleMail(claimed.mail, "deferred", "smtp_451", policies.clock()))
    await notices(policies)
    events = [each.event for each in await policies.events(asked.login_id) if each.event.session_id]
    assert [event.name.value for event in events] == [
        *("login.completed", "session.created", "mail.queued", "mail.deferred", "mail.sent")
    ]
    assert {event.session_id for event in events} == {session_id}
    assert {event.application_id for event in events} == {"notify"}
