# SPDX-License-Identifier: Apache-2.0
"""Applications with a secret: by header or by body, never both, and nothing for a wrong one (RFC 6749 §2.3)."""

import base64
from typing import Any
from urllib.parse import quote_plus

import httpx2
import pytest

from counterfoil_service.crypto.argon2 import hash_secret
from support.http import ASK, REVOKE, TOKEN, ask_form, nothing_written, poll_form, post, primed, refused
from support.stage import Stage

SECRET = "s3cret: with %, + and ü"


@pytest.fixture(scope="module")
def secret_hash() -> str:
    return hash_secret(SECRET)


@pytest.fixture
async def confidential(sqlite_stage: Stage, secret_hash: str) -> Stage:
    await sqlite_stage.add_application("back-end", secret_hash=secret_hash)
    return sqlite_stage


def basic(client_id: str, secret: str, *, encode: bool = True) -> str:
    """A Basic header as RFC 6749 §2.3.1 wants it."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}" if encode else f"{client_id}:{secret}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


async def _ask(stage: Stage, *, authorization: str | None = None, **fields: str | None) -> httpx2.Response:
    headers: dict[str, Any] = {} if authorization is None else {"authorization": authorization}
    return await post(stage, ASK, ask_form(**fields), proof=primed(stage).proof(ASK), **headers)


async def test_the_secret_may_come_in_the_header(confidential: Stage) -> None:
    header = basic("back-end", SECRET)
    assert (await _ask(confidential, authorization=header, client_id=None)).status_code == 200
    assert (await _ask(confidential, authorization=header, client_id="back-end")).status_code == 200
    assert (await _ask(confidential, authorization="bAsIc " + header[6:], client_id=None)).status_code == 200


async def test_the_secret_may_come_in_the_body(confidential: Stage) -> None:
    assert (await _ask(confidential, client_id="back-end", client_secret=SECRET)).status_code == 200


async def test_both_at_once_are_refused(confidential: Stage) -> None:
    async with nothing_written(confidential):
        header = basic("back-end", SECRET)
        for client_id in (None, "back-end"):
            response = await _ask(confidential, authorization=header, client_id=client_id, client_secret=SECRET)
            assert "one method" in refused(response, 400, "invalid_request")["error_description"]


async def test_header_and_body_may_not_name_two_applications(confidential: Stage) -> None:
    async with nothing_written(confidential):
        response = await _ask(confidential, authorization=basic("back-end", SECRET), client_id="desk-app")
        refused(response, 400, "invalid_request")


async def test_a_wrong_or_missing_secret_is_refused_with_the_way_to_authenticate(confidential: Stage) -> None:
    async with nothing_written(confidential):
        for response in (
            await _ask(confidential, client_id="back-end"),
            await _ask(confidential, client_id="back-end", client_secret=SECRET + " "),
            await _ask(confidential, authorization=basic("back-end", ""), client_id=None),
            await _ask(confidential, authorization=basic("back-end", "wrong"), client_id=None),
            await _ask(confidential, authorization=basic("nobody", SECRET), client_id=None),
        ):
            refused(response, 401, "invalid_client")
            assert response.headers["www-authenticate"].startswith("Basic realm=")


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic ",
        "Basic !!!!",
        "Basic \xe9\xe9\xe9\xe9",
        "Basic " + base64.b64encode(b"back-end").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(),
        "Basic " + base64.b64encode(b"%ff:secret").decode(),
        "Basic " + base64.b64encode(b"back-end\0:secret").decode(),
        "Bearer abc",
        "DPoP abc",
        "Basic " + "A" * 8000,
    ],
)
async def test_garbage_in_the_header_is_refused_and_no_error_of_ours(confidential: Stage, header: str) -> None:
    async with nothing_written(confidential):
        headers = {b"authorization": header.encode("latin-1"), b"dpop": primed(confidential).proof(ASK).encode()}
        form = ask_form(client_id=None)
        refused(await confidential.client.post(ASK, data=form, headers=headers), 401, "invalid_client")


async def test_a_public_application_has_no_secret_to_send(confidential: Stage) -> None:
    async with nothing_written(confidential):
        refused(await _ask(confidential, client_secret="x"), 401, "invalid_client")
        refused(await _ask(confidential, authorization=basic("desk-app", "x")), 401, "invalid_client")


@pytest.mark.parametrize("path", [ASK, TOKEN, REVOKE, "/oauth/introspect"])
async def test_nobody_calls_in_the_name_of_the_service_itself(sqlite_stage: Stage, path: str) -> None:
    """Its own pages are an application that takes logins without a key, under a name that people trust."""
    form = ask_form(client_id="counterfoil", grant_type="refresh_token", refresh_token="x", token="x")
    async with nothing_written(sqlite_stage):
        refused(await post(sqlite_stage, path, form), 401, "invalid_client")
        refused(await post(sqlite_stage, path, form, proof=primed(sqlite_stage).proof(path)), 401, "invalid_client")


async def test_the_secret_is_asked_for_at_every_endpoint(confidential: Stage) -> None:
    device = primed(confidential)
    asked = await confidential.start(device=device, client_id="back-end", client_secret=SECRET)
    await confidential.decide(await confidential.secret(), "approve", asked.user_code)
    async with nothing_written(confidential):
        for path, form in (
            (TOKEN, poll_form(asked, client_id="back-end")),
            (REVOKE, {"token": asked.device_code, "client_id": "back-end"}),
        ):
            refused(await device.post(confidential.client, path, form), 401, "invalid_client")
            refused(await device.post(confidential.client, path, form | {"client_secret": "x"}), 401, "invalid_client")
    response = await confidential.poll(asked, client_id="back-end", client_secret=SECRET)
    assert response.status_code == 200
    assert response.json()["token_type"] == "DPoP"


async def test_the_secret_opens_nobody_elses_login(confidential: Stage) -> None:
    asked = await confidential.approved()
    async with nothing_written(confidential):
        response = await confidential.poll(asked, client_id="back-end", client_secret=SECRET)
        refused(response, 400, "invalid_grant")


async def test_a_proof_is_still_needed_beside_the_secret(confidential: Stage) -> None:
    async with nothing_written(confidential):
        form = ask_form(client_id="back-end", client_secret=SECRET)
        refused(await post(confidential, ASK, form), 400, "invalid_dpop_proof")
