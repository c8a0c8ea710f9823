# SPDX-License-Identifier: Apache-2.0
"""Refreshing and revoking as lists of what they ask of the world."""

from datetime import timedelta
from typing import Any

import pytest

from counterfoil_client import _flows
from counterfoil_client._effects import Response, Wait
from counterfoil_client._flows.granted import opened_session
from counterfoil_client._session_state import SessionState
from counterfoil_client._wire import TokenGranted, decode
from counterfoil_client.errors import (
    CounterfoilError,
    RateLimited,
    ServiceRefused,
    ServiceUnreachable,
    SessionEnded,
    UnexpectedResponse,
)
from counterfoil_client.session import state_of
from counterfoil_client.stores import StoredSession
from unit.sdk.stage import (
    KEY,
    NOON,
    OFFLINE,
    REVOKE,
    TOKENS,
    Answer,
    Clock,
    Play,
    Sent,
    a_channel,
    claims_of,
    nonce,
    refusal,
    reply,
)

TOKEN = Sent("/oauth/token")
NEXT = {**TOKENS, "access_token": "next-access-secret", "refresh_token": "next-refresh-secret"}
HELD = StoredSession(
    access_token="old-access-secret",
    refresh_token="old-refresh-secret",
    subject="person-1",
    expires_at=NOON,
    refresh_at=NOON,
    scope="email",
    session_id="01JSESSION",
    generation=4,
)


def refresh(
    *script: Answer, tries: int = 3, held: StoredSession = HELD, fingerprint: str | None = None
) -> tuple[StoredSession, Play]:
    clock = Clock()
    play = Play(clock, script)
    state = SessionState(held, KEY)
    return play.run(_flows.refresh_session(a_channel(clock), state, tries=tries, fingerprint=fingerprint)), play


def revoke(*script: Answer, held: StoredSession = HELD) -> Play:
    clock = Clock()
    play = Play(clock, script)
    play.run(_flows.revoke_session(a_channel(clock), SessionState(held, KEY)))
    return play


def without_refresh_token() -> StoredSession:
    return StoredSession(**{**{name: getattr(HELD, name) for name in HELD.__struct_fields__}, "refresh_token": None})


def test_a_pair_is_asked_for_with_the_old_token_and_a_proof() -> None:
    pair, play = refresh(reply(200, NEXT))
    (request,) = play.requests
    assert dict(request.form) == {
        "grant_type": "refresh_token",
        "client_id": "desktop",
        "refresh_token": "old-refresh-secret",
    }
    assert claims_of(request)["htu"] == "https://id.example/oauth/token"
    assert (pair.access_token, pair.refresh_token) == ("next-access-secret", "next-refresh-secret")
    assert (pair.generation, pair.expires_at) == (5, NOON + timedelta(seconds=300))
    assert pair.follows(HELD)
    assert not HELD.follows(pair)


def test_the_fingerprint_of_now_is_sent_with_each_try() -> None:
    _, play = refresh(OFFLINE, reply(200, NEXT), fingerprint="fingerprint")
    assert [dict(request.form)["device_fingerprint"] for request in play.requests] == ["fingerprint"] * 2


@pytest.mark.parametrize(
    ("life", "ahead"), [(300, 30), (3600, 30), (86_400, 30), (100, 10), (10, 1), (1, 0.1)], ids=str
)
def test_it_is_due_before_it_ends_by_a_tenth_of_its_life_and_30_seconds_at_most(life: int, ahead: float) -> None:
    pair, _ = refresh(reply(200, {**NEXT, "expires_in": life}))
    assert pair.expires_at - pair.refresh_at == timedelta(seconds=ahead)


def test_a_service_that_does_not_rotate_leaves_the_token_as_it_is() -> None:
    pair, _ = refresh(reply(200, {name: value for name, value in NEXT.items() if name != "refresh_token"}))
    assert pair.refresh_token == "old-refresh-secret"


@pytest.mark.parametrize("lost", [OFFLINE, reply(503, b""), reply(500, {"error": "server_error"})], ids=repr)
def test_a_lost_answer_is_asked_for_again_with_the_same_token_and_another_proof(lost: Answer) -> None:
    pair, play = refresh(lost, lost, reply(200, NEXT))
    assert play.effects == [TOKEN, Wait(1), TOKEN, Wait(2), TOKEN]
    assert pair.access_token == "next-access-secret"
    assert {dict(request.form)["refresh_token"] for request in play.requests} == {"old-refresh-secret"}
    assert len({claims_of(request)["jti"] for request in play.requests}) == 3


