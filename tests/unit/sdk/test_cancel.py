# SPDX-License-Identifier: Apache-2.0
"""Cancelling: told to the service with a proof, harmless to repeat, no trouble where the login is over anyway."""

import pytest

from counterfoil_client import _flows
from counterfoil_client._effects import Wait
from counterfoil_client.errors import (
    LoginCancelled,
    LoginDenied,
    RateLimited,
    ServiceRefused,
    ServiceUnreachable,
    UnexpectedResponse,
)
from unit.sdk.stage import (
    DEVICE_CODE,
    GRANTED,
    ISSUER,
    OFFLINE,
    REVOKE,
    Answer,
    Clock,
    Play,
    a_channel,
    a_login,
    claims_of,
    nonce,
    refusal,
    reply,
)


def cancel(script: list[Answer], clock: Clock | None = None, tries: int = 3) -> Play:
    time = clock or Clock()
    play = Play(time, script)
    play.run(_flows.cancel_login(a_channel(time), a_login(time), tries=tries))
    return play


def test_the_service_is_told_with_a_proof() -> None:
    play = cancel([nonce("n-1"), reply(200, b"")])
    assert play.effects == [REVOKE, REVOKE]
    assert play.requests[1].form == (
        ("client_id", "desktop"),
        ("token", DEVICE_CODE),
        ("token_type_hint", "device_code"),
    )
    assert claims_of(play.requests[1])["htu"] == f"{ISSUER}/oauth/revoke"


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b'{"error":"x"}'])
def test_the_body_of_a_success_means_nothing(body: bytes) -> None:
    assert cancel([reply(200, body, content_type="text/html")]).effects == [REVOKE]


def test_a_second_cancel_is_silent() -> None:
    clock = Clock()
    channel, login = a_channel(clock), a_login(clock)
    Play(clock, [reply(200, {})]).run(_flows.cancel_login(channel, login))
    assert isinstance(login.ended, LoginCancelled)
    second = Play(clock, [])
    second.run(_flows.cancel_login(channel, login))
    assert second.effects == []


def test_a_login_that_is_over_needs_no_cancel() -> None:
    clock = Clock()
    collected = a_login(clock)
    Play(clock, [GRANTED]).run(_flows.wait_for_session(a_channel(clock), collected))
    for login in (a_login(clock, ended=LoginDenied()), collected):
        play = Play(clock, [])
        play.run(_flows.cancel_login(a_channel(clock), login))
        assert play.effects == []


def test_it_is_tried_three_times_with_a_new_proof_each() -> None:
    play = cancel([OFFLINE, reply(503, b""), reply(200, b"")])
    assert play.effects == [REVOKE, Wait(1.0), REVOKE, Wait(2.0), REVOKE]
    assert len({claims_of(request)["jti"] for request in play.requests}) == 3


def test_between_two_tries_it_waits_as_the_service_says() -> None:
    play = cancel([reply(503, b"", retry_after="7"), reply(200, b"")])
    assert play.effects == [REVOKE, Wait(7.0), REVOKE]


def test_told_to_come_back_much_later_it_does_not_keep_the_caller() -> None:
    with pytest.raises(ServiceUnreachable) as caught:
        cancel([reply(503, b"", retry_after="60")])
    assert caught.value.retry_after == 60


def test_ten_seconds_are_the_longest_that_it_waits_by_itself() -> None:
    play = cancel([reply(503, b"", retry_after="10"), reply(200, b"")])
    assert play.effects == [REVOKE, Wait(10.0), REVOKE]
    with pytest.raises(ServiceUnreachable) as caught:
        cancel([reply(503, b"", retry_after="11"), reply(200, b"")])
    assert caught.value.retry_after == 11


def test_then_it_is_an_error_that_says_so() -> None:
    with pytest.raises(ServiceUnreachable):
        cancel([OFFLINE, OFFLINE, OFFLINE])
    with pytest.raises(ServiceUnreachable):
        cancel([reply(500, b"")], tries=1)
    with pytest.raises(RateLimited):
        cancel([refusal("slow_down", status=429)])


def test_a_refusal_is_told_without_the_secret() -> None:
    with pytest.raises(ServiceRefused) as caught:
        cancel([refusal("invalid_request", error_description=f"what is {DEVICE_CODE}?")])
    assert caught.value.description == "what is …?"


@pytest.mark.parametrize("status", [201, 204, 301, 302, 307, 399, 600, 999])
def test_a_success_is_200_and_nothing_else(status: int) -> None:
    with pytest.raises(UnexpectedResponse):
        cancel([reply(status, b"", location="https://evil.example/")])
