# SPDX-License-Identifier: Apache-2.0
"""What a real sign-in leaves in the tables is what the inventory lists, and erasing leaves what it says [R111]."""

import json
from pathlib import Path
from typing import Any

import httpx2

from architecture.holding import filled, holding
from architecture.inventory import LISTED, public_of, stored_as
from counterfoil_client._fingerprint.digest import encode
from counterfoil_client._fingerprint.profile import ATTRIBUTES, Profile
from counterfoil_service.core.audit_event import PERSONAL_FIELDS
from counterfoil_service.operations.erase_user import erase_user
from counterfoil_service.operations.forget_device import ForgetDevice, forget_device
from counterfoil_service.operations.relay_link import RelayLink, relay_link
from support.mmdb import LONDON, write_mmdb
from support.stage import OpenStage, Stage

DAY = 86_400
PHONE = "Mozilla/5.0 (Android 14; Mobile; rv:131.0) Gecko/131.0 Firefox/131.0"
HINTS = {"Sec-CH-UA-Model": "Secret Pixel", "Accept-Language": "tlh-Latn", "Sec-CH-UA-Platform-Version": "14.7.777"}
PARTICULARS = {name: f"particular-{name}" for name in ATTRIBUTES}


async def test_the_tables_of_a_real_sign_in_hold_what_is_listed_and_erasing_leaves_what_is_said(
    sqlite_stage: Stage,
) -> None:
    stage, device = sqlite_stage, sqlite_stage.device()
    stage.client.headers["User-Agent"] = "particular-agent/1"
    text = encode(Profile(**PARTICULARS), stage.issuer, "desk-app", b"x" * 32)
    asked = await stage.start(device=device, device_label="Ada's particular", device_fingerprint=text)
    await stage.mails()
    relayed = await stage.database.write(relay_link, RelayLink(asked.login_id, "a particular reason"))
    secret = relayed.link.rpartition("/")[2]
    page = await stage.open(secret, **{"User-Agent": PHONE}, **HINTS)
    assert not {"accept-ch", "set-cookie"} & set(page.headers)
    assert (await stage.decide(secret, "approve", asked.user_code)).status_code == 200
    assert (await stage.poll(asked, device_fingerprint=text)).status_code == 200
    await stage.mails()

    elsewhere = {"logins.code_jkt", "authorization_codes.jkt", "suppressions.address"}
    raw = {"address": "ada@example.com", "device label": "Ada's particular", "device key": device.thumbprint}
    for name, value in raw.items():
        assert await holding(stage, value) == stored_as(name) - elsewhere
    unseen = [*PARTICULARS.values(), *HINTS.values(), "particular-agent", "particular reason", "Firefox", "192.0.2.10"]
    assert [value for value in unseen if await holding(stage, value)] == []
    assert await holding(stage, "192.0.2.") == stored_as("coarse address")
    evidence = await stage.rows("SELECT l.fingerprint, d.fingerprint FROM logins l, devices d")
    assert [set(json.loads(each)["attributes"]) for each in evidence[0]] == [set(ATTRIBUTES)] * 2

    events = await stage.events(asked.login_id)
    personal = [dict(each.personal or {}) for each in events]
    assert set().union(*personal) == PERSONAL_FIELDS
    assert not any(hint in str(personal) for hint in HINTS.values())
    public = public_of({place for field in LISTED.fields for place in field.stored})
    assert set().union(*(each.event.fields for each in events)) <= public

    (mailbox,) = (await stage.rows("SELECT mailbox FROM users"))[0]
    assert await holding(stage, mailbox) == stored_as("mailbox") - {"suppressions.mailbox"}
    await stage.database.write(erase_user, "ada@example.com")
    assert await holding(stage, "ada@example.com") == await holding(stage, "Ada's particular") == set()
    assert await holding(stage, "192.0.2.") == set()
    assert await stage.rows("SELECT fingerprint FROM logins") == [(None,)]
    assert all(not each.event.personal and not each.personal for each in await stage.events(asked.login_id))
    assert await holding(stage, mailbox) == {"logins.mailbox", "mailings.mailbox", "audit_events.mailbox"}
    assert await holding(stage, device.thumbprint) == {"logins.jkt", "sessions.jkt", "audit_events.jkt"}
    stage.clock.advance(2 * DAY)
    await stage.sweep()
    assert await holding(stage, mailbox) == {"logins.mailbox", "audit_events.mailbox"}
    stage.clock.advance(28 * DAY)
    await stage.sweep()
    assert await holding(stage, mailbox) == {"audit_events.mailbox"}
    assert await holding(stage, device.thumbprint) == {"audit_events.jkt"}
    assert await filled(stage) == {"applications", "audit_events", "secrets", "signing_keys"}