def test_a_newer_nonce_is_used_at_once() -> None:
    _, play = refresh(nonce("n1"), reply(200, NEXT))
    assert play.effects == [TOKEN, TOKEN]
    assert claims_of(play.requests[1])["nonce"] == "n1"


@pytest.mark.parametrize("tries", [1, 3])
def test_no_answer_at_all_is_unreachable(tries: int) -> None:
    with pytest.raises(ServiceUnreachable):
        refresh(*[OFFLINE] * tries, tries=tries)


def test_only_invalid_grant_ends_a_session() -> None:
    with pytest.raises(SessionEnded):
        refresh(refusal("invalid_grant"))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refusal("invalid_grant", status=401), ServiceRefused),
        (refusal("invalid_client", status=401), ServiceRefused),
        (refusal("invalid_dpop_proof"), ServiceRefused),
        (refusal("access_denied"), ServiceRefused),
        (reply(429, b""), RateLimited),
        (reply(404, b"<h1>hotel</h1>"), UnexpectedResponse),
        (reply(302, b""), UnexpectedResponse),
        (reply(200, b"{}"), UnexpectedResponse),
        (reply(200, {**NEXT, "token_type": "Bearer"}), UnexpectedResponse),
        (reply(200, {**NEXT, "session_id": "another"}), UnexpectedResponse),
        (reply(200, {**NEXT, "sub": "somebody-else"}), UnexpectedResponse),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_everything_else_is_trouble_and_no_end(answer: Response, error: type[CounterfoilError]) -> None:
    with pytest.raises(error) as caught:
        refresh(answer)
    assert type(caught.value) is error
    assert "secret" not in str(caught.value)


def test_a_description_that_repeats_the_token_is_cleaned() -> None:
    with pytest.raises(ServiceRefused) as caught:
        refresh(reply(400, {"error": "invalid_request", "error_description": "bad old-refresh-secret"}))
    assert "secret" not in str(caught.value) + caught.value.description


def test_a_session_without_a_refresh_token_is_over_and_nobody_is_asked() -> None:
    with pytest.raises(SessionEnded):
        refresh(held=without_refresh_token())


def test_signing_out_revokes_the_refresh_token_with_a_proof() -> None:
    play = revoke(reply(200, b""))
    assert play.effects == [REVOKE]
    assert dict(play.requests[0].form) == {
        "client_id": "desktop",
        "token": "old-refresh-secret",
        "token_type_hint": "refresh_token",
    }
    assert claims_of(play.requests[0])["htu"] == "https://id.example/oauth/revoke"


def test_signing_out_without_a_refresh_token_revokes_the_other() -> None:
    form = dict(revoke(reply(200, b""), held=without_refresh_token()).requests[0].form)
    assert (form["token"], form["token_type_hint"]) == ("old-access-secret", "access_token")


def test_signing_out_is_tried_three_times() -> None:
    assert revoke(OFFLINE, reply(503, b""), reply(200, b"")).effects == [REVOKE, Wait(1), REVOKE, Wait(2), REVOKE]
    with pytest.raises(ServiceUnreachable):
        revoke(OFFLINE, OFFLINE, OFFLINE)


@pytest.mark.parametrize("answer", [refusal("invalid_client", status=401), refusal("invalid_dpop_proof")])
def test_a_refusal_to_revoke_is_told_without_the_token(answer: Response) -> None:
    with pytest.raises(ServiceRefused) as caught:
        revoke(answer)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("kind", ["Bearer", "bearer", "MAC", ""])
def test_a_token_that_is_not_bound_to_the_key_opens_no_session(kind: str) -> None:
    granted: Any = decode(reply(200, {**TOKENS, "token_type": kind}), TokenGranted)
    with pytest.raises(UnexpectedResponse, match="not bound"):
        opened_session(a_channel(Clock()), KEY, granted)


def test_the_token_type_is_compared_without_case() -> None:
    granted: Any = decode(reply(200, {**TOKENS, "token_type": "dpop"}), TokenGranted)
    assert state_of(opened_session(a_channel(Clock()), KEY, granted)).held.access_token == TOKENS["access_token"]
