# SPDX-License-Identifier: Apache-2.0
"""What docs/explanation/privacy.md says of operators, and of who reads what in the audit log [R111, R112, R139]."""

import asyncio

from architecture.holding import filled, holding
from architecture.inventory import stored_as
from counterfoil_service.core.exports.exported import Exported
from counterfoil_service.core.leaf import Leaf
from counterfoil_service.db import log
from counterfoil_service.operations.erase_user import erase_user
from counterfoil_service.operations.prune_log import PruneLog, prune_log
from counterfoil_service.operations.remove_operator import remove_operator
from counterfoil_service.spellings import FORMATS, spelling
from support.auditor import EMAIL, Auditor, seal
from support.log import grow_log
from support.stage import Stage
from support.tokens import SignedIn, sign_in

DAY = 86_400
SOURCE = "192.0.2.10"
SEALED = ("ada@example.com", SOURCE, "Ada's particular", "particular-agent")


async def signed_in(stage: Stage) -> SignedIn:
    stage.client.headers["User-Agent"] = "particular-agent/1"
    return await sign_in(stage, device_label="Ada's particular")


async def leaves(stage: Stage) -> list[Leaf]:
    await seal(stage)
    return [entry.leaf for entry in await stage.database.read(log.entries, 0, 1000) if entry.leaf is not None]


async def test_a_coarse_address_finds_events_for_thirty_days_and_is_shown_to_nobody(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    signed = await signed_in(stage)
    assert await holding(stage, "192.0.2.0/24") == stored_as("coarse address")
    assert not any("192.0.2" in str(leaf) for leaf in await leaves(stage))
    auditor = await Auditor.hired(stage)
    found = await auditor.events(source=SOURCE)
    assert {event["login_id"] for event in found} == {signed.asked.login_id}
    assert "192.0.2.0/24" not in str(found)
    stage.clock.advance(30 * DAY - 1)
    await stage.sweep()
    assert await auditor.events(source=SOURCE) == found
    stage.clock.advance(1)
    await stage.sweep()
    assert await auditor.events(source=SOURCE) == []
    assert await holding(stage, "192.0.2.") == set()


async def test_who_presses_a_button_of_an_erased_persons_mail_leaves_no_address_at_all(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    await signed_in(stage)
    secret = await stage.secret()
    await stage.database.write(erase_user, "ada@example.com")
    await stage.decide(secret, "report")
    assert await holding(stage, "192.0.2.") == set()


async def test_an_auditor_reads_what_is_sealed_and_that_is_in_the_log(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    signed = await signed_in(stage)
    auditor = await Auditor.hired(stage)
    by_subject = await auditor.events(subject=signed.subject)
    story = (await auditor.get(f"/audit/logins/{signed.asked.login_id}")).json()
    for text in SEALED:
        assert text in str(story)
    await auditor.events(source=SOURCE)
    read = [leaf.fields for leaf in await leaves(stage) if leaf.type == "audit.read"]
    assert read == [
        {"operator": auditor.operator_id, "part": "events", "filters": f"subject={signed.subject}"},
        {"operator": auditor.operator_id, "part": "login", "login": signed.asked.login_id},
        {"operator": auditor.operator_id, "part": "events", "filters": "source"},
    ]
    await stage.database.write(erase_user, "ada@example.com")
    assert by_subject
    after = str(await auditor.events(subject=signed.subject))
    assert not [text for text in SEALED if text in after]
    assert f"subject={signed.subject}" in str(await leaves(stage)), "what was asked for stays"


async def test_an_operator_who_is_no_auditor_reads_nothing(sqlite_stage: Stage) -> None:
    operator = await Auditor.hired(sqlite_stage, "operator")
    signed = await signed_in(sqlite_stage)
    await seal(sqlite_stage)
    paths = (
        "/audit/events",
        f"/audit/logins/{signed.asked.login_id}",
        "/audit/stream",
        "/audit/proof/0",
        "/log/checkpoint",
        "/log/tile/0/000.p/1",
        "/log/tile/entries/000.p/1",
    )
    # Whoever is let in to the stream stays in it.
    async with asyncio.timeout(20):
        assert {path: (await operator.get(path)).status_code for path in paths} == dict.fromkeys(paths, 403)


async def test_what_leaves_the_service_keeps_sealed_what_is_sealed_and_has_the_rest_in_the_open(
    sqlite_stage: Stage,
) -> None:
    signed = await signed_in(sqlite_stage)
    entries = await leaves(sqlite_stage)
    in_the_open = (signed.subject, signed.session_id, signed.asked.login_id, signed.device.thumbprint)
    for form in FORMATS:
        spell = spelling(form, 12_345)
        whole = "\n".join(spell.line(Exported(leaf, 0, {})) for leaf in entries)
        assert not [text for text in SEALED if text in whole], form
        assert not [text for text in in_the_open if text not in whole], form
        assert ('"sealed":' in whole) == (form == "jsonl"), "ciphertext leaves as a part of leaves alone"


async def test_entries_as_tiles_and_as_a_stream_of_events_are_leaves_too(sqlite_stage: Stage) -> None:
    signed = await signed_in(sqlite_stage)
    auditor = await Auditor.hired(sqlite_stage)
    size = await seal(sqlite_stage)
    bundle = (await auditor.get(f"/log/tile/entries/000.p/{size}")).content
    assert not [text for text in SEALED if text.encode() in bundle]
    assert signed.subject.encode() in bundle
    assert b'"sealed":' in bundle


async def test_erasing_a_person_leaves_the_operator_and_removing_the_operator_leaves_the_sealed_address(
    sqlite_stage: Stage,
) -> None:
    stage = sqlite_stage
    await sign_in(stage, EMAIL)
    auditor = await Auditor.hired(stage, email=EMAIL)
    await stage.database.write(erase_user, EMAIL)
    assert await holding(stage, EMAIL) == {"operators.address"}
    assert (await auditor.get("/audit/events")).status_code == 200
    stage.clock.advance(1)
    again = await Auditor.hired(stage, email=EMAIL)
    assert again.operator_id == auditor.operator_id
    await stage.database.write(remove_operator, EMAIL)
    assert await holding(stage, EMAIL) == set()
    assert not {"operators", "operator_tokens"} & await filled(stage)
    assert (await again.get("/audit/events")).status_code == 401
    assert await holding(stage, auditor.operator_id) == {"audit_events.fields"}
    other = await Auditor.hired(stage, email="bob@example.com")
    sealed = {"address": EMAIL}
    added = [event["personal"] for event in await other.events(name="operator.added")]
    bob, erased = {"address": "bob@example.com"}, {"address": "erased"}
    assert added == [bob, bob, sealed, erased, erased], "roles and tokens, the newest first"
    await stage.database.write(erase_user, EMAIL)
    assert sealed not in [event["personal"] for event in await other.events(name="operator.added")]


async def test_pruning_takes_the_sealed_and_the_open_and_leaves_hashes_and_the_mailboxs_key(
    sqlite_stage: Stage,
) -> None:
    stage = sqlite_stage
    signed = await signed_in(stage)
    ((mailbox,),) = await stage.rows("SELECT mailbox FROM users")
    await grow_log(stage.database, 256)
    await seal(stage)
    stage.clock.advance(1)
    assert await stage.database.write(prune_log, PruneLog(stage.clock.now, 8, "by_operator")) == 1
    assert "audit_events.subject" not in await holding(stage, signed.subject)
    assert "audit_events.mailbox" not in await holding(stage, mailbox)
    assert "mailbox_keys.mailbox" in await holding(stage, mailbox)
    assert "log_tiles" in await filled(stage)