async def test_a_sign_in_without_a_fingerprint_leaves_the_device_row_and_forgetting_the_device_leaves_its_logins(
    sqlite_stage: Stage,
) -> None:
    stage, device = sqlite_stage, sqlite_stage.device()
    text = encode(Profile(**PARTICULARS), stage.issuer, "desk-app", b"x" * 32)
    asked = await stage.approved(device=device, device_fingerprint=text)
    assert (await stage.poll(asked, device_fingerprint=text)).status_code == 200
    ((device_id, kept, told, told_at),) = await stage.rows("SELECT id, fingerprint, told, told_at FROM devices")
    assert (set(json.loads(kept)["attributes"]), told, told_at) == (set(ATTRIBUTES), None, None)
    stage.clock.advance(61)
    again = await stage.approved(device=device)
    assert (await stage.poll(again)).status_code == 200
    await stage.mails()
    ((left, told),) = await stage.rows("SELECT fingerprint, told FROM devices")
    assert left == kept
    assert set(told.strip("/").split()) == set(ATTRIBUTES), "names of attributes, and no values"
    (changed,) = [each.event for each in await stage.events(again.login_id) if "changed" in each.event.name]
    public = public_of(stored_as("device comparison") | stored_as("device"))
    assert set(changed.fields) <= public | {"at"}
    assert changed.fields["told"] == 1
    assert await stage.rows("SELECT fingerprint IS NULL FROM logins ORDER BY created_at") == [(0,), (1,)]
    await stage.database.write(forget_device, ForgetDevice(device_id, "forgotten"))
    assert await stage.count("devices") == 0
    assert await stage.rows("SELECT fingerprint IS NULL FROM logins ORDER BY created_at") == [(0,), (1,)]
    stage.clock.advance(30 * DAY)
    await stage.sweep()
    assert await stage.count("logins") == 0, "they leave with the sessions that forgetting has ended"


async def test_a_place_stands_open_in_the_audit_log_and_erasing_the_person_leaves_it_there(
    sqlite_url: str, open_stage: OpenStage, tmp_path: Path
) -> None:
    record = {"country": {"iso_code": "GB"}, "autonomous_system_organization": "Particular Net"}
    files = (write_mmdb(tmp_path / "places.mmdb", {"81.2.69.0/24": record}),)
    async with open_stage(sqlite_url, tmp_path, mmdb_files=files) as stage:
        app: Any = stage.client._transport.app  # type: ignore[attr-defined]  # the stage's is an ASGITransport
        stage.client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app, client=(LONDON, 40000)), base_url=stage.issuer
        )
        asked = await stage.start()
        assert await holding(stage, "Particular Net") == {"logins.place", "audit_events.fields"}
        (requested, *_) = [each.event for each in await stage.events(asked.login_id)]
        assert requested.fields == {"country": "GB", "network": "Particular Net"}
        assert (await stage.decide(await stage.secret(), "approve", asked.user_code)).status_code == 200
        assert (await stage.poll(asked)).status_code == 200
        await stage.database.write(erase_user, "ada@example.com")
        assert await holding(stage, "Particular Net") == {"audit_events.fields"}
