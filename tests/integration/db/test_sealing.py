# SPDX-License-Identifier: Apache-2.0
"""What is personal in the audit log: sealed under the mailbox's key, bound to its event, gone with the key."""

import asyncio
import os
from typing import Any

import pytest

from counterfoil_service.core import story
from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.event_filter import EventFilter
from counterfoil_service.crypto.keys import CannotUnseal, seal, unseal
from counterfoil_service.db import audit, audit_pages
from counterfoil_service.operations.invite_user import invite_user
from support import acting
from support.stage import Stage

PERSONAL = ("ada@example.com", "198.51.100.7", "192.0.2.10", "Phone/1.0", "Desk/1.0", "Ada's laptop")


async def begun(stage: Stage, address: str = "ada@example.com", key: str = "laptop") -> acting.Begun:
    """A login with two events that hold something personal."""
    asked = await acting.ask(stage, address, key, device_label="Ada's laptop")
    await acting.miss(stage, asked)
    return asked


async def reseal(stage: Stage, position: int, sealed: bytes) -> None:
    """Put another sealed value into an event, as somebody with the database alone could."""
    sql = "UPDATE audit_events SET sealed = :sealed WHERE position = :position"
    await acting.execute(stage, sql, sealed=sealed, position=position)


async def personal(stage: Stage, asked: acting.Begun) -> dict[str, Any]:
    return {stored.event.name.value: stored.personal for stored in await stage.events(asked.login_id)}


async def all_rows(stage: Stage) -> list[tuple[Any, ...]]:
    return await stage.rows("SELECT * FROM audit_events ORDER BY position")


async def told(stage: Stage, asked: acting.Begun) -> list[str]:
    return [story.sentence(stored.event, stored.personal) for stored in await stage.events(asked.login_id)]


async def forget(stage: Stage) -> None:
    """Erase every mailbox key, as `users erase` will."""
    await acting.execute(stage, "DELETE FROM mailbox_keys")


async def test_personal_fields_are_read_back_with_the_key(stage: Stage) -> None:
    asked = await begun(stage)
    assert await personal(stage, asked) == {
        "login.requested": {
            "address": "ada@example.com",
            "source": "192.0.2.10",
            "user_agent": "Desk/1.0",
            "device_label": "Ada's laptop",
        },
        "mail.queued": {},
        "login.code_mismatch": {"source": "198.51.100.7", "user_agent": "Phone/1.0"},
    }


async def test_nothing_personal_lies_open_in_the_audit_rows(stage: Stage) -> None:
    await begun(stage)
    for row in await stage.rows("SELECT * FROM audit_events"):
        shown = " ".join(value.decode("latin-1") if isinstance(value, bytes) else str(value) for value in row)
        assert not [word for word in PERSONAL if word in shown]


async def test_a_mailboxs_key_is_sealed_itself(stage: Stage) -> None:
    await begun(stage)
    ((mailbox, sealed),) = await stage.rows("SELECT mailbox, sealed_key FROM mailbox_keys")
    key = unseal(stage.service.services.keys.seal_mailbox, sealed, associated=mailbox)
    assert len(key) == 32
    assert key not in sealed
    with pytest.raises(CannotUnseal):
        unseal(stage.service.services.keys.seal_outbox, sealed, associated=mailbox)


async def test_every_mailbox_has_a_key_of_its_own_and_keeps_it(stage: Stage) -> None:
    await begun(stage, "ada@example.com", "a")
    first = await stage.rows("SELECT * FROM mailbox_keys")
    await begun(stage, "bob@example.com", "b")
    await begun(stage, "ADA@example.com", "c")
    rows = await stage.rows("SELECT * FROM mailbox_keys")
    assert len(rows) == 2
    assert first[0] in rows


async def test_what_an_invitation_and_a_request_seal_at_once_can_be_read_ever_after(stage: Stage) -> None:
    addresses = [f"new{number}@example.com" for number in range(20)]
    asking = [acting.ask(stage, address, address) for address in addresses]
    inviting = [stage.database.write(invite_user, address) for address in addresses]
    half = len(addresses) // 2
    await asyncio.gather(*asking[:half], *inviting, *asking[half:])
    stored = await stage.database.read(audit.stored, stage.service.services.keys.seal_mailbox, await all_rows(stage))
    read = [(each.event.name.value, (each.personal or {}).get("address")) for each in stored]
    for address in addresses:
        assert {("login.requested", address), ("user.invited", address)} <= set(read)
    assert await stage.count("mailbox_keys") == len(addresses)


async def test_a_sealed_value_moved_to_another_event_does_not_open(stage: Stage) -> None:
    asked = await begun(stage)
    rows = await stage.rows("SELECT position, sealed FROM audit_events WHERE sealed IS NOT NULL ORDER BY position")
    (first, one), (second, two) = rows
    await reseal(stage, first, two)
    await reseal(stage, second, one)
    assert [each.personal for each in await stage.events(asked.login_id) if each.position in {first, second}] == [
        None
    ] * 2


