# SPDX-License-Identifier: Apache-2.0
"""The waiting conversation as lists of what it asks of the world: no clock, no mock, no loop."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from counterfoil_client import _flows
from counterfoil_client._effects import Wait
from counterfoil_client._flows.login import OpenLogin
from counterfoil_client.errors import (
    CounterfoilError,
    DeviceNotEnrolled,
    LoginCancelled,
    LoginDenied,
    LoginEnded,
    LoginExpired,
    LoginInvalid,
    LoginLocked,
    ServiceRefused,
    UnexpectedResponse,
    WaitTimeout,
)
from counterfoil_client.session import Progress, Session, state_of
from counterfoil_client.stores import StoredSession
from unit.sdk.stage import (
    DEVICE_CODE,
    GRANTED,
    LONG_POLL,
    NOON,
    OFFLINE,
    PENDING,
    PLAIN_POLL,
    SLOW_DOWN,
    TOKENS,
    After,
    Answer,
    Clock,
    Play,
    Sent,
    a_channel,
    a_login,
    claims_of,
    nonce,
    refusal,
    reply,
)


@dataclass
class Outcome:
    """What a wait came to."""

    effects: list[Sent | Wait]
    session: Session | None
    error: CounterfoilError | None
    play: Play
    login: OpenLogin


def wait(
    script: Iterable[Answer], clock: Clock | None = None, login: OpenLogin | None = None, **options: Any
) -> Outcome:
    time = clock or Clock()
    channel = a_channel(time)
    opened = login or a_login(time)
    play = Play(time, script)
    try:
        session = play.run(_flows.wait_for_session(channel, opened, **options))
    except CounterfoilError as error:
        return Outcome(play.effects, None, error, play, opened)
    return Outcome(play.effects, session, None, play, opened)


def test_an_approved_login_is_collected_with_the_first_question() -> None:
    outcome = wait([GRANTED])
    assert outcome.effects == [PLAIN_POLL]
    assert outcome.session is not None
    assert state_of(outcome.session).held == StoredSession(
        access_token=TOKENS["access_token"],  # type: ignore[arg-type]  # a test table of mixed values
        refresh_token=TOKENS["refresh_token"],  # type: ignore[arg-type]  # the same
        subject="person-1",
        expires_at=NOON + timedelta(seconds=300),
        refresh_at=NOON + timedelta(seconds=270),
        scope="email",
        session_id="01JSESSION",
    )


def test_questions_keep_the_interval() -> None:
    assert wait([PENDING, PENDING, GRANTED]).effects == [PLAIN_POLL, Wait(5), PLAIN_POLL, Wait(5), PLAIN_POLL]


def test_the_interval_is_measured_from_the_sending() -> None:
    assert wait([After(0.5, PENDING), GRANTED]).effects == [PLAIN_POLL, Wait(5.0), PLAIN_POLL]
    assert wait([After(3.0, PENDING), GRANTED]).effects == [PLAIN_POLL, Wait(3.0), PLAIN_POLL]


def test_a_long_poll_is_followed_by_the_next_at_once() -> None:
    clock = Clock()
    outcome = wait([After(25, PENDING), After(25, PENDING), GRANTED], clock, a_login(clock, poll_wait_max=25))
    assert outcome.effects == [LONG_POLL, LONG_POLL, LONG_POLL]


def test_a_long_poll_that_ended_early_is_not() -> None:
    clock = Clock()
    outcome = wait([After(1, PENDING), GRANTED], clock, a_login(clock, poll_wait_max=25))
    assert outcome.effects == [LONG_POLL, Wait(5), LONG_POLL]


@pytest.mark.parametrize(("offered", "asked"), [(10, "wait=10"), (25, "wait=25"), (600, "wait=25"), (0, None)])
def test_no_more_than_the_service_offers_and_never_more_than_25_seconds(offered: int, asked: str | None) -> None:
    clock = Clock()
    (poll,) = wait([GRANTED], clock, a_login(clock, poll_wait_max=offered)).effects
    assert isinstance(poll, Sent)
    assert poll.prefer == asked
    assert poll.read_timeout == min(offered, 25) + 5


def test_a_slow_down_adds_five_seconds() -> None:
    assert wait([SLOW_DOWN, GRANTED]).effects == [PLAIN_POLL, Wait(10), PLAIN_POLL]


def test_a_second_slow_down_adds_five_more_seconds() -> None:
    outcome = wait([SLOW_DOWN, SLOW_DOWN, GRANTED])
    assert outcome.effects == [PLAIN_POLL, Wait(10), PLAIN_POLL, Wait(15), PLAIN_POLL]


def test_a_slow_down_counts_for_good() -> None:
    outcome = wait([SLOW_DOWN, PENDING, PENDING, GRANTED])
    assert outcome.effects == [PLAIN_POLL, Wait(10), PLAIN_POLL, Wait(10), PLAIN_POLL, Wait(10), PLAIN_POLL]


def test_a_slow_down_counts_in_a_second_wait_too() -> None:
    clock = Clock()
    login = a_login(clock)
    assert isinstance(wait([SLOW_DOWN], clock, login, timeout=0).error, WaitTimeout)
    assert wait([PENDING, GRANTED], clock, login).effects == [Wait(10), PLAIN_POLL, Wait(10), PLAIN_POLL]


def test_a_new_nonce_is_used_at_once_and_is_no_question() -> None:
    outcome = wait([nonce("fresh-1"), PENDING, GRANTED])
    assert outcome.effects == [PLAIN_POLL, PLAIN_POLL, Wait(5), PLAIN_POLL]
    first, second, third = (claims_of(request) for request in outcome.play.requests)
    assert "nonce" not in first
    assert second["nonce"] == third["nonce"] == "fresh-1"


def test_two_calls_for_a_nonce_in_a_row_are_nonsense() -> None:
    outcome = wait([nonce("fresh-1"), nonce("fresh-2")])
    assert outcome.effects == [PLAIN_POLL, PLAIN_POLL]
    assert isinstance(outcome.error, UnexpectedResponse)


def test_every_attempt_has_a_proof_of_its_own() -> None:
    outcome = wait([nonce("fresh-1"), OFFLINE, refusal("x", status=503), PENDING, GRANTED])
    slips = [claims_of(request)["jti"] for request in outcome.play.requests]
    assert len(set(slips)) == len(slips) == 5


def test_network_trouble_backs_off_exponentially_up_to_half_a_minute() -> None:
    clock = Clock()
    outcome = wait([OFFLINE] * 7 + [GRANTED], clock, a_login(clock, interval=1))
    waits = [effect.seconds for effect in outcome.effects if isinstance(effect, Wait)]
    assert waits == [1, 2, 4, 8, 16, 30, 30]
    assert outcome.session is not None


def test_trouble_never_asks_faster_than_the_interval() -> None:
    assert wait([OFFLINE, OFFLINE, GRANTED]).effects == [PLAIN_POLL, Wait(5), PLAIN_POLL, Wait(5), PLAIN_POLL]


def test_backoff_begins_anew_after_an_answer() -> None:
    clock = Clock()
    outcome = wait([OFFLINE, OFFLINE, OFFLINE, PENDING, OFFLINE, GRANTED], clock, a_login(clock, interval=1))
    assert [effect.seconds for effect in outcome.effects if isinstance(effect, Wait)] == [1, 2, 4, 1, 1]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 599])
@pytest.mark.parametrize("body", [b"<html>", b"", b"x" * 70_000])
def test_a_service_in_trouble_is_asked_again(status: int, body: bytes) -> None:
    outcome = wait([reply(status, body, content_type="text/html", content_encoding="br"), GRANTED])
    assert outcome.session is not None


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured(status: int) -> None:
    outcome = wait([refusal("slow_down", status=status, headers={"retry-after": "40"}), GRANTED])
    assert outcome.effects == [PLAIN_POLL, Wait(40), PLAIN_POLL]
    assert outcome.login.interval == 5, "429 is load, not pace"


def test_retry_after_is_honoured_by_the_next_wait_as_well() -> None:
    clock = Clock()
    login = a_login(clock)
    busy = refusal("x", status=503, headers={"retry-after": "40"})
    assert isinstance(wait([busy], clock, login, timeout=1).error, WaitTimeout)
    assert wait([GRANTED], clock, login).effects == [Wait(39), PLAIN_POLL]


@pytest.mark.parametrize("absurd", ["-5", "1e9", "soon", "", "0x10", "٣", "Fri, 32 Nov 2026 12:00:00 GMT"])
def test_an_absurd_retry_after_counts_as_not_said(absurd: str) -> None:
    outcome = wait([refusal("x", status=503, headers={"retry-after": absurd}), GRANTED])
    assert outcome.effects == [PLAIN_POLL, Wait(5), PLAIN_POLL]


def test_an_endless_retry_after_does_not_reach_beyond_the_login() -> None:
    outcome = wait([refusal("x", status=503, headers={"retry-after": "999999999"}), refusal("expired_token")])
    assert outcome.effects == [PLAIN_POLL, Wait(600), PLAIN_POLL]
    assert isinstance(outcome.error, LoginExpired)


def test_retry_after_as_a_date_is_held_against_the_answers_own_date() -> None:
    headers = {"retry-after": "Fri, 20 Nov 2026 03:00:20 GMT", "date": "Fri, 20 Nov 2026 03:00:00 GMT"}
    assert wait([refusal("x", status=503, headers=headers), GRANTED]).effects == [PLAIN_POLL, Wait(20), PLAIN_POLL]


def test_a_lost_success_is_collected_by_asking_again() -> None:
    assert wait([OFFLINE, GRANTED]).session is not None


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refusal("access_denied"), LoginDenied),
        (refusal("access_denied", reason="denied"), LoginDenied),
        (refusal("access_denied", reason="locked"), LoginLocked),
        (refusal("access_denied", reason="new_device"), DeviceNotEnrolled),
        (refusal("access_denied", reason="something new"), LoginDenied),
        (refusal("expired_token"), LoginExpired),
        (refusal("invalid_grant"), LoginInvalid),
    ],
)
def test_an_ended_login_is_never_asked_about_again(answer: Answer, kind: type[LoginEnded]) -> None:
    clock = Clock()
    login = a_login(clock)
    outcome = wait([answer], clock, login)
    assert type(outcome.error) is kind
    again = wait([], clock, login)
    assert again.effects == []
    assert type(again.error) is kind


def test_prose_is_never_read() -> None:
    outcome = wait([refusal("access_denied", error_description="This login is locked.")])
    assert type(outcome.error) is LoginDenied


@pytest.mark.parametrize("code", ["invalid_request", "invalid_client", "invalid_dpop_proof", "never_heard_of"])
@pytest.mark.parametrize("status", [400, 401, 403])
def test_every_other_error_stops_the_wait(code: str, status: int) -> None:
    outcome = wait([refusal(code, status=status)])
    assert outcome.effects == [PLAIN_POLL]
    assert type(outcome.error) is ServiceRefused
    assert (outcome.error.code, outcome.error.status) == (code, status)


@pytest.mark.parametrize(
    "code", ["authorization_pending", "slow_down", "access_denied", "expired_token", "invalid_grant"]
)
@pytest.mark.parametrize("status", [401, 403, 428])
def test_a_state_with_another_status_than_400_is_nonsense(code: str, status: int) -> None:
    outcome = wait([refusal(code, status=status)])
    assert isinstance(outcome.error, UnexpectedResponse)
    assert outcome.login.ended is None


@pytest.mark.parametrize("kind", ["DPoP", "dpop", "DPOP"])
def test_a_bound_token_is_taken_whatever_its_case(kind: str) -> None:
    assert wait([reply(200, {**TOKENS, "token_type": kind})]).session is not None


@pytest.mark.parametrize("kind", ["Bearer", "bearer", "", "DPoP ", "MAC"])
def test_an_unbound_token_is_refused(kind: str) -> None:
    outcome = wait([reply(200, {**TOKENS, "token_type": kind})])
    assert isinstance(outcome.error, UnexpectedResponse)
    assert outcome.login.session is None


def test_a_session_without_refresh_token_is_a_session() -> None:
    tokens = {name: value for name, value in TOKENS.items() if name != "refresh_token"}
    session = wait([reply(200, tokens)]).session
    assert session is not None
    assert session.refresh_token is None


def test_a_second_wait_returns_the_same_session_without_asking() -> None:
    clock = Clock()
    login = a_login(clock)
    session = wait([GRANTED], clock, login).session
    again = wait([], clock, login)
    assert again.session is session
    assert again.effects == []


def test_a_login_that_nobody_decides_ends_with_one_last_question() -> None:
    clock = Clock()
    login = a_login(clock, deadline=clock.monotonic() + 12, expires_at=clock.now() + timedelta(seconds=12))
    outcome = wait([PENDING, PENDING, PENDING, PENDING], clock, login)
    assert outcome.effects == [PLAIN_POLL, Wait(5), PLAIN_POLL, Wait(5), PLAIN_POLL, Wait(2), PLAIN_POLL]
    assert isinstance(outcome.error, LoginExpired)


def test_an_approval_in_the_last_second_is_collected() -> None:
    clock = Clock()
    login = a_login(clock, deadline=clock.monotonic() + 2, expires_at=clock.now() + timedelta(seconds=2))
    assert wait([PENDING, GRANTED], clock, login).effects == [PLAIN_POLL, Wait(2), PLAIN_POLL]


def test_a_service_that_stays_away_ends_with_the_login() -> None:
    clock = Clock()
    login = a_login(clock, deadline=clock.monotonic() + 6, expires_at=clock.now() + timedelta(seconds=6))
    outcome = wait([OFFLINE, OFFLINE, OFFLINE], clock, login)
    assert outcome.effects == [PLAIN_POLL, Wait(5), PLAIN_POLL, Wait(1), PLAIN_POLL]
    assert isinstance(outcome.error, LoginExpired)


def test_after_a_laptops_sleep_the_service_is_asked_once_at_once() -> None:
    clock = Clock()
    outcome = wait([OFFLINE, After(30, OFFLINE, asleep=3600), GRANTED], clock)
    assert outcome.effects == [PLAIN_POLL, Wait(5), PLAIN_POLL, PLAIN_POLL]
    assert outcome.session is not None


def test_after_a_laptops_sleep_the_service_is_believed() -> None:
    outcome = wait([After(1, OFFLINE, asleep=3600), PENDING, GRANTED])
    assert outcome.effects == [PLAIN_POLL, PLAIN_POLL, Wait(5), PLAIN_POLL]
    ended = wait([After(1, OFFLINE, asleep=3600), refusal("expired_token")])
    assert isinstance(ended.error, LoginExpired)


def test_a_clock_that_counts_sleep_still_asks_once_more() -> None:
    assert wait([After(7200, OFFLINE), GRANTED]).session is not None
    assert isinstance(wait([After(7200, OFFLINE), PENDING]).error, LoginExpired)


def test_a_timeout_leaves_the_login_open() -> None:
    clock = Clock()
    login = a_login(clock)
    outcome = wait([PENDING, PENDING], clock, login, timeout=8)
    assert outcome.effects == [PLAIN_POLL, Wait(5), PLAIN_POLL, Wait(3)]
    assert isinstance(outcome.error, WaitTimeout)
    assert isinstance(outcome.error, TimeoutError)
    assert wait([GRANTED], clock, login).effects == [Wait(2), PLAIN_POLL]


def test_a_timeout_shortens_the_long_poll() -> None:
    clock = Clock()
    outcome = wait([After(7, PENDING), PENDING], clock, a_login(clock, poll_wait_max=25), timeout=7.5)
    assert outcome.effects == [Sent("/oauth/token", "wait=7", 12.0), PLAIN_POLL, Wait(0.5)]
    assert isinstance(outcome.error, WaitTimeout)


@pytest.mark.parametrize("timeout", [0, -1])
def test_no_time_means_at_most_one_question(timeout: float) -> None:
    clock = Clock()
    outcome = wait([PENDING] if timeout == 0 else [], clock, a_login(clock, poll_wait_max=25), timeout=timeout)
    assert outcome.effects == ([PLAIN_POLL] if timeout == 0 else [])
    assert isinstance(outcome.error, WaitTimeout)


def test_no_time_is_enough_for_a_question_that_is_due_on_a_clock_that_moves() -> None:
    class Moving(Clock):
        def monotonic(self) -> float:
            self.seconds += 0.001
            return super().monotonic()

    clock = Moving()
    login = a_login(clock)
    outcome = wait([PENDING], clock, login, timeout=0)
    assert outcome.effects == [PLAIN_POLL]
    assert isinstance(outcome.error, WaitTimeout)
    assert wait([], clock, login, timeout=0).effects == [], "the next is not due yet"
    clock.seconds += 5
    assert wait([GRANTED], clock, login, timeout=0).session is not None


def test_progress_is_told_before_each_question() -> None:
    told: list[Progress] = []
    wait([PENDING, SLOW_DOWN, OFFLINE, GRANTED], on_progress=told.append)
    assert told == [
        Progress("waiting", 1, 0.0, 600.0),
        Progress("waiting", 2, 5.0, 600.0),
        Progress("slowed_down", 3, 10.0, 595.0),
        Progress("unreachable", 4, 10.0, 585.0),
    ]


def test_a_fault_in_the_callback_reaches_its_author() -> None:
    def broken(progress: Progress) -> None:
        raise LookupError(progress.state)

    with pytest.raises(LookupError):
        wait([], on_progress=broken)


def test_a_cancelled_login_is_not_asked_about() -> None:
    clock = Clock()
    outcome = wait([], clock, a_login(clock, cancelling=True))
    assert isinstance(outcome.error, LoginCancelled)
    assert outcome.effects == []


def test_a_cancel_during_a_pause_ends_the_wait() -> None:
    clock = Clock()
    login = a_login(clock)

    def cancel(progress: Progress) -> None:
        login.cancelling = progress.attempt == 2

    outcome = wait([PENDING], clock, login, on_progress=cancel)
    assert outcome.effects == [PLAIN_POLL, Wait(5)]
    assert isinstance(outcome.error, LoginCancelled)


def test_the_refusal_that_follows_a_cancel_is_the_cancel() -> None:
    clock = Clock()
    login = a_login(clock)

    def cancel(progress: Progress) -> None:
        del progress
        login.cancelling = True

    outcome = wait([refusal("invalid_grant")], clock, login, on_progress=cancel)
    assert isinstance(outcome.error, LoginCancelled)


def test_a_fingerprint_is_repeated_with_every_question() -> None:
    clock = Clock()
    outcome = wait([PENDING, GRANTED], clock, a_login(clock, device_fingerprint="eyJ2IjoxfQ"))
    assert [dict(request.form)["device_fingerprint"] for request in outcome.play.requests] == ["eyJ2IjoxfQ"] * 2


def test_a_question_carries_what_the_grant_needs() -> None:
    (request,) = wait([GRANTED]).play.requests
    assert request.form == (
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", "desktop"),
        ("device_code", DEVICE_CODE),
    )


def test_no_secret_is_shown_in_an_error_a_service_provokes() -> None:
    outcome = wait([refusal("invalid_request", error_description=f"\x1b[31mno {DEVICE_CODE} here\r\n\u202egnp")])
    assert isinstance(outcome.error, ServiceRefused)
    assert outcome.error.description == "[31mno … here" + "gnp"
    assert DEVICE_CODE not in repr(outcome.error) + str(outcome.error) + repr(outcome.login)
