# SPDX-License-Identifier: Apache-2.0
"""Asking for a link: what is sent, what is believed, and that nothing is asked twice."""

from datetime import timedelta
from typing import Any

import pytest

from counterfoil_client import _flows
from counterfoil_client._effects import Wait
from counterfoil_client._flows import LoginWish, OpenLogin
from counterfoil_client._flows.start import clean_label
from counterfoil_client.errors import (
    ConfigurationError,
    RateLimited,
    ServiceRefused,
    ServiceUnreachable,
    UnexpectedResponse,
)
from unit.sdk.stage import (
    DEVICE_CODE,
    DISCOVERY,
    ISSUER,
    KEY,
    METADATA,
    NOON,
    OFFLINE,
    START,
    STARTED,
    Answer,
    Clock,
    Play,
    a_channel,
    claims_of,
    nonce,
    refusal,
    reply,
)

WISH = LoginWish("ada@example.com", "Ada's laptop")


def start(
    script: list[Answer], wish: LoginWish = WISH, *, discovered: bool = True, fingerprint: str | None = None
) -> tuple[OpenLogin, Play]:
    clock = Clock()
    play = Play(clock, script)
    channel = a_channel(clock, discovered=discovered)
    return play.run(_flows.start_login(channel, KEY, wish, fingerprint=fingerprint)), play


def test_a_login_is_opened() -> None:
    login, play = start([reply(200, METADATA), nonce("n-1"), reply(200, STARTED)], discovered=False)
    assert play.effects == [DISCOVERY, START, START]
    assert (login.user_code, login.login_id, login.interval, login.poll_wait_max) == ("WDJ-BMJ", "01JLOGIN", 5, 25)
    assert login.verification_uri == f"{ISSUER}/check-mail"
    assert login.expires_at == NOON + timedelta(seconds=600)
    assert login.deadline == 1600.0


def test_a_nonce_in_the_metadata_answer_saves_a_round_trip() -> None:
    _, play = start([reply(200, METADATA, dpop_nonce="early"), reply(200, STARTED)], discovered=False)
    assert claims_of(play.requests[1])["nonce"] == "early"


def test_only_what_was_wished_is_sent() -> None:
    _, play = start([reply(200, STARTED)])
    assert play.requests[0].form == (
        ("client_id", "desktop"),
        ("login_hint", "ada@example.com"),
        ("device_label", "Ada's laptop"),
    )


def test_every_wish_is_sent() -> None:
    wish = LoginWish("ada@example.com", "laptop", "email profile", "https://api.example", "de en")
    _, play = start([reply(200, STARTED)], wish)
    form = dict(play.requests[0].form)
    assert form["scope"] == "email profile"
    assert form["resource"] == "https://api.example"
    assert form["ui_locales"] == "de en"


def test_the_fingerprint_is_sent_and_remembered_for_the_questions_to_come() -> None:
    login, play = start([reply(200, STARTED)], fingerprint="eyJ2IjoxfQ")
    assert dict(play.requests[0].form)["device_fingerprint"] == login.device_fingerprint == "eyJ2IjoxfQ"


def test_without_a_label_the_host_name_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "ada\u202e-pc\x07" + "x" * 100)
    _, play = start([reply(200, STARTED)], LoginWish("ada@example.com"))
    assert dict(play.requests[0].form)["device_label"] == "ada-pc" + "x" * 58


def test_an_empty_label_is_left_out() -> None:
    _, play = start([reply(200, STARTED)], LoginWish("ada@example.com", "\x00\u200f "))
    assert "device_label" not in dict(play.requests[0].form)


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("plain", "plain"),
        ("a\nb\tc\x1b[31m", "abc[31m"),
        ("\u202etxt.exe\u2066\u200b", "txt.exe"),
        ("Büro-Rechner 机", "Büro-Rechner 机"),
        ("\ud800broken", "broken"),
        (" " + "y" * 63 + " z", "y" * 63),
    ],
)
def test_a_label_shows_on_one_line_as_it_reads(dirty: str, clean: str) -> None:
    assert clean_label(dirty) == clean


@pytest.mark.parametrize("email", ["", "a" * 321, "ada@example.com\r\nBcc: x@example.com", "\ud800@example.com"])
def test_an_impossible_address_is_refused_before_anything_is_sent(email: str) -> None:
    with pytest.raises(ConfigurationError, match="email"):
        start([], LoginWish(email))


@pytest.mark.parametrize("name", ["scope", "resource", "ui_locales"])
@pytest.mark.parametrize("value", ["a\nb", "ü", "\x00"])
def test_an_impossible_wish_is_refused_before_anything_is_sent(name: str, value: str) -> None:
    wishes: dict[str, Any] = {name: value}
    with pytest.raises(ConfigurationError, match=name):
        start([], LoginWish("ada@example.com", **wishes))


