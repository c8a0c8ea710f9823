# SPDX-License-Identifier: Apache-2.0
"""Refresh tokens in the wrong hands, at the wrong application, made up, or in no shape at all (A22, R61, R68)."""

import pytest

from counterfoil_service.core.identifiers import base64url
from counterfoil_service.crypto.keys import digest, keyed
from support.http import TOKEN, nothing_written, post, primed, refused
from support.stage import Stage
from support.tokens import present, refresh_form, renew, session_events, sign_in


async def test_another_key_gets_nothing_changes_nothing_and_raises_an_alert(stage: Stage) -> None:
    """A22, R61, R68."""
    signed = await sign_in(stage)
    tables = ("sessions", "refresh_tokens", "users", "logins", "devices")
    before = [await stage.rows(f"SELECT * FROM {table}") for table in tables]  # noqa: S608 - our own names
    refused(await present(stage, signed.refresh, primed(stage)), 400, "invalid_grant")
    assert [await stage.rows(f"SELECT * FROM {table}") for table in tables] == before  # noqa: S608 - our own names
    alert = (await stage.events(signed.asked.login_id))[-1]
    assert (alert.event.name, alert.event.outcome, alert.event.reason) == (
        "session.key_mismatch",
        "failure",
        "other_key",
    )
    assert alert.event.fields == {"at": "token"}
    assert alert.personal is not None
    assert alert.personal["source"] == "192.0.2.10"
    await renew(stage, signed)


async def test_a_thief_with_a_used_token_and_another_key_does_not_even_end_the_session(sqlite_stage: Stage) -> None:
    signed = await sign_in(sqlite_stage)
    old = signed.refresh
    for _ in range(2):
        await renew(sqlite_stage, signed)
    refused(await present(sqlite_stage, old, primed(sqlite_stage)), 400, "invalid_grant")
    assert (await session_events(sqlite_stage, signed.session_id))[-1] == ("session.key_mismatch", "other_key")
    await renew(sqlite_stage, signed)


async def test_without_a_proof_or_with_a_bad_one_nothing_is_refreshed(sqlite_stage: Stage) -> None:
    signed = await sign_in(sqlite_stage)
    form = refresh_form(signed.refresh)
    spent = signed.device.proof(TOKEN)
    assert (await post(sqlite_stage, TOKEN, form, proof=spent)).status_code == 200
    async with nothing_written(sqlite_stage):
        refused(await post(sqlite_stage, TOKEN, form), 400, "invalid_dpop_proof")
        refused(await post(sqlite_stage, TOKEN, form, proof=signed.device.proof(TOKEN, nonce=None)), 400,
                "use_dpop_nonce")  # fmt: skip
        refused(await post(sqlite_stage, TOKEN, form, proof=spent), 400, "invalid_dpop_proof")
        sqlite_stage.proofs._current.clear()
        refused(await post(sqlite_stage, TOKEN, form, proof=spent), 400, "invalid_dpop_proof")


async def test_another_application_gets_nothing_and_writes_nothing(sqlite_stage: Stage) -> None:
    await sqlite_stage.add_application("other-app")
    signed = await sign_in(sqlite_stage)
    async with nothing_written(sqlite_stage):
        answer = await present(sqlite_stage, signed.refresh, signed.device, client_id="other-app")
        refused(answer, 400, "invalid_grant")
    await renew(sqlite_stage, signed)


async def test_a_sessions_id_is_no_secret_and_gives_no_power_over_it(stage: Stage) -> None:
    signed = await sign_in(stage)
    await renew(stage, signed)
    name = signed.session_id
    forged = [f"{name}.{'A' * 43}", f"{name}.", name, f"{name}.{'A' * 42}", f"{name}.{signed.refresh[-43:].swapcase()}",
              f"{name.lower()}.{signed.refresh[-43:]}", f"{signed.refresh}A", f" {signed.refresh}",
              f"{'0' * 26}.{signed.refresh[-43:]}"]  # fmt: skip
    async with nothing_written(stage):
        for token in forged:
            refused(await present(stage, token, signed.device), 400, "invalid_grant")
            refused(await present(stage, token, primed(stage)), 400, "invalid_grant")
    await renew(stage, signed)


@pytest.mark.parametrize("token", ["é" * 300, "\N{FULLWIDTH DIGIT ONE}.a", "x" * 15_000, "a.b.c", "." * 500, "\ud7ff"])
async def test_strange_texts_are_refused_like_any_other(sqlite_stage: Stage, token: str) -> None:
    device = primed(sqlite_stage)
    async with nothing_written(sqlite_stage):
        answer = await present(sqlite_stage, token, device)
        assert answer.status_code in {400, 413}
        assert answer.json()["error"] in {"invalid_grant", "request_too_large"}


async def test_a_refresh_needs_its_token_and_takes_no_nul(sqlite_stage: Stage) -> None:
    device = primed(sqlite_stage)
    async with nothing_written(sqlite_stage):
        for token in ("", "a\0b"):
            refused(await present(sqlite_stage, token, device), 400, "invalid_request")


async def test_who_reads_the_database_and_knows_a_used_token_cannot_compute_what_follows(sqlite_stage: Stage) -> None:
    signed = await sign_in(sqlite_stage)
    old = signed.refresh
    await renew(sqlite_stage, signed)
    hashes = [row[0] for row in await sqlite_stage.rows("SELECT token_hash FROM refresh_tokens")]
    guesses = [keyed(key, old.encode()) for key in (bytes(32), b"", *hashes)] + [digest(old), *hashes]
    async with nothing_written(sqlite_stage):
        for guess in guesses:
            token = f"{signed.session_id}.{base64url(guess)}"
            refused(await present(sqlite_stage, token, signed.device), 400, "invalid_grant")
    await renew(sqlite_stage, signed)
