# SPDX-License-Identifier: Apache-2.0
"""People as an operator sees them: invited, shut out, let in again, and forgotten [R88, R92, R93, R133]."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from counterfoil_service.core import email_address
from counterfoil_service.core.errors import Refusal
from counterfoil_service.core.evidence import Evidence
from counterfoil_service.core.identifiers import base64url
from counterfoil_service.core.story import sentence
from counterfoil_service.crypto.keys import digest, keyed
from counterfoil_service.db import users
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.users import User
from counterfoil_service.operations.collect_login import CollectLogin, collect_login
from counterfoil_service.operations.disable_user import Disabled, disable_user
from counterfoil_service.operations.enable_user import enable_user
from counterfoil_service.operations.erase_user import Erased, erase_user
from counterfoil_service.operations.find_person import find_person
from counterfoil_service.operations.invite_user import invite_user
from counterfoil_service.operations.revoke_sessions import RevokeSessions, Which, revoke_sessions
from counterfoil_service.operations.start_login import start_login
from support import acting
from support.http import refused, until_held
from support.stage import OpenStage, Stage

ADA = "ada@example.com"
LABEL = "Ada's laptop"


async def person(stage: Stage, who: str = ADA) -> User:
    return await stage.database.read(find_person, who, stage.service.services.keys)


async def signed_in(stage: Stage, address: str = ADA, key: str = "laptop") -> acting.Begun:
    begun = await acting.ask(stage, address, key, device_label=LABEL)
    await acting.approve(stage, begun)
    assert await acting.collect(stage, begun, key) is not None
    return begun


async def disable(stage: Stage, who: str = ADA) -> Disabled:
    return await stage.database.write(disable_user, who)


async def erase(stage: Stage, who: str = ADA) -> Erased:
    return await stage.database.write(erase_user, who)


async def living(stage: Stage) -> int:
    return int((await stage.rows("SELECT count(*) FROM sessions WHERE ended_at IS NULL"))[0][0])


async def ends(stage: Stage) -> set[str]:
    return {str(row[0]) for row in await stage.rows("SELECT reason FROM audit_events WHERE name = 'session.ended'")}


async def test_an_invited_address_signs_in_and_everybody_else_gets_a_decoy(
    database_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    async with open_stage(database_url, tmp_path, sign_up="invited") as stage:
        await stage.database.write(invite_user, "Ada@Example.com")
        assert (await person(stage)).state == "invited"
        stranger = await stage.start("eve@example.com")
        asked = await stage.approved(ADA)
        assert (await stage.poll(asked)).status_code == 200
        refused(await stage.poll(stranger), 400, "authorization_pending")
        assert [mail["To"] for mail in await stage.mails()] == ["Ada@example.com"] * 2
        ada = await person(stage)
        assert (ada.state, ada.verified_at) == ("verified", stage.clock())
        assert "user.created" not in await stage.names(asked.login_id)


@pytest.mark.parametrize("state", ["invited", "verified", "disabled", "unverified"])
async def test_whoever_is_there_is_not_invited_again_and_it_says_how_they_stand(stage: Stage, state: str) -> None:
    if state == "invited":
        await stage.database.write(invite_user, ADA)
    else:
        await signed_in(stage)
    if state == "disabled":
        await disable(stage)
    if state == "unverified":
        await acting.execute(stage, "UPDATE users SET verified_at = NULL")
    before = await acting.snapshot(stage)
    words = {"invited": "not signed in yet", "verified": "may sign in", "disabled": "users enable"}
    with pytest.raises(Refusal, match=words.get(state, "devices list")):
        await stage.database.write(invite_user, "ADA@example.com")
    assert await acting.snapshot(stage) == before


async def test_of_ten_invitations_of_one_address_one_makes_a_user(stage: Stage) -> None:
    results = await asyncio.gather(*(stage.database.write(invite_user, ADA) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(result, User) for result in results) == 1
    assert await stage.count("users") == 1


@pytest.mark.parametrize("operation", [disable_user, enable_user, erase_user])
@pytest.mark.parametrize("who", ["nobody@example.com", "A" * 22, ""])
async def test_who_is_not_there_is_named_by_no_error_and_nothing_changes(
    stage: Stage, operation: "object", who: str
) -> None:
    before = await acting.snapshot(stage)
    with pytest.raises(Refusal, match="users list") as caught:
        await stage.database.write(operation, who)  # type: ignore[arg-type]  # three of one shape
    assert "nobody" not in str(caught.value)
    assert await acting.snapshot(stage) == before


async def test_what_is_no_address_is_refused_by_its_rule(stage: Stage) -> None:
    for who in ("a@b@c", "@example.com", "ada@10.0.0.1", "Ada <ada@example.com>"):
        with pytest.raises(Refusal, match="This e-mail address cannot be used"):
            await stage.database.write(invite_user, who)
        with pytest.raises(Refusal, match="This e-mail address cannot be used"):
            await disable(stage, who)


@pytest.mark.parametrize("by_subject", [False, True])
async def test_a_disabled_person_holds_nothing_any_more(stage: Stage, *, by_subject: bool) -> None:
    await signed_in(stage)
    await signed_in(stage, key="tower")
    await signed_in(stage, "eve@example.com", "eve")
    ada = await person(stage)
    done = await disable(stage, ada.id if by_subject else "ADA@example.com")
    assert (done.ended.sessions, done.again) == (2, False)
    assert await living(stage) == 1, "Eve's is hers"
    assert await ends(stage) == {"user_disabled"}
    assert (await person(stage)).state == "disabled"


async def test_the_open_logins_of_a_disabled_person_are_denied_and_their_polls_hear_it(stage: Stage) -> None:
    await signed_in(stage)
    stage.clock.advance(60)
    approved, pending = await stage.approved(ADA), await stage.start(ADA)
    stranger = await stage.start("eve@example.com")
    held = asyncio.create_task(stage.poll(pending, wait=20))
    await until_held(stage)
    done = await disable(stage)
    assert done.ended.logins == 2
    async with asyncio.timeout(4):  # a held poll looks by itself only every five seconds
        assert refused(await held, 400, "access_denied")["reason"] == "denied"
    refused(await stage.poll(approved), 400, "access_denied")
    refused(await stage.poll(stranger), 400, "authorization_pending")
    last = (await stage.events(approved.login_id))[-1].event
    assert (last.name, last.reason, last.subject) == ("login.denied", "user_disabled", done.user.id)
    assert await stage.count("sessions") == 1


async def test_a_disabled_person_gets_decoys_until_they_are_enabled(stage: Stage) -> None:
    await signed_in(stage)
    await disable(stage)
    sent = len(await stage.mails())
    await stage.start(ADA)
    assert len(await stage.mails()) == sent
    await stage.database.write(enable_user, ADA)
    assert (await person(stage)).state == "verified"
    assert (await stage.poll(await stage.approved(ADA))).status_code == 200


async def test_disabling_again_ends_what_is_left_and_writes_one_event(stage: Stage) -> None:
    await signed_in(stage)
    await disable(stage)
    assert (await disable(stage)).again
    assert await stage.rows("SELECT count(*) FROM audit_events WHERE name = 'user.disabled'") == [(1,)]


async def test_who_is_not_disabled_is_not_enabled(stage: Stage) -> None:
    await signed_in(stage)
    with pytest.raises(Refusal, match="not disabled"):
        await stage.database.write(enable_user, ADA)


async def test_however_it_races_a_disabled_person_is_left_without_a_session(stage: Stage) -> None:
    await signed_in(stage)
    begun = [await acting.ask(stage, ADA, f"key{number}") for number in range(2)]
    for each in begun:
        await acting.approve(stage, each)
    results = await asyncio.gather(
        *(acting.collect_or_code(stage, each, f"key{number}") for number, each in enumerate(begun)),
        disable(stage),
        *(acting.ask(stage, ADA, f"late{number}") for number in range(3)),
        return_exceptions=True,
    )
    assert not [each for each in results if isinstance(each, Exception) and not isinstance(each, Refusal)]
    assert await living(stage) == 0
    rows = await stage.rows("SELECT count(*) FROM logins WHERE state IN ('pending', 'approved') AND decoy = 0")
    assert rows == [(0,)]


async def _waits_for_a_lock(stage: Stage, task: "asyncio.Task[Disabled]") -> None:
    """Until it does, or is done without."""
    async with asyncio.timeout(10):
        while not task.done():
            if await stage.rows("SELECT 1 FROM pg_locks WHERE NOT granted"):
                return


@pytest.mark.parametrize("what", ["a request for a link", "a poll that collects"])
async def test_to_disable_waits_for_what_is_being_written_and_ends_that_too(
    postgres_url: str, tmp_path: Path, open_stage: OpenStage, what: str
) -> None:
    written, go_on = asyncio.Event(), asyncio.Event()

    async def held(
        tx: Transaction, work: Callable[[Transaction, Context], Awaitable[object]], context: Context
    ) -> None:
        await work(tx, context)
        written.set()
        await go_on.wait()

    async with open_stage(postgres_url, tmp_path) as stage:
        await signed_in(stage)
        begun = await acting.ask(stage, ADA, "tower")
        await acting.approve(stage, begun)
        asks, collects = acting.command(ADA, "late"), acting.collecting(begun.login_id, acting.proof_of("tower"))
        work = {
            "a request for a link": lambda tx, context: start_login(tx, asks, context),
            "a poll that collects": lambda tx, context: collect_login(tx, collects, context),
        }
        first = asyncio.create_task(stage.database.write(held, work[what]))
        await written.wait()
        second = asyncio.create_task(disable(stage))
        await _waits_for_a_lock(stage, second)
        go_on.set()
        await asyncio.gather(first, second)
        assert await living(stage) == 0
        rows = await stage.rows("SELECT count(*) FROM logins WHERE state IN ('pending', 'approved') AND decoy = 0")
        assert rows == [(0,)]


async def _everything(stage: Stage) -> str:
    return repr(await acting.snapshot(stage))


async def test_an_erased_person_is_in_no_table(stage: Stage) -> None:
    await signed_in(stage)
    stage.clock.advance(60)
    open_ = await acting.ask(stage, ADA, device_label=LABEL, evidence=Evidence("needle7f3a", {}))
    ada = await person(stage)
    assert ADA in await _everything(stage)
    done = await erase(stage)
    assert (done.subject, done.ended.sessions, done.ended.logins) == (ada.id, 1, 1)
    left = await _everything(stage)
    for needle in (ADA, "laptop", "needle7f3a", "198.51.100.7"):
        assert needle not in left
    assert await stage.count("users") == await stage.count("devices") == await stage.count("mailbox_keys") == 0
    assert await living(stage) == 0
    assert await acting.collect_or_code(stage, open_) == "access_denied"
    assert await ends(stage) == {"user_erased"}


async def test_the_audit_log_of_an_erased_person_keeps_its_entries_and_reads_erased(stage: Stage) -> None:
    begun = await signed_in(stage)
    before = await stage.rows("SELECT position, id, name, sealed FROM audit_events ORDER BY position")
    told = [sentence(each.event, each.personal) for each in await stage.events(begun.login_id)]
    assert any(ADA in each for each in told)
    await erase(stage)
    after = await stage.rows("SELECT position, id, name, sealed FROM audit_events ORDER BY position")
    assert after[: len(before)] == before, "nothing that was written is changed"
    told = [sentence(each.event, each.personal) for each in await stage.events(begun.login_id)]
    assert told[0] == "desk-app asked for a link for somebody whose details were erased."
    assert not [each for each in told if ADA in each or LABEL in each or "Phone" in each]


async def test_the_event_of_an_erasure_says_nothing_of_the_person(stage: Stage) -> None:
    await signed_in(stage)
    ada = await person(stage)
    await erase(stage)
    rows = await stage.rows("SELECT subject, fields, sealed, mailbox FROM audit_events WHERE name = 'user.erased'")
    assert rows == [(ada.id, '{"operator":"cli"}', None, None)]


async def test_an_address_that_was_only_ever_typed_in_can_be_erased_too(stage: Stage) -> None:
    begun = await acting.ask(stage, "typed@example.com", device_label=LABEL)
    done = await erase(stage, "typed@example.com")
    assert (done.subject, done.ended.logins) == (None, 1)
    assert "typed@" not in await _everything(stage)
    assert await acting.collect_or_code(stage, begun) == "access_denied"
    with pytest.raises(Refusal, match="users list"):
        await erase(stage, "typed@example.com")


async def test_a_mail_that_waits_when_its_person_is_erased_is_never_sent(stage: Stage) -> None:
    await signed_in(stage)
    stage.clock.advance(60)
    await stage.start(ADA)
    await erase(stage)
    assert await stage.mails() == []
    rows = await stage.rows("SELECT DISTINCT state, recipient, sealed_secret FROM outbox")
    assert rows == [("expired", "", None)]


async def test_a_notice_without_a_device_is_not_sent_to_nobody(stage: Stage) -> None:
    """Nothing but the erased recipient tells: there is no device that could have been forgotten."""
    keyless = await stage.add_application("keyless", dpop="optional")
    begun = await acting.ask(stage, ADA, None, application_id="keyless")
    await acting.approve(stage, begun)
    await stage.database.write(collect_login, CollectLogin(begun.login_id, None, keyless))
    await erase(stage)
    assert await stage.mails() == []
    told = [sentence(each.event, each.personal) for each in await stage.events(begun.login_id)]
    assert "The notice of a new device was not sent: the user had been erased before." in told


async def test_an_erased_person_who_comes_back_is_somebody_new_and_the_past_stays_dark(stage: Stage) -> None:
    begun = await signed_in(stage)
    old = await person(stage)
    await erase(stage)
    stage.clock.advance(60)
    again = await signed_in(stage)
    assert (await person(stage)).id != old.id
    assert (await stage.events(begun.login_id))[0].personal is None
    assert ((await stage.events(again.login_id))[0].personal or {})["address"] == ADA


async def test_a_code_that_was_out_dies_with_its_person(stage: Stage) -> None:
    begun = await signed_in(stage)
    for operation in (disable_user, erase_user):
        await _put_code(stage, begun.login_id)
        await stage.database.write(operation, ADA)
        assert await stage.count("authorization_codes") == 0


async def _put_code(stage: Stage, login_id: str) -> None:
    columns = "code_hash, login_id, application_id, redirect_uri, code_challenge, scope, audience, amr, auth_time"
    sql = (
        f"INSERT INTO authorization_codes ({columns}, expires_at) VALUES (:hash, :login, '', '', '', '', '', '', 0, 0)"  # noqa: S608 - our own names
    )
    parameters = {"hash": digest("code"), "login": login_id}
    await stage.database.transact(lambda tx: tx.run(Statement(text(sql)), parameters))


@pytest.mark.parametrize(("which", "left"), [("one", 3), ("person", 1), ("every", 0)])
async def test_an_operator_ends_one_session_all_of_a_person_or_all(stage: Stage, which: Which, left: int) -> None:
    for number in range(3):
        await signed_in(stage, key=f"k{number}")
    await signed_in(stage, "eve@example.com", "eve")
    ((session_id,),) = await stage.rows("SELECT id FROM sessions WHERE user_id <> '' ORDER BY id LIMIT 1")
    name = {"one": session_id, "person": ADA, "every": ""}[which]
    ended = await stage.database.write(revoke_sessions, RevokeSessions(which, name))
    assert len(ended) == 4 - left
    assert await living(stage) == left
    assert await ends(stage) == {"revoked_by_operator"}


async def test_a_session_is_revoked_once(stage: Stage) -> None:
    await signed_in(stage)
    ((session_id,),) = await stage.rows("SELECT id FROM sessions")
    command = RevokeSessions("one", session_id)
    results = await asyncio.gather(
        *(stage.database.write(revoke_sessions, command) for _ in range(5)), return_exceptions=True
    )
    assert sum(result == [session_id] for result in results) == 1
    with pytest.raises(Refusal, match="sessions list"):
        await stage.database.write(revoke_sessions, RevokeSessions("one", "nothing"))


async def test_a_list_of_users_counts_living_sessions_alone(stage: Stage) -> None:
    await stage.database.write(invite_user, "bob@example.com")
    await signed_in(stage)
    await signed_in(stage, key="tower")
    ((session_id,), _) = await stage.rows("SELECT id FROM sessions")
    await stage.database.write(revoke_sessions, RevokeSessions("one", session_id))
    found = await stage.database.read(users.list_all)
    assert [(each.user.address, each.user.state, each.sessions) for each in found] == [
        (ADA, "verified", 1),
        ("bob@example.com", "invited", 0),
    ]


async def test_a_mailbox_is_found_by_any_spelling_that_is_the_same_one(stage: Stage) -> None:
    await signed_in(stage)
    keys = stage.service.services.keys
    mailbox = keyed(keys.mailbox, email_address.parse("ADA@EXAMPLE.COM").canonical.encode())
    assert (await person(stage, " Ada@EXAMPLE.com ")).mailbox == mailbox
    assert base64url(mailbox) not in repr(await person(stage))
