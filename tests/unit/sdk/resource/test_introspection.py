# SPDX-License-Identifier: Apache-2.0
"""Asking the issuer: a revoked token ends at once, and no answer means no."""

import base64
from typing import Any
from urllib.parse import parse_qs

import httpx2
import pytest

from counterfoil_client.errors import ConfigurationError
from counterfoil_client.resource import Introspection, NotAuthorized
from unit.sdk.resource.makers import (
    DEVICE,
    THIEF,
    FakeIssuer,
    StillClock,
    good_headers,
    headers,
    make_proof,
    make_token,
    thumbprint,
)

PATH = "/oauth/introspect"
ASKING = Introspection("notes-api", "secret: with/odd+letters")


@pytest.fixture
def issuer() -> FakeIssuer:
    return FakeIssuer()


def refusal(issuer: FakeIssuer, **changes: Any) -> NotAuthorized:
    resource = issuer.resource(**{"introspection": ASKING, **changes})
    with pytest.raises(NotAuthorized) as caught:
        resource.check("GET", "/notes", good_headers())
    return caught.value


def test_an_active_token_passes_and_is_asked_about_each_time(issuer: FakeIssuer) -> None:
    resource = issuer.resource(introspection=ASKING)
    for _ in range(3):
        assert resource.check("GET", "/notes", good_headers()).subject == "person-1"
    assert issuer.calls.count(PATH) == 3


async def test_tasks_ask_as_threads_do(issuer: FakeIssuer) -> None:
    resource = issuer.resource(introspection=ASKING)
    assert (await resource.acheck("GET", "/notes", good_headers())).subject == "person-1"
    issuer.introspected = {"active": False}
    with pytest.raises(NotAuthorized) as caught:
        await resource.acheck("GET", "/notes", good_headers())
    assert caught.value.error == "invalid_token"
    issuer.down = True
    with pytest.raises(NotAuthorized) as caught:
        await resource.acheck("GET", "/notes", good_headers())
    assert caught.value.status == 503
    assert issuer.calls.count(PATH) == 3


def test_the_question_is_that_of_the_standard(issuer: FakeIssuer) -> None:
    token = make_token()
    issuer.resource(introspection=ASKING).check("GET", "/notes", good_headers(token))
    request = issuer.requests[-1]
    assert (request.method, str(request.url)) == ("POST", f"https://id.example{PATH}")
    assert parse_qs(request.content.decode()) == {"token": [token], "token_type_hint": ["access_token"]}
    scheme, _, pair = request.headers["Authorization"].partition(" ")
    assert scheme == "Basic"
    assert base64.b64decode(pair) == b"notes-api:secret%3A+with%2Fodd%2Bletters"


def test_an_ended_token_is_refused_at_once(issuer: FakeIssuer) -> None:
    issuer.introspected = {"active": False}
    error = refusal(issuer)
    assert (error.status, error.error) == (401, "invalid_token")
    assert "ended" in error.description


def test_a_token_that_is_bad_by_itself_is_not_asked_about(issuer: FakeIssuer) -> None:
    resource = issuer.resource(introspection=ASKING)
    token = make_token()
    for lines in (headers(token), headers(token, make_proof(token, key=THIEF)), good_headers(make_token(aud="x"))):
        with pytest.raises(NotAuthorized):
            resource.check("GET", "/notes", lines)
    assert PATH not in issuer.calls


@pytest.mark.parametrize(
    "answer",
    [
        {"active": True, "sub": "somebody-else"},
        {"active": True, "client_id": "another"},
        {"active": True, "cnf": {"jkt": thumbprint(THIEF)}},
    ],
)
def test_a_yes_about_another_token_is_a_no(issuer: FakeIssuer, answer: dict[str, Any]) -> None:
    issuer.introspected = answer
    assert refusal(issuer).error == "invalid_token"


