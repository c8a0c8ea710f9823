# SPDX-License-Identifier: Apache-2.0
"""Asking for a link: one transaction for login, mail and events, and refusals that leave nothing [R47]."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.evidence import Evidence, decoded
from counterfoil_service.crypto.keys import CannotUnseal, digest, keyed, unseal
from counterfoil_service.db import audit, outbox
from counterfoil_service.operations.start_login import start_login
from support import acting
from support.stage import Stage

VERBS: dict[str, Callable[[Stage, acting.Begun], Awaitable[object]]] = {
    "approve": acting.approve,
    "reject": acting.reject,
    "lock": acting.miss,
}


async def refused(stage: Stage, **request: Any) -> Refusal:
    before = await acting.snapshot(stage)
    with pytest.raises(Refusal) as caught:
        await acting.ask(stage, **request)
    assert await acting.snapshot(stage) == before
    return caught.value


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"application_id": "nobody"}, ErrorCode.INVALID_CLIENT),
        ({"key": None}, ErrorCode.INVALID_DPOP_PROOF),
        ({"scope": "admin"}, ErrorCode.INVALID_SCOPE),
        ({"scope": "email admin"}, ErrorCode.INVALID_SCOPE),
        ({"resource": "https://evil.example"}, ErrorCode.INVALID_REQUEST),
        ({"application_id": "careful"}, ErrorCode.INVALID_REQUEST),
    ],
)
async def test_a_refusal_writes_no_row_at_all(stage: Stage, request_: dict[str, Any], code: ErrorCode) -> None:
    await stage.add_application("careful", fingerprint="required")
    assert (await refused(stage, **request_)).code is code


async def test_a_spent_proof_is_refused_and_the_login_it_made_stays_open(stage: Stage) -> None:
    command = acting.command()
    await stage.database.write(start_login, command)
    stage.clock.advance(61)
    before = await acting.snapshot(stage)
    with pytest.raises(Refusal) as caught:
        await stage.database.write(start_login, command)
    assert caught.value.code is ErrorCode.INVALID_DPOP_PROOF
    assert await acting.snapshot(stage) == before


@pytest.mark.parametrize("module", [outbox, audit])
async def test_a_failure_half_way_leaves_neither_login_nor_mail(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, module: Any
) -> None:
    async def fail(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("power cut")

    open_before = await acting.ask(stage, key="laptop")
    stage.clock.advance(61)
    before = await acting.snapshot(stage)
    with monkeypatch.context() as patch:
        patch.setattr(module, "add" if module is outbox else "append", fail)
        with pytest.raises(RuntimeError, match="power cut"):
            await acting.ask(stage, key="laptop")
    assert await acting.snapshot(stage) == before
    assert (await acting.stored(stage, open_before)).state == "pending"


async def test_the_database_holds_hashes_and_seals_of_its_secrets_and_nothing_else(stage: Stage) -> None:
    begun = await acting.ask(stage)
    keys = stage.service.services.keys
    row = await acting.stored(stage, begun)
    assert row.device_code_hash == digest(begun.device_code)
    assert row.link_hash == digest(begun.secret)
    assert row.user_code_hash == keyed(keys.user_code, begun.login_id.encode(), begun.code.encode())
    shown = repr(await acting.snapshot(stage))
    for secret in (begun.device_code, begun.secret, begun.code, f"{begun.code[:3]}-{begun.code[3:]}"):
        assert secret not in shown
    assert digest(begun.code) not in [row.user_code_hash, row.link_hash]


async def test_no_stored_value_works_as_a_link_or_a_device_code(stage: Stage) -> None:
    begun = await acting.ask(stage)
    row = await acting.stored(stage, begun)
    for value in (row.link_hash.hex(), row.device_code_hash.hex(), row.id, begun.device_code):
        assert (await stage.open(value)).status_code == 410
    for value in (row.link_hash.hex(), row.device_code_hash.hex(), row.id, begun.secret):
        asked = acting.Begun(row.id, value, begun.code, begun.secret, begun.jkt)
        before = await acting.snapshot(stage)
        await acting.cancel(stage, asked)
        assert await acting.snapshot(stage) == before


async def test_the_sealed_secret_of_one_mail_opens_for_no_other(stage: Stage) -> None:
    await acting.ask(stage, "ada@example.com", "a")
    await acting.ask(stage, "bob@example.com", "b")
    (first, one), (second, two) = await stage.rows("SELECT id, sealed_secret FROM outbox ORDER BY id")
    key = stage.service.services.keys.seal_outbox
    for mail_id, sealed in ((first, two), (second, one)):
        with pytest.raises(CannotUnseal):
            unseal(key, sealed, associated=mail_id.encode())


async def test_codes_of_two_logins_with_the_same_letters_are_stored_differently(stage: Stage) -> None:
    keys = stage.service.services.keys
    stored = {keyed(keys.user_code, login_id.encode(), b"BCDFGH") for login_id in ("one", "two")}
    assert len(stored) == 2


async def test_a_known_persons_mail_goes_to_the_address_that_was_verified(stage: Stage) -> None:
    await acting.add_user(stage, "Ada@example.com")
    await acting.ask(stage, "aDA@EXAMPLE.com")
    assert await stage.rows("SELECT recipient FROM outbox") == [("Ada@example.com",)]
    assert await stage.rows("SELECT address FROM logins") == [("Ada@example.com",)]


async def test_a_fingerprint_is_kept_only_where_the_application_wants_one(stage: Stage) -> None:
    await stage.add_application("careless", fingerprint="off")
    evidence = Evidence("f" * 43, {"os": "o" * 22})
    kept = await acting.ask(stage, key="a", evidence=evidence)
    dropped = await acting.ask(stage, "bob@example.com", "b", evidence=evidence, application_id="careless")
    assert decoded((await acting.stored(stage, kept)).fingerprint) == evidence
    assert (await acting.stored(stage, dropped)).fingerprint is None


async def test_a_login_without_a_key_supersedes_nothing(stage: Stage) -> None:
    await stage.add_application("keyless", dpop="optional")
    begun = [await acting.ask(stage, key=None, application_id="keyless") for _ in range(3)]
    assert {(await acting.stored(stage, each)).state for each in begun} == {"pending"}


async def test_a_login_whose_time_had_passed_becomes_expired_and_not_superseded(stage: Stage) -> None:
    old = await acting.ask(stage)
    stage.clock.advance(600)
    await acting.ask(stage)
    assert (await acting.stored(stage, old)).state == "expired"
    assert (await stage.names(old.login_id))[-1] == "login.expired"
    await stage.sweep()
    assert (await stage.names(old.login_id)).count("login.expired") == 1


async def test_an_approved_login_is_superseded_too(stage: Stage) -> None:
    old = await acting.ask(stage)
    await acting.approve(stage, old)
    stage.clock.advance(60)
    await acting.ask(stage)
    assert (await acting.stored(stage, old)).state == "cancelled"
    assert await acting.collect_or_code(stage, old) is ErrorCode.INVALID_GRANT
    assert (await stage.names(old.login_id))[-1] == "login.superseded"


async def test_whoever_is_superseded_is_woken(stage: Stage) -> None:
    old = await acting.ask(stage)
    stage.clock.advance(60)
    with stage.service.services.hub.waiting(old.login_id) as woken:
        await acting.ask(stage)
        await _until_set(woken)


async def _until_set(woken: Any) -> None:
    async with asyncio.timeout(10):
        assert not await woken.rest(asyncio.Event().wait, 60)


@pytest.mark.parametrize("verb", ["approve", "reject", "cancel", "lock"])
async def test_every_change_of_state_wakes_the_held_poll(stage: Stage, verb: str) -> None:
    begun = await acting.ask(stage)
    if verb == "lock":
        for _ in range(2):
            await acting.miss(stage, begun)
    with stage.service.services.hub.waiting(begun.login_id) as woken:
        if verb == "cancel":
            await acting.cancel(stage, begun)
        else:
            await VERBS[verb](stage, begun)
        await _until_set(woken)


async def test_an_opening_and_a_miss_wake_nobody_and_change_nothing(stage: Stage) -> None:
    begun = await acting.ask(stage)
    before = await acting.stored(stage, begun)
    for method in ("GET", "HEAD"):
        assert (await stage.open(begun.secret, method)).status_code == 200
    assert await acting.stored(stage, begun) == before
    assert [event.event.fields for event in (await stage.events(begun.login_id))[2:]] == [
        {"method": "GET", "nearness": "same_network"},
        {"method": "HEAD", "nearness": "same_network"},
    ]
