# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document is what the service does: every route is in it, and nothing else comes back than it says.

schemathesis makes the requests and judges the answers. Half of them hold what lives (a login, a token, a proof by the
right key), so that they get past the first door.
"""

import json
import re
import runpy
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
import requests
import schemathesis
from hypothesis import given
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from support.fuzzing import ROOMY, SHOP, SHOP_SECRET, STATES, Living, Tally, World, examples, living, populate
from support.mail_reports import Secrets, standard_headers
from support.stage import OpenStage
from support.tokens import ath

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
DOCUMENT = json.loads((REFERENCE / "openapi.json").read_text("utf-8"))
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
ENDLESS = "/audit/stream"
"""Its answer never ends; test_audit_stream reads it."""
OPERATIONS: dict[str, Any] = {
    result.ok().label: result.ok()
    for result in SCHEMA.get_all_operations()
    if isinstance(result, Ok) and result.ok().path != ENDLESS
}
FOR_PEOPLE = re.compile(r"/(account|console|sign-in|signed-out|oauth/authorize|\.counterfoil)(/|$)")
"""Pages, which change; tests of their own hold them."""
CHECKS: Any = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
FORM = "application/x-www-form-urlencoded"
OPTIONAL = {"client_secret", "scope", "resource", "device_fingerprint", "redirect_uri", "state", "code_challenge",
            "code_challenge_method"}  # fmt: skip
TAKEN = {"method", "url", "headers", "params", "data", "json", "cookies"}
NEEDS_TOKEN = re.compile("/me/|userinfo|introspect|/n")
load_all_checks()


@pytest.fixture
async def world(open_stage: OpenStage, sqlite_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """One that lives as long as all examples of one operation."""
    secrets = Secrets()
    async with open_stage(sqlite_url, tmp_path, budgets=ROOMY, mail_webhooks=secrets.webhooks) as stage:
        yield await populate(stage, secrets)


async def send(world: World, case: Any, known: Living | None, client_id: str, plain: bool) -> httpx2.Response:  # noqa: FBT001 - a draw
    """The case as schemathesis means it; where something is known with its values, `plain` without optional fields."""
    if known is not None:
        _put(case, known, client_id, plain=plain)
    kwargs = case.as_transport_kwargs(base_url=world.stage.issuer)
    prepared = requests.Request(**{name: kwargs[name] for name in kwargs if name in TAKEN}).prepare()
    method, path, body = prepared.method or "", prepared.path_url.partition("?")[0], _octets(prepared.body or b"")
    headers = [(name.lower(), _octets(value)) for name, value in prepared.headers.items()]
    kept = [(name, value) for name, value in headers if name not in {"content-length", "cookie", "prefer"}]
    if known is not None:
        kept = [pair for pair in kept if pair[0] not in {"dpop", "authorization"}]
        kept += _signed(world, body) if path == "/hooks/mail/hook" else _proven(world, method, path, known)
    # A poll would else be held for as long as it asks for, on a real clock.
    kept.append(("prefer", b"wait=0"))
    sent = [(name.encode(), value) for name, value in kept]
    request = world.stage.client.build_request(method, prepared.url or "", headers=sent, content=body)
    return await world.stage.client.send(request)


def _octets(text: Any) -> bytes:
    return text if isinstance(text, bytes) else str(text).encode("utf-8", "replace")


def _put(case: Any, known: Living, client_id: str, *, plain: bool) -> None:
    if isinstance(case.body, dict) and plain:
        for name in OPTIONAL & case.body.keys():
            del case.body[name]
    for container in (case.body, case.path_parameters):
        if isinstance(container, dict):
            for name in container:
                own = "notice" if name == "secret" and case.operation.path.startswith("/n") else name
                value = client_id if name == "client_id" else known.value(own)
                if value is not None:
                    container[name] = value


def _signed(world: World, body: bytes) -> list[tuple[str, bytes]]:
    """The headers of the provider itself, whatever it says."""
    now = world.stage.clock()
    headers = standard_headers(world.secrets.hook, body, f"event-{now}", now, "webhook")
    return [(name, value.encode()) for name, value in headers.items() if name != "content-type"]


def _proven(world: World, method: str, path: str, known: Living) -> list[tuple[str, bytes]]:
    """The headers of somebody who may call this."""
    if path.startswith(("/audit/", "/log/")):
        return [("authorization", f"Bearer {world.auditor.token}".encode())]
    if path == "/oauth/introspect":
        return [("authorization", b"Basic " + b64encode(f"{SHOP}:{quote(SHOP_SECRET)}".encode()))]
    if path.startswith("/me/") or path == "/oauth/userinfo":
        proof = known.device.proof(path, method=method, ath=ath(known.access_token))
        return [("authorization", f"DPoP {known.access_token}".encode()), ("dpop", proof.encode())]
    return [("dpop", known.device.proof(path, method=method).encode())]


@examples(80)
@given(data=st.data())
async def test_nothing_else_comes_back_than_the_document_says(world: World, tally: Tally, data: st.DataObject) -> None:
    label = data.draw(st.sampled_from(sorted(OPERATIONS)))
    mode = data.draw(st.sampled_from([GenerationMode.POSITIVE, GenerationMode.POSITIVE, GenerationMode.NEGATIVE]))
    case = data.draw(OPERATIONS[label].as_strategy(generation_mode=mode))
    state = data.draw(st.sampled_from([None, *STATES]))
    client_id = data.draw(st.sampled_from(["home-app", "home-app", "home-app", "open-app", SHOP]))
    if state is not None and NEEDS_TOKEN.search(label):
        state, client_id = "signed_in", SHOP if "introspect" in label else client_id
    known = None if state is None else await living(world.stage, state)
    response = await send(world, case, known, client_id, data.draw(st.booleans()))
    tally[f"{label} {response.status_code}"] += 1
    case.validate_response(response, checks=CHECKS)


async def test_every_route_for_programs_is_documented_and_nothing_else(world: World) -> None:
    app: Any = world.stage.service.app
    routed = {re.sub(r":[a-z]+\}", "}", route.path) for route in app.routes}
    assert {path for path in routed if not FOR_PEOPLE.match(path)} == set(DOCUMENT["paths"])


def test_the_document_is_what_the_script_writes() -> None:
    script = runpy.run_path(str(REFERENCE / "openapi.py"))
    assert (REFERENCE / "openapi.json").read_text("utf-8") == script["text"](), "run: python docs/reference/openapi.py"