async def test_a_sealed_value_with_one_bit_changed_does_not_open(stage: Stage) -> None:
    asked = await begun(stage)
    ((position, sealed),) = await stage.rows(
        "SELECT position, sealed FROM audit_events WHERE name = 'login.code_mismatch'"
    )
    await reseal(stage, position, sealed[:-1] + bytes([sealed[-1] ^ 1]))
    events = await stage.events(asked.login_id)
    assert [each.event.name.value for each in events if each.personal is None] == ["login.code_mismatch"], "no other"


async def test_another_mailboxs_key_opens_nothing(stage: Stage) -> None:
    asked = await begun(stage, "ada@example.com", "a")
    await begun(stage, "bob@example.com", "b")
    first, second = await stage.rows("SELECT mailbox, sealed_key FROM mailbox_keys ORDER BY mailbox")
    for mailbox, sealed in ((first[0], second[1]), (second[0], first[1])):
        sql = "UPDATE mailbox_keys SET sealed_key = :sealed WHERE mailbox = :mailbox"
        await acting.execute(stage, sql, sealed=sealed, mailbox=mailbox)
    with pytest.raises(CannotUnseal):
        await stage.events(asked.login_id)


async def test_without_the_key_of_the_deployment_nothing_opens(stage: Stage) -> None:
    asked = await begun(stage)
    with pytest.raises(CannotUnseal):
        await stage.database.read(audit.of_login, b"\0" * 32, asked.login_id)


async def test_once_the_mailboxs_key_is_gone_the_story_says_erased_and_stays_a_story(stage: Stage) -> None:
    asked = await begun(stage)
    names = await stage.names(asked.login_id)
    await forget(stage)
    assert await stage.names(asked.login_id) == names
    assert await personal(stage, asked) == {"login.requested": None, "mail.queued": {}, "login.code_mismatch": None}
    story_told = await told(stage, asked)
    assert not [word for word in PERSONAL if word in " ".join(story_told)]
    assert "erased" in story_told[0]
    assert "erased" in story_told[2]


async def test_what_happens_after_the_erasure_records_nothing_personal(stage: Stage) -> None:
    asked = await begun(stage)
    await forget(stage)
    await acting.reject(stage, asked)
    ((sealed,),) = await stage.rows("SELECT sealed FROM audit_events WHERE name = 'login.denied'")
    assert sealed is None
    assert len(await told(stage, asked)) == 4


async def test_a_mailbox_that_comes_back_after_its_erasure_does_not_bring_the_old_details_back(stage: Stage) -> None:
    old = await begun(stage)
    await forget(stage)
    stage.clock.advance(61)
    new = await begun(stage)
    assert (await personal(stage, old))["login.requested"] is None
    assert (await personal(stage, new))["login.requested"] is not None
    assert "erased" in (await told(stage, old))[0]
    assert "ada@example.com" in (await told(stage, new))[0]


async def test_a_seal_that_was_changed_shows_nothing_after_a_mailbox_came_back_too(stage: Stage) -> None:
    await begun(stage)
    await forget(stage)
    stage.clock.advance(61)
    new = await begun(stage)
    forged = seal(b"\1" * 32, b'{"address":"eve@example.com"}', associated=b"x" * 16, entropy=os.urandom)
    ((position,),) = await acting.query(
        stage, "SELECT position FROM audit_events WHERE login_id = :id AND name = 'login.requested'", id=new.login_id
    )
    await reseal(stage, position, forged)
    assert [each.personal for each in await stage.events(new.login_id) if each.position == position] == [None]


async def test_no_two_events_share_an_id_or_a_nonce(stage: Stage) -> None:
    for number in range(5):
        await begun(stage, f"a{number}@example.com", f"k{number}")
    ids = [row[0] for row in await stage.rows("SELECT id FROM audit_events")]
    nonces = [row[0][:12] for row in await stage.rows("SELECT sealed FROM audit_events WHERE sealed IS NOT NULL")]
    assert {len(each) for each in ids} == {16}
    assert len(set(ids)) == len(ids)
    assert len(set(nonces)) == len(nonces) == 10


async def test_a_page_with_many_people_reads_each_by_their_own_key_and_who_was_erased_not_at_all(stage: Stage) -> None:
    addresses = [f"person{number}@example.com" for number in range(40)]
    for number, address in enumerate(addresses):
        await acting.ask(stage, address, f"key{number}")
    [erased] = [row[0] for row in await stage.rows("SELECT mailbox FROM logins WHERE address = 'person3@example.com'")]
    await acting.execute(stage, "DELETE FROM mailbox_keys WHERE mailbox = :mailbox", mailbox=erased)
    seal_key = stage.service.services.keys.seal_mailbox
    page = await stage.database.read(audit_pages.page, seal_key, EventFilter(), None, 100)
    read = [each.personal for each in page.events if each.event.name is EventName.LOGIN_REQUESTED]
    assert {fields["address"] for fields in read if fields} == set(addresses) - {"person3@example.com"}
    assert read.count(None) == 1
