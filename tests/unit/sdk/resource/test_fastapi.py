# SPDX-License-Identifier: Apache-2.0
"""The dependency in a real FastAPI application."""

from typing import Annotated

import httpx2
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request

from counterfoil_client.resource import Caller
from counterfoil_client.resource.fastapi import needs
from unit.sdk.resource.makers import API, FakeIssuer, good_headers, headers, make_proof, make_token

RESOURCE = FakeIssuer().resource()
STRICT = FakeIssuer().resource(require_nonce=True)


def application() -> FastAPI:
    app = FastAPI()

    @app.get("/notes")
    async def read_notes(
        request: Request, caller: Annotated[Caller, Depends(needs(RESOURCE, "notes:read"))]
    ) -> dict[str, str]:
        assert request.state.counterfoil is caller
        return {"subject": caller.subject}

    @app.get("/threads")
    def read_in_a_thread(caller: Annotated[Caller, Depends(needs(RESOURCE))]) -> dict[str, str]:
        return {"subject": caller.subject}

    @app.post("/notes", dependencies=[Depends(needs(RESOURCE, "notes:delete"))])
    async def delete_notes() -> None:
        raise AssertionError("nobody has this scope")

    @app.get("/secret", dependencies=[Depends(needs(RESOURCE, max_age=99))])
    async def read_secret() -> None:
        raise AssertionError("the sign-in was too long ago")

    @app.get("/strict", dependencies=[Depends(needs(STRICT))])
    async def strict() -> str:
        return "in"

    layers = APIRouter(prefix="/layers", dependencies=[Depends(needs(RESOURCE))])

    @layers.get("/{note}")
    async def layered(note: str, caller: Annotated[Caller, Depends(needs(RESOURCE, "notes:read"))]) -> dict[str, str]:
        return {"subject": caller.subject, "note": note}

    app.include_router(layers)
    mounted = FastAPI()
    mounted.include_router(layers)
    app.mount("/below", mounted)
    return app


@pytest.fixture
def client() -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(application()), base_url=API)


async def test_a_route_gets_its_caller(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/notes?page=2", headers=good_headers())
    assert answer.status_code == 200
    assert answer.json() == {"subject": "person-1"}
    assert "DPoP-Nonce" not in answer.headers


async def test_a_route_in_a_thread_gets_its_caller_too(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/threads", headers=good_headers(htu=f"{API}/threads"))
    assert answer.json() == {"subject": "person-1"}


async def test_without_a_token_the_challenge_says_what_to_send(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/notes")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'DPoP algs="ES256"'


async def test_a_bad_proof_names_its_error(client: httpx2.AsyncClient) -> None:
    token = make_token()
    answer = await client.get("/notes", headers=headers(token, make_proof(token, htm="POST")))
    assert answer.status_code == 401
    assert 'error="invalid_dpop_proof"' in answer.headers["WWW-Authenticate"]
    assert answer.json()["detail"]["error"] == "invalid_dpop_proof"
    assert token not in answer.text


async def test_a_replay_is_refused(client: httpx2.AsyncClient) -> None:
    lines = good_headers()
    assert (await client.get("/notes", headers=lines)).status_code == 200
    assert (await client.get("/notes", headers=lines)).status_code == 401


async def test_a_missing_scope_is_a_403(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/notes", headers=good_headers(htm="POST"))
    assert answer.status_code == 403
    assert 'scope="notes:delete"' in answer.headers["WWW-Authenticate"]


async def test_a_sign_in_too_long_ago_is_a_step_up(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/secret", headers=good_headers(htu=f"{API}/secret"))
    assert answer.status_code == 401
    assert 'max_age="99"' in answer.headers["WWW-Authenticate"]


async def test_a_nonce_is_asked_for_taken_and_renewed(client: httpx2.AsyncClient) -> None:
    first = await client.get("/strict", headers=good_headers(htu=f"{API}/strict"))
    assert first.status_code == 401
    nonce = first.headers["DPoP-Nonce"]
    second = await client.get("/strict", headers=good_headers(htu=f"{API}/strict", nonce=nonce))
    assert second.status_code == 200
    assert second.headers["DPoP-Nonce"]


@pytest.mark.parametrize("prefix", ["", "/below"])
async def test_dependencies_of_several_layers_check_one_request_once(client: httpx2.AsyncClient, prefix: str) -> None:
    path = f"{prefix}/layers/a%20b"
    answer = await client.get(path, headers=good_headers(htu=f"{API}{path}"))
    assert answer.json() == {"subject": "person-1", "note": "a b"}


async def test_the_document_of_the_api_can_still_be_made() -> None:
    assert "/notes" in application().openapi()["paths"]
