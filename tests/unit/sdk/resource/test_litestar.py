# SPDX-License-Identifier: Apache-2.0
"""The guard and the dependency in a real Litestar application."""

from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar, Router, WebSocket, get, post, websocket
from litestar.di import NamedDependency
from litestar.exceptions import WebSocketDisconnect
from litestar.params import FromPath
from litestar.testing import TestClient

from counterfoil_client.resource import Caller
from counterfoil_client.resource.litestar import guard, provide_caller
from unit.sdk.resource.makers import API, FakeIssuer, good_headers, headers, make_proof, make_token

RESOURCE = FakeIssuer().resource()
STRICT = FakeIssuer().resource(require_nonce=True)


@get("/notes", guards=[guard(RESOURCE, "notes:read")])
async def read_notes(caller: NamedDependency[Caller]) -> dict[str, str]:
    return {"subject": caller.subject}


@post("/notes", guards=[guard(RESOURCE, "notes:delete")])
async def delete_notes() -> None:
    raise AssertionError("nobody has this scope")


@get("/secret", guards=[guard(RESOURCE, max_age=99)])
async def read_secret() -> None:
    raise AssertionError("the sign-in was too long ago")


@get("/forgotten")
async def forgotten(caller: NamedDependency[Caller]) -> str:
    raise AssertionError(caller)


@get("/strict", guards=[guard(STRICT)])
async def strict() -> str:
    return "in"


@get("/layers/{note:str}", guards=[guard(RESOURCE, "notes:read")])
async def layered(caller: NamedDependency[Caller], note: FromPath[str]) -> dict[str, str]:
    return {"subject": caller.subject, "note": note}


@websocket("/live", guards=[guard(RESOURCE)])
async def live(socket: WebSocket[Any, Any, Any]) -> None:
    raise AssertionError(socket)


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient[Litestar]]:
    layers = Router("/", route_handlers=[layered], guards=[guard(RESOURCE)])
    routes: list[Any] = [read_notes, delete_notes, read_secret, forgotten, strict, layers, live]
    app = Litestar(routes, dependencies={"caller": provide_caller})
    with TestClient(app, base_url=API) as opened:
        yield opened


def test_a_guarded_handler_gets_its_caller(client: TestClient[Litestar]) -> None:
    answer = client.get("/notes?page=2", headers=good_headers())
    assert answer.status_code == 200
    assert answer.json() == {"subject": "person-1"}


def test_without_a_token_the_challenge_says_what_to_send(client: TestClient[Litestar]) -> None:
    answer = client.get("/notes")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'DPoP algs="ES256"'


def test_a_bad_proof_names_its_error(client: TestClient[Litestar]) -> None:
    token = make_token()
    answer = client.get("/notes", headers=headers(token, make_proof(token, htm="POST")))
    assert answer.status_code == 401
    assert 'error="invalid_dpop_proof"' in answer.headers["WWW-Authenticate"]
    assert answer.json()["extra"]["error"] == "invalid_dpop_proof"
    assert token not in answer.text


def test_a_replay_is_refused(client: TestClient[Litestar]) -> None:
    lines = good_headers()
    assert client.get("/notes", headers=lines).status_code == 200
    assert client.get("/notes", headers=lines).status_code == 401


def test_a_missing_scope_is_a_403(client: TestClient[Litestar]) -> None:
    answer = client.post("/notes", headers=good_headers(htm="POST"))
    assert answer.status_code == 403
    assert 'scope="notes:delete"' in answer.headers["WWW-Authenticate"]


def test_a_sign_in_too_long_ago_is_a_step_up(client: TestClient[Litestar]) -> None:
    answer = client.get("/secret", headers=good_headers(htu=f"{API}/secret"))
    assert answer.status_code == 401
    assert 'error="insufficient_user_authentication"' in answer.headers["WWW-Authenticate"]
    assert 'max_age="99"' in answer.headers["WWW-Authenticate"]


def test_a_nonce_is_asked_for_and_then_taken(client: TestClient[Litestar]) -> None:
    first = client.get("/strict", headers=good_headers(htu=f"{API}/strict"))
    assert first.status_code == 401
    nonce = first.headers["DPoP-Nonce"]
    assert client.get("/strict", headers=good_headers(htu=f"{API}/strict", nonce=nonce)).status_code == 200


def test_guards_of_several_layers_check_one_request_once(client: TestClient[Litestar]) -> None:
    answer = client.get("/layers/a%20b", headers=good_headers(htu=f"{API}/layers/a%20b"))
    assert answer.json() == {"subject": "person-1", "note": "a b"}


def test_a_handler_that_somebody_forgot_to_guard_answers_nobody(client: TestClient[Litestar]) -> None:
    assert client.get("/forgotten", headers=good_headers(htu=f"{API}/forgotten")).status_code == 500


def test_a_websocket_does_not_get_past(client: TestClient[Litestar]) -> None:
    with pytest.raises(WebSocketDisconnect) as caught, client.websocket_connect("/live", headers=dict(good_headers())):
        raise AssertionError("it was let in")
    assert "Only HTTP" in caught.value.detail