def test_a_full_answer_that_agrees_passes(issuer: FakeIssuer) -> None:
    issuer.introspected = {
        "active": True,
        "sub": "person-1",
        "client_id": "desktop",
        "cnf": {"jkt": thumbprint(DEVICE)},
        "token_type": "DPoP",
        "exp": 1,
    }
    assert issuer.resource(introspection=ASKING).check("GET", "/notes", good_headers()).subject


@pytest.mark.parametrize(
    "answer", [{}, {"active": None}, {"active": "true"}, {"active": 1}, [], None, {"active": True, "cnf": "x"}]
)
def test_an_answer_that_is_not_yes_or_no_lets_nobody_in(issuer: FakeIssuer, answer: Any) -> None:
    issuer.introspected = answer
    assert refusal(issuer).status == 503


@pytest.mark.parametrize("status", [204, 301, 302, 307, 400, 401, 403, 404, 429, 500, 503])
def test_no_answer_lets_nobody_in(issuer: FakeIssuer, status: int, caplog: pytest.LogCaptureFixture) -> None:
    issuer.status[PATH] = status
    error = refusal(issuer)
    assert (error.status, error.error) == (503, "temporarily_unavailable")
    assert str(status) in caplog.text
    assert "secret" not in caplog.text + repr(error)


def test_a_service_that_cannot_be_reached_lets_nobody_in(issuer: FakeIssuer) -> None:
    resource = issuer.resource(introspection=ASKING)
    assert resource.check("GET", "/notes", good_headers()).subject
    issuer.down = True
    with pytest.raises(NotAuthorized) as caught:
        resource.check("GET", "/notes", good_headers())
    assert caught.value.status == 503


def test_a_service_without_the_endpoint_lets_nobody_in_and_says_why_in_the_log(
    issuer: FakeIssuer, caplog: pytest.LogCaptureFixture
) -> None:
    del issuer.metadata["introspection_endpoint"]
    assert refusal(issuer).status == 503
    assert "introspection_endpoint" in caplog.text


def test_a_yes_is_kept_as_long_as_configured_and_for_this_token_alone(issuer: FakeIssuer) -> None:
    clock = StillClock()
    resource = issuer.resource(clock, introspection=Introspection("notes-api", "s", cache_for=5))
    token = make_token()

    def ask(about: str) -> None:
        resource.check("GET", "/notes", good_headers(about))

    for seconds, questions in ((0, 1), (4, 1), (1, 2), (4, 2)):
        clock.pass_by(seconds)
        ask(token)
        assert issuer.calls.count(PATH) == questions
    ask(make_token(jti="token-2"))
    assert issuer.calls.count(PATH) == 3


def test_a_no_is_not_kept_and_a_kept_yes_still_needs_a_fresh_proof(issuer: FakeIssuer) -> None:
    resource = issuer.resource(introspection=Introspection("notes-api", "s", cache_for=5))
    lines = good_headers()
    issuer.introspected = {"active": False}
    for _ in range(2):
        with pytest.raises(NotAuthorized):
            resource.check("GET", "/notes", good_headers())
    assert issuer.calls.count(PATH) == 2
    issuer.introspected = {"active": True}
    assert resource.check("GET", "/notes", lines).subject
    with pytest.raises(NotAuthorized) as caught:
        resource.check("GET", "/notes", lines)
    assert caught.value.error == "invalid_dpop_proof"


@pytest.mark.parametrize(
    "changes",
    [{"client_id": ""}, {"client_secret": ""}, {"cache_for": -1}, {"cache_for": 11}, {"cache_for": float("nan")}],
)
def test_settings_that_could_never_hold_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        Introspection(**{"client_id": "a", "client_secret": "b", **changes})


def test_the_secret_is_not_shown() -> None:
    assert "odd" not in repr(ASKING)


def test_a_redirect_does_not_carry_the_secret_away(issuer: FakeIssuer) -> None:
    issuer.status[PATH] = 307
    issuer.headers["Location"] = "https://evil.example/"
    http = httpx2.Client(transport=httpx2.MockTransport(issuer.answer), follow_redirects=True)
    assert refusal(issuer, http=http).status == 503
    assert {request.url.host for request in issuer.requests} == {"id.example"}