def test_a_start_is_never_repeated_by_itself() -> None:
    with pytest.raises(ServiceUnreachable):
        start([OFFLINE])
    with pytest.raises(ServiceUnreachable) as caught:
        start([refusal("temporarily_unavailable", status=503, headers={"retry-after": "7"})])
    assert caught.value.retry_after == 7


def test_discovery_is_tried_three_times() -> None:
    clock = Clock()
    play = Play(clock, [OFFLINE, reply(502, b"<html>"), OFFLINE])
    with pytest.raises(ServiceUnreachable):
        play.run(_flows.start_login(a_channel(clock, discovered=False), KEY, WISH))
    assert play.effects == [DISCOVERY, Wait(1.0), DISCOVERY, Wait(2.0), DISCOVERY]


def test_discovery_is_made_once() -> None:
    clock = Clock()
    channel = a_channel(clock, discovered=False)
    Play(clock, [reply(200, METADATA), reply(200, STARTED)]).run(_flows.start_login(channel, KEY, WISH))
    play = Play(clock, [reply(200, STARTED)])
    play.run(_flows.start_login(channel, KEY, WISH))
    assert play.effects == [START]


def test_too_many_requests_say_when_to_come_back() -> None:
    with pytest.raises(RateLimited) as caught:
        start([refusal("slow_down", status=429, headers={"retry-after": "60"})])
    assert caught.value.retry_after == 60
    assert "60 seconds" in caught.value.hint


LIMITED = refusal("slow_down", status=429, headers={"retry-after": "60"})


def test_who_was_told_to_wait_does_not_ask_again_before() -> None:
    clock = Clock()
    channel = a_channel(clock)
    for waited, left, script in ((0.0, 60, [LIMITED]), (0.5, 60, []), (59.0, 1, [])):
        clock.seconds += waited
        with pytest.raises(RateLimited) as caught:
            Play(clock, script).run(_flows.start_login(channel, KEY, WISH))
        assert caught.value.retry_after == left
    clock.seconds += 0.5
    assert Play(clock, [reply(200, STARTED)]).run(_flows.start_login(channel, KEY, WISH)).login_id == "01JLOGIN"


def test_a_login_that_was_given_up_makes_room_for_the_next_at_once() -> None:
    clock = Clock()
    channel = a_channel(clock)
    login = Play(clock, [reply(200, STARTED)]).run(_flows.start_login(channel, KEY, WISH))
    with pytest.raises(RateLimited):
        Play(clock, [LIMITED]).run(_flows.start_login(channel, KEY, WISH))
    Play(clock, [reply(200, b"")]).run(_flows.cancel_login(channel, login))
    assert Play(clock, [reply(200, STARTED)]).run(_flows.start_login(channel, KEY, WISH)).login_id == "01JLOGIN"


def test_nobody_is_sent_away_for_longer_than_a_day() -> None:
    with pytest.raises(RateLimited) as caught:
        start([refusal("slow_down", status=429, headers={"retry-after": "999999999"})])
    assert caught.value.retry_after == 86_400


def test_too_many_requests_without_a_time() -> None:
    with pytest.raises(RateLimited) as caught:
        start([refusal("slow_down", status=429)])
    assert caught.value.retry_after is None


@pytest.mark.parametrize(
    ("code", "status", "word"),
    [
        ("invalid_client", 401, "registered"),
        ("invalid_dpop_proof", 400, "clock"),
        ("invalid_scope", 400, "registered"),
        ("brand_new_code", 400, "whoever"),
    ],
)
def test_a_refusal_keeps_its_code_and_gives_a_hint(code: str, status: int, word: str) -> None:
    with pytest.raises(ServiceRefused) as caught:
        start([refusal(code, status=status)])
    assert (caught.value.code, caught.value.status, caught.value.description) == (code, status, "A sentence.")
    assert word in caught.value.hint


def test_two_calls_for_a_nonce_in_a_row_are_nonsense() -> None:
    with pytest.raises(UnexpectedResponse, match="nonce"):
        start([nonce("a"), nonce("b")])


@pytest.mark.parametrize("value", ["", " ", "a b", "ü", 'a"b', "x" * 513, "a\\b"])
def test_a_call_for_a_nonce_without_a_usable_one_is_nonsense(value: str) -> None:
    with pytest.raises(UnexpectedResponse, match="nonce"):
        start([nonce(value)])


def test_the_wish_and_the_login_show_no_secret() -> None:
    login, play = start([reply(200, STARTED)], LoginWish("ada@example.com"), fingerprint="finger")
    shown = repr(login) + repr(play.requests) + repr(LoginWish("ada@example.com"))
    assert DEVICE_CODE not in shown
    assert "finger" not in shown.replace("device_fingerprint", "")
    assert "ada@example.com" not in shown
