# SPDX-License-Identifier: Apache-2.0
"""The fingerprint beside the key: equal within a login, weighed at refresh, told apart at the next sign-in."""

import asyncio
import base64
import json
from email.message import EmailMessage
from typing import Any

import pytest

from counterfoil_service.core.story import sentence
from counterfoil_service.operations.erase_user import erase_user
from support.device import Device
from support.http import TOKEN, execute, fingerprint, nothing_written, poll_form, refused
from support.machines import CLONED_IMAGE, LAPTOP, MOVED_DISK, OTHER_MACHINE, UPGRADED, described
from support.stage import Stage
from support.tokens import SignedIn, present, renew, session_events, sign_in

DAY = 86_400


async def laptop(stage: Stage, **fields: Any) -> SignedIn:
    signed = await sign_in(stage, device_fingerprint=described(LAPTOP), **fields)
    stage.clock.advance(1)  # mails of one millisecond have no order
    return signed


def plain(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return " ".join(part.get_content().split())


def digests(text: str) -> set[str]:
    """Every digest in a column or, decoded, in a field."""
    value = json.loads(text)
    return {value["stable"], *value["attributes"].values()}


def sent_digests(field: str) -> set[str]:
    return digests(base64.urlsafe_b64decode(field + "=" * (-len(field) % 4)).decode())


async def told(stage: Stage, signed: SignedIn, name: str) -> list[str]:
    events = await stage.events(signed.asked.login_id)
    return [sentence(each.event, each.personal) for each in events if each.event.name.value == name]


async def links(stage: Stage) -> list[EmailMessage]:
    return [mail for mail in await stage.mails() if mail["Subject"].startswith("Sign in to")]


async def notices(stage: Stage) -> list[str]:
    return [mail["Subject"] for mail in await stage.mails() if not mail["Subject"].startswith("Sign in to")]


@pytest.mark.parametrize(
    ("sent", "differing"),
    [
        (described(MOVED_DISK), "processor, "),
        (described(OTHER_MACHINE), "machine identifier"),
        (described(LAPTOP | {"cpu": "another"}), "processor"),
        (None, "without its fingerprint"),
    ],
)
async def test_a_stolen_login_on_another_machine_is_refused_and_the_alert_names_what_differs(
    stage: Stage, sent: str | None, differing: str
) -> None:
    asked = await stage.approved(device_fingerprint=described(LAPTOP))
    before = await stage.rows("SELECT * FROM logins")
    fields: dict[str, Any] = {} if sent is None else {"device_fingerprint": sent}
    refused(await stage.poll(asked, **fields), 400, "invalid_grant")
    assert await stage.rows("SELECT * FROM logins") == before
    event = (await stage.events(asked.login_id))[-1]
    assert (event.event.name.value, event.event.reason) == ("login.fingerprint_mismatch", "fingerprint_mismatch")
    assert differing in sentence(event.event, event.personal)
    assert (await stage.poll(asked, device_fingerprint=described(LAPTOP))).status_code == 200


async def test_neither_the_wire_nor_the_log_tells_a_thief_what_was_wrong(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.approved(device_fingerprint=described(LAPTOP))
    elsewhere = refused(
        await sqlite_stage.poll(asked, device_fingerprint=described(OTHER_MACHINE)), 400, "invalid_grant"
    )
    other_key = refused(
        await sqlite_stage.poll(asked, sqlite_stage.device(), device_fingerprint=described(LAPTOP)),
        400,
        "invalid_grant",
    )
    assert elsewhere["error_description"] == other_key["error_description"]


async def test_no_digest_that_a_device_sent_is_stored_anywhere(stage: Stage) -> None:
    signed = await laptop(stage)
    await renew(stage, signed, device_fingerprint=described(UPGRADED))
    stored = repr(await stage.rows("SELECT fingerprint FROM logins")) + repr(await stage.rows("SELECT * FROM devices"))
    events = repr(await stage.rows("SELECT fields FROM audit_events"))
    sent = sent_digests(described(LAPTOP)) | sent_digests(described(UPGRADED))
    assert len(sent) > 15
    assert not [digest for digest in sent if digest in stored + events]


async def test_attributes_that_nobody_weighs_are_not_kept(sqlite_stage: Stage) -> None:
    await sqlite_stage.start(device_fingerprint=described(LAPTOP | {"favourite_colour": "green"}))
    ((stored,),) = await sqlite_stage.rows("SELECT fingerprint FROM logins")
    assert sorted(json.loads(stored)["attributes"]) == sorted(LAPTOP)


async def test_two_applications_store_nothing_that_could_be_joined(sqlite_stage: Stage) -> None:
    await sqlite_stage.add_application("other-app")
    await laptop(sqlite_stage)
    await sqlite_stage.start(client_id="other-app", device_fingerprint=described(LAPTOP))
    one, other = await sqlite_stage.rows("SELECT fingerprint FROM logins ORDER BY application_id")
    assert not digests(one[0]) & digests(other[0])


async def test_an_os_upgrade_and_a_journey_go_on_quietly_and_are_followed(stage: Stage) -> None:
    signed = await laptop(stage)
    quiet = await notices(stage)
    await renew(stage, signed, device_fingerprint=described(UPGRADED))
    (story,) = await told(stage, signed, "device.changed")
    assert "version of the operating system" in story
    assert "drifted" in story
    await renew(stage, signed, device_fingerprint=described(UPGRADED))
    assert len(await told(stage, signed, "device.changed")) == 1, "the new one is what is compared with from now on"
    assert await notices(stage) == quiet
    assert await stage.rows("SELECT changed_at FROM sessions") == [(None,)]


async def test_a_cloned_image_goes_on_and_its_person_is_told_once(stage: Stage) -> None:
    signed = await laptop(stage)
    for _ in range(3):
        await renew(stage, signed, device_fingerprint=described(CLONED_IMAGE))
        await stage.mails()
        stage.clock.advance(DAY)
    (event,) = [each.event for each in await stage.events(signed.asked.login_id) if "changed" in each.event.name]
    assert (event.fields["band"], event.fields["is_new_logon"], event.outcome) == ("notify", 1, "success")
    assert set(str(event.fields["differing"]).split()) == {"cpu", "cpu_count", "memory", "hostname"}
    assert await notices(stage) == ["New sign-in to Desk App", "A device of yours has changed at Desk App"]
    assert "; a mail tells the person." in (await told(stage, signed, "device.changed"))[0]


async def test_other_changes_are_recorded_each_and_mailed_once_a_day(stage: Stage) -> None:
    signed = await laptop(stage)
    await renew(stage, signed, device_fingerprint=described(CLONED_IMAGE))
    stage.clock.advance(1)
    await renew(stage, signed, device_fingerprint=described(CLONED_IMAGE | {"locale": "fr_FR"}))
    assert len(await notices(stage)) == 2
    stories = await told(stage, signed, "device.changed")
    assert ["a mail tells" in story for story in stories] == [True, False]
    stage.clock.advance(DAY)
    await renew(stage, signed, device_fingerprint=described(CLONED_IMAGE | {"timezone": "Asia/Tokyo"}))
    assert len(await notices(stage)) == 3


async def test_what_looks_like_another_machine_is_not_what_the_next_is_compared_with(stage: Stage) -> None:
    """Else a few steps, each of them told and none too large, would lead to any other machine."""
    signed = await laptop(stage)
    await renew(stage, signed, device_fingerprint=described(CLONED_IMAGE))
    further = CLONED_IMAGE | {"product": "Tower", "os": "linux debian", "environment": "vm kvm"}
    sent = await present(stage, signed.refresh, signed.device, device_fingerprint=described(further))
    refused(sent, 400, "invalid_grant")


async def test_a_device_that_is_itself_again_is_told_of_anew_the_next_time(stage: Stage) -> None:
    signed = await laptop(stage)
    for machine in (CLONED_IMAGE, LAPTOP, CLONED_IMAGE):
        await stage.mails()
        stage.clock.advance(DAY)
        await renew(stage, signed, device_fingerprint=described(machine))
    assert len(await told(stage, signed, "device.changed")) == 2
    assert len(await notices(stage)) == 3


async def test_refreshes_that_overlap_tell_once(stage: Stage) -> None:
    signed = await laptop(stage)
    devices = [Device(stage.issuer, stage.clock, signed.device.key, signed.device.nonce) for _ in range(8)]
    fields = {"device_fingerprint": described(CLONED_IMAGE)}
    answers = await asyncio.gather(*(present(stage, signed.refresh, each, **fields) for each in devices))
    assert {answer.status_code for answer in answers} == {200}
    assert len(await told(stage, signed, "device.changed")) == 1
    assert (await notices(stage)).count("A device of yours has changed at Desk App") == 1


async def test_a_session_that_nobody_was_told_of_gets_a_notice_that_ends_it(stage: Stage) -> None:
    """Its device was known when it began: the notice of the change is its first."""
    signed = await laptop(stage)
    stage.clock.advance(61)
    again = await sign_in(stage, device=signed.device, device_fingerprint=described(LAPTOP))
    assert await stage.rows("SELECT count(*) FROM sessions WHERE notice_hash IS NULL") == [(1,)]
    stage.clock.advance(1)
    await renew(stage, again, device_fingerprint=described(CLONED_IMAGE))
    assert (await stage.client.post("/n", data={"secret": await stage.notice_secret()})).status_code == 200
    sent = await present(stage, again.refresh, again.device, device_fingerprint=described(CLONED_IMAGE))
    refused(sent, 400, "invalid_grant")


async def test_the_notice_of_a_change_ends_the_session_and_the_first_notice_still_does(stage: Stage) -> None:
    signed = await laptop(stage)
    first = await stage.notice_secret()
    await renew(stage, signed, device_fingerprint=described(CLONED_IMAGE))
    assert await stage.notice_secret() == first
    page = (await stage.client.get(f"/n/{first}")).text
    assert "A device has changed at" in page
    assert "may be another computer now" in page
    assert (await stage.client.post("/n", data={"secret": first})).status_code == 200
    sent = await present(stage, signed.refresh, signed.device, device_fingerprint=described(CLONED_IMAGE))
    refused(sent, 400, "invalid_grant")


async def test_an_application_that_says_nothing_of_new_devices_says_nothing_of_changes(sqlite_stage: Stage) -> None:
    await sqlite_stage.add_application("quiet", new_devices="allow")
    signed = await laptop(sqlite_stage, client_id="quiet")
    await renew(sqlite_stage, signed, client_id="quiet", device_fingerprint=described(CLONED_IMAGE))
    assert await notices(sqlite_stage) == []
    assert await sqlite_stage.count("devices") == 1
    assert (await sqlite_stage.rows("SELECT changed_at FROM sessions"))[0][0] is not None


@pytest.mark.parametrize("machine", [OTHER_MACHINE, MOVED_DISK])
async def test_a_key_and_token_on_another_machine_get_nothing_and_a_fresh_sign_in_is_needed(
    stage: Stage, machine: dict[str, str]
) -> None:
    signed = await laptop(stage)
    sent = await present(stage, signed.refresh, signed.device, device_fingerprint=described(machine))
    refused(sent, 400, "invalid_grant")
    events = await session_events(stage, signed.session_id)
    assert events == [("session.created", None), ("session.ended", "fingerprint_mismatch")]
    assert "Refused; a fresh sign-in is needed." in (await told(stage, signed, "device.changed"))[0]
    again = await present(stage, signed.refresh, signed.device, device_fingerprint=described(LAPTOP))
    refused(again, 400, "invalid_grant")
    stage.clock.advance(61)
    await sign_in(stage, device=signed.device, device_fingerprint=described(machine))


async def test_leaving_the_fingerprint_out_goes_on_and_is_told(stage: Stage) -> None:
    """It is evidence and no credential: its absence locks nobody out, and nobody can leave it out unseen."""
    signed = await laptop(stage)
    for _ in range(3):
        stage.clock.advance(60)
        await renew(stage, signed)
    assert await notices(stage) == ["New sign-in to Desk App", "A device of yours has changed at Desk App"]
    (story,) = await told(stage, signed, "device.changed")
    assert "missing: machine identifier, processor" in story


async def test_a_session_that_began_without_is_weighed_from_its_first_fingerprint_on(stage: Stage) -> None:
    signed = await sign_in(stage)
    await renew(stage, signed, device_fingerprint=described(LAPTOP))
    await renew(stage, signed, device_fingerprint=described(LAPTOP))
    sent = await present(stage, signed.refresh, signed.device, device_fingerprint=described(OTHER_MACHINE))
    refused(sent, 400, "invalid_grant")


async def test_where_it_is_required_a_refresh_without_one_changes_nothing(stage: Stage) -> None:
    await stage.add_application("careful", fingerprint="required")
    signed = await laptop(stage, client_id="careful")
    async with nothing_written(stage):
        answer = await present(stage, signed.refresh, signed.device, client_id="careful")
        assert "device_fingerprint" in refused(answer, 400, "invalid_request")["error_description"]
    await renew(stage, signed, client_id="careful", device_fingerprint=described(LAPTOP))


async def test_what_was_kept_before_it_was_switched_off_is_not_weighed(sqlite_stage: Stage) -> None:
    signed = await laptop(sqlite_stage)
    await execute(sqlite_stage, "UPDATE applications SET fingerprint = 'off' WHERE id = 'desk-app'")
    await renew(sqlite_stage, signed, device_fingerprint=described(OTHER_MACHINE))
    assert await told(sqlite_stage, signed, "device.changed") == []


async def test_a_change_at_a_sign_in_is_not_mailed_where_nobody_wants_to_hear(sqlite_stage: Stage) -> None:
    await sqlite_stage.add_application("quiet", new_devices="allow")
    signed = await laptop(sqlite_stage, client_id="quiet")
    sqlite_stage.clock.advance(61)
    fields: dict[str, Any] = {"client_id": "quiet", "device_fingerprint": described(OTHER_MACHINE)}
    again = await sign_in(sqlite_stage, device=signed.device, **fields)
    assert await notices(sqlite_stage) == []
    assert len(await told(sqlite_stage, again, "device.changed")) == 1
    assert (await sqlite_stage.rows("SELECT changed_at FROM sessions ORDER BY created_at"))[1][0] is not None


async def test_a_known_key_that_hides_its_machine_is_called_so_before_anybody_approves(sqlite_stage: Stage) -> None:
    signed = await laptop(sqlite_stage)
    for hidden in ({}, {"device_fingerprint": fingerprint(attributes={})}):
        sqlite_stage.clock.advance(61)
        await sqlite_stage.start("ada@example.com", signed.device, **hidden)
        assert "it may be another computer now" in (await sqlite_stage.open(await sqlite_stage.secret())).text


@pytest.mark.parametrize("hidden", [{}, {"device_fingerprint": fingerprint(attributes={})}])
async def test_where_it_is_required_an_empty_one_does_not_stand_in_for_a_full_one(
    sqlite_stage: Stage, hidden: dict[str, str]
) -> None:
    await sqlite_stage.add_application("careful", fingerprint="required")
    signed = await laptop(sqlite_stage, client_id="careful")
    answer = await present(sqlite_stage, signed.refresh, signed.device, client_id="careful", **hidden)
    refused(answer, 400, "invalid_request")


async def test_where_it_is_required_a_machine_without_an_id_has_no_more_to_send(sqlite_stage: Stage) -> None:
    await sqlite_stage.add_application("careful", fingerprint="required")
    empty = fingerprint(attributes={})
    signed = await sign_in(sqlite_stage, client_id="careful", device_fingerprint=empty)
    await renew(sqlite_stage, signed, client_id="careful", device_fingerprint=empty)


async def test_a_refused_device_moves_nothing(sqlite_stage: Stage) -> None:
    await sqlite_stage.add_application("strict", new_devices="refuse")
    device = sqlite_stage.device()
    for machine in (LAPTOP, OTHER_MACHINE):
        sqlite_stage.clock.advance(61)
        fields: dict[str, Any] = {"client_id": "strict", "device_fingerprint": described(machine)}
        asked = await sqlite_stage.approved("ada@example.com", device, **fields)
        assert refused(await sqlite_stage.poll(asked, **fields), 400, "access_denied")["reason"] == "new_device"
        assert "device.changed" not in await sqlite_stage.names(asked.login_id)


async def test_where_it_is_off_nothing_is_read_kept_or_weighed(stage: Stage) -> None:
    await stage.add_application("private", fingerprint="off")
    signed = await sign_in(stage, client_id="private", device_fingerprint="!!! not even looked at")
    for sent in (described(LAPTOP), described(OTHER_MACHINE), "!", ""):
        await renew(stage, signed, client_id="private", device_fingerprint=sent)
    assert await stage.rows("SELECT fingerprint FROM devices") == [(None,)]
    assert await stage.rows("SELECT fingerprint FROM logins") == [(None,)]
    assert await told(stage, signed, "device.changed") == []


async def test_a_known_key_on_another_machine_is_called_so_on_the_page_and_in_the_mail(stage: Stage) -> None:
    signed = await laptop(stage)
    stage.clock.advance(61)
    asked = await stage.start(device=signed.device, device_fingerprint=described(OTHER_MACHINE))
    secret = await stage.secret()
    words = "This device has signed in before, but it may be another computer now"
    assert words in (await stage.open(secret)).text
    assert words in plain((await stage.mails())[-1])
    await stage.decide(secret, "approve", asked.user_code)
    assert (await stage.poll(asked, device_fingerprint=described(OTHER_MACHINE))).status_code == 200
    assert (await notices(stage))[-1] == "A device of yours has changed at Desk App"
    (event,) = [each.event for each in await stage.events(asked.login_id) if "changed" in each.event.name]
    assert (event.fields["at"], event.fields["is_new_logon"], event.outcome) == ("sign_in", 1, "success")
    stage.clock.advance(61)
    await stage.start(device=signed.device, device_fingerprint=described(OTHER_MACHINE))
    assert "This device has signed in before.</span>" in (await stage.open(await stage.secret())).text


async def test_a_known_device_is_called_known_and_a_new_one_new_in_the_mail_too(stage: Stage) -> None:
    signed = await laptop(stage)
    first = plain((await links(stage))[0])
    assert "This device has not signed in before." in first
    stage.clock.advance(61)
    await stage.start(device=signed.device, device_fingerprint=described(UPGRADED))
    newest = plain((await links(stage))[-1])
    assert "This device has signed in before." in newest


async def test_a_device_that_stops_sending_one_is_told_of_once_and_stays_what_it_was(stage: Stage) -> None:
    """Or a thief with the key would wipe by one sign-in what the next refresh is compared with."""
    signed = await laptop(stage)
    before = await stage.rows("SELECT fingerprint FROM devices")
    for _ in range(3):
        stage.clock.advance(900)
        again = await sign_in(stage, device=signed.device)
        await renew(stage, again)
    assert (await notices(stage)).count("A device of yours has changed at Desk App") == 1
    assert await stage.rows("SELECT fingerprint FROM devices") == before
    sent = await present(stage, again.refresh, signed.device, device_fingerprint=described(OTHER_MACHINE))
    refused(sent, 400, "invalid_grant")


async def test_a_perfect_copy_of_the_fingerprint_is_worth_nothing_without_the_key(stage: Stage) -> None:
    """A21."""
    signed = await laptop(stage)
    thief = stage.device()
    sent = await present(stage, signed.refresh, thief, device_fingerprint=described(LAPTOP))
    refused(sent, 400, "invalid_grant")
    stolen = await thief.post(stage.client, TOKEN, poll_form(signed.asked, device_fingerprint=described(LAPTOP)))
    refused(stolen, 400, "invalid_grant")


async def test_whoever_is_forgotten_or_erased_leaves_no_fingerprint(stage: Stage) -> None:
    await laptop(stage)
    await stage.database.write(erase_user, "ada@example.com")
    assert await stage.count("devices") == 0
    assert await stage.rows("SELECT fingerprint FROM logins") == [(None,)]
