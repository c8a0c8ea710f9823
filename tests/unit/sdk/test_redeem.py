# SPDX-License-Identifier: Apache-2.0
"""Redeeming a code, and the race with the poll, as lists of what is asked of the world."""

from collections.abc import Iterator
from typing import Any

import pytest

from counterfoil_client import _flows
from counterfoil_client._effects import Request, Response, Settle, Unreachable, Wait
from counterfoil_client._flows import OpenLogin
from counterfoil_client._flows.start import LoginWish
from counterfoil_client._redirect import WayHome
from counterfoil_client.errors import (
    ConfigurationError,
    DeviceNotEnrolled,
    LoginCancelled,
    LoginDenied,
    LoginExpired,
    LoginInvalid,
    ServiceRefused,
    UnexpectedRedirect,
    UnexpectedResponse,
    WaitTimeout,
)
from counterfoil_client.session import Session
from unit.sdk.stage import (
    DEVICE_CODE,
    GONE,
    GRANTED,
    ISSUER,
    KEY,
    LONG_POLL,
    OFFLINE,
    PENDING,
    PLAIN_POLL,
    STARTED,
    TOKENS,
    TROUBLE,
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

DEEP = "com.example.app:/signed-in"
REDEEM = Sent("/oauth/token")


def home() -> WayHome:
    return WayHome.make(DEEP, ISSUER, b"s" * 32, b"v" * 32)


def url(login: OpenLogin, code: str = "code-1", **more: str) -> str:
    assert login.way_home is not None
    query = "".join(f"&{name}={value}" for name, value in more.items())
    return f"{DEEP}?code={code}&state={login.way_home.state}&iss={ISSUER}{query}"


class Scene:
    """A login with a way home, whose wait is stopped wherever a redemption is to come between."""

    def __init__(self, **changes: Any) -> None:
        self.clock = Clock()
        self.channel = a_channel(self.clock)
        self.login = a_login(self.clock, **{"way_home": home(), "poll_wait_max": 25, **changes})
        self.play = Play(self.clock, [])

    def redeem(self, *script: Answer, code: str = "code-1") -> bool:
        self.play = Play(self.clock, script)
        return self.play.run(_flows.redeem_code(self.channel, self.login, url(self.login, code)))

    def wait(self, *script: Answer, **options: Any) -> Session:
        self.play = Play(self.clock, script)
        return self.play.run(_flows.wait_for_session(self.channel, self.login, **options))


def test_a_start_without_redirect_sends_no_word_of_one() -> None:
    clock = Clock()
    play = Play(clock, [reply(200, STARTED)])
    login = play.run(_flows.start_login(a_channel(clock), KEY, LoginWish("ada@example.com")))
    assert login.way_home is None
    assert {"redirect_uri", "state", "code_challenge"} & set(dict(play.requests[0].form)) == set()


def test_a_start_with_redirect_sends_fresh_secrets() -> None:
    clock = Clock()
    channel = a_channel(clock)
    play = Play(clock, [reply(200, STARTED), reply(200, STARTED)][:1])
    login = play.run(_flows.start_login(channel, KEY, LoginWish("ada@example.com"), DEEP))
    again = Play(clock, [reply(200, STARTED)])
    other = again.run(_flows.start_login(channel, KEY, LoginWish("ada@example.com"), DEEP))
    assert login.way_home is not None
    assert other.way_home is not None
    sent = dict(play.requests[0].form)
    assert (sent["redirect_uri"], sent["code_challenge_method"]) == (DEEP, "S256")
    assert sent["state"] == login.way_home.state
    drawn = {login.way_home.state, login.way_home.verifier, other.way_home.state, other.way_home.verifier}
    assert len(drawn) == 4


def test_a_code_is_redeemed_with_its_verifier_and_the_key_of_the_login() -> None:
    scene = Scene(device_fingerprint="eyJ2IjoxfQ")
    assert scene.redeem(GRANTED)
    assert scene.login.way_home is not None
    (request,) = scene.play.requests
    assert request.form == (
        ("grant_type", "authorization_code"),
        ("client_id", "desktop"),
        ("code", "code-1"),
        ("redirect_uri", DEEP),
        ("code_verifier", scene.login.way_home.verifier),
        ("device_fingerprint", "eyJ2IjoxfQ"),
    )
    assert claims_of(request)["htu"] == f"{ISSUER}/oauth/token"
    assert scene.login.session is not None
    assert scene.login.session.session_id == TOKENS["session_id"]


def test_a_wait_after_that_asks_nothing() -> None:
    scene = Scene()
    scene.redeem(GRANTED)
    assert scene.wait() is scene.login.session
    assert scene.play.effects == []


def test_a_call_for_a_nonce_is_no_redemption() -> None:
    scene = Scene()
    assert scene.redeem(nonce("n-1"), GRANTED)
    assert scene.play.effects == [REDEEM, REDEEM]


@pytest.mark.parametrize("lost", [OFFLINE, TROUBLE, GONE, refusal("expired_token")], ids=repr)
def test_a_code_is_never_sent_a_second_time(lost: Answer) -> None:
    scene = Scene()
    assert not scene.redeem(lost)
    assert not scene.redeem()
    assert scene.play.effects == []


def test_after_a_refusal_a_newer_code_is_taken() -> None:
    scene = Scene()
    assert not scene.redeem(GONE)
    assert scene.redeem(GRANTED, code="code-2")


def test_a_second_url_after_the_session_changes_nothing() -> None:
    scene = Scene()
    scene.redeem(GRANTED)
    session = scene.login.session
    assert scene.redeem()
    assert scene.redeem(code="code-2")
    assert scene.login.session is session


def test_a_foreign_url_is_not_redeemed_and_ends_nothing() -> None:
    scene = Scene()
    other = Scene(way_home=WayHome.make(DEEP, ISSUER, b"o" * 32, b"v" * 32))
    for foreign in (url(other.login), url(scene.login).replace(ISSUER, "https://evil.example"), "x", ""):
        with pytest.raises(UnexpectedRedirect):
            Play(scene.clock, []).run(_flows.redeem_code(scene.channel, scene.login, foreign))
    assert scene.redeem(GRANTED)


def test_a_login_without_redirect_has_no_answer() -> None:
    scene = Scene()
    there = url(scene.login)
    scene.login.way_home = None
    with pytest.raises(ConfigurationError, match="without redirect"):
        Play(scene.clock, []).run(_flows.redeem_code(scene.channel, scene.login, there))


@pytest.mark.parametrize("script", [[], [refusal("access_denied")]], ids=["in the URL", "from the service"])
def test_a_no_ends_the_login(script: list[Answer]) -> None:
    scene = Scene()
    there = url(scene.login) if script else url(scene.login, "").replace("code=&", "error=access_denied&")
    assert not Play(scene.clock, script).run(_flows.redeem_code(scene.channel, scene.login, there))
    with pytest.raises(LoginDenied):
        scene.wait()
    with pytest.raises(LoginDenied):
        scene.redeem()


def test_a_device_that_must_be_enrolled_first_is_told_so_by_the_code_too() -> None:
    scene = Scene()
    script: list[Answer] = [refusal("access_denied", reason="new_device")]
    assert not Play(scene.clock, script).run(_flows.redeem_code(scene.channel, scene.login, url(scene.login)))
    with pytest.raises(DeviceNotEnrolled) as caught:
        scene.wait()
    assert "enrol this device" in caught.value.hint


def test_a_no_with_a_foreign_state_ends_nothing() -> None:
    scene = Scene()
    forged = f"{DEEP}?error=access_denied&state={'x' * 43}&iss={ISSUER}"
    with pytest.raises(UnexpectedRedirect):
        Play(scene.clock, []).run(_flows.redeem_code(scene.channel, scene.login, forged))
    assert scene.login.ended is None


def test_another_error_in_the_url_decides_nothing() -> None:
    scene = Scene()
    there = url(scene.login, "").replace("code=&", "error=server_error&")
    assert not Play(scene.clock, []).run(_flows.redeem_code(scene.channel, scene.login, there))
    assert scene.wait(GRANTED).session_id == TOKENS["session_id"]


def test_a_cancelled_login_redeems_nothing() -> None:
    scene = Scene(cancelling=True)
    with pytest.raises(LoginCancelled):
        scene.redeem()


def test_another_refusal_is_told_without_a_secret() -> None:
    scene = Scene()
    assert scene.login.way_home is not None
    verifier = scene.login.way_home.verifier
    with pytest.raises(ServiceRefused) as caught:
        scene.redeem(refusal("invalid_request", error_description=f"no code-1 {verifier} {DEVICE_CODE}"))
    for secret in ("code-1", verifier, DEVICE_CODE):
        assert secret not in str(caught.value) + repr(caught.value)


def test_a_token_without_key_is_not_taken() -> None:
    scene = Scene()
    with pytest.raises(UnexpectedResponse):
        scene.redeem(reply(200, {**TOKENS, "token_type": "Bearer"}))
    assert scene.login.session is None


class Interrupted(Play):
    """A wait in which something else happens while its first question is open, and while it waits for that to end."""

    def __init__(self, scene: Scene, script: list[Answer]) -> None:
        super().__init__(scene.clock, script)
        self.scene = scene
        self.redemption = _flows.redeem_code(scene.channel, scene.login, url(scene.login))
        self.end: Response | Unreachable | None = None

    def _step(self, flow: Any, effect: Request | Wait, answers: Any) -> Request | Wait:
        if len(self.effects) == 0:
            next(self.redemption)
        if isinstance(effect, Settle) and self.end is not None:
            resume = self.redemption.throw if isinstance(self.end, Unreachable) else self.redemption.send
            with pytest.raises(StopIteration):
                resume(self.end)  # type: ignore[arg-type]  # each takes its own kind
            self.end = None
            self.effects.append(effect)
            return flow.send(None)  # type: ignore[no-any-return]  # whatever the flow asks for next
        return super()._step(flow, effect, answers)


def interrupt(
    scene: Scene, end: Response | Unreachable | None, script: list[Answer], **options: Any
) -> tuple[Session, list[Any]]:
    play = Interrupted(scene, script)
    play.end = end
    session = play.run(_flows.wait_for_session(scene.channel, scene.login, **options))
    return session, play.effects


def test_a_poll_that_a_redemption_ended_waits_for_what_that_brings() -> None:
    scene = Scene()
    session, effects = interrupt(scene, GRANTED, [GONE])
    assert session is scene.login.session
    assert effects == [LONG_POLL, Settle(30.0)]


@pytest.mark.parametrize("end", [OFFLINE, TROUBLE], ids=["no answer", "503"])
def test_a_lost_answer_is_collected_by_the_poll(end: Response | Unreachable) -> None:
    session, effects = interrupt(Scene(), end, [GONE, GRANTED])
    assert session.session_id == TOKENS["session_id"]
    assert effects == [LONG_POLL, Settle(30.0), Wait(5.0), LONG_POLL]


def test_a_refused_redemption_leaves_the_poll_to_go_on() -> None:
    session, effects = interrupt(Scene(), GONE, [GONE, PENDING, GRANTED])
    assert session.session_id == TOKENS["session_id"]
    assert effects == [LONG_POLL, Settle(30.0), Wait(5.0), LONG_POLL, Wait(5.0), LONG_POLL]


def test_a_login_that_is_truly_over_is_over_after_one_question_more() -> None:
    with pytest.raises(LoginInvalid):
        interrupt(Scene(), GONE, [GONE, GONE])


def test_a_lost_request_that_arrives_later_ends_a_later_poll_which_is_asked_once_more() -> None:
    session, effects = interrupt(Scene(), OFFLINE, [GONE, GONE, GRANTED])
    assert session.session_id == TOKENS["session_id"]
    assert [one for one in effects if one == LONG_POLL] == [LONG_POLL] * 3
    with pytest.raises(LoginInvalid):
        interrupt(Scene(), OFFLINE, [GONE, GONE, GONE])


def test_without_a_redemption_an_invalid_grant_is_the_end() -> None:
    with pytest.raises(LoginInvalid):
        Scene().wait(GONE)


def test_a_redemption_without_end_does_not_hold_the_wait_for_ever() -> None:
    session, effects = interrupt(Scene(), None, [GONE, GRANTED])
    assert session.session_id == TOKENS["session_id"]
    assert effects == [LONG_POLL, Settle(30.0), LONG_POLL]


def test_the_time_of_the_caller_bounds_that_too() -> None:
    with pytest.raises(WaitTimeout):
        interrupt(Scene(), None, [GONE, GONE], timeout=7)


def test_a_redemption_at_the_last_moment_is_waited_for() -> None:
    scene = Scene()
    scene.login.deadline = scene.clock.monotonic()
    session, effects = interrupt(scene, GRANTED, [PENDING])
    assert session is scene.login.session
    assert effects == [LONG_POLL, Settle(30.0)]


def test_at_the_deadline_a_refused_redemption_is_followed_by_one_last_question() -> None:
    scene = Scene()
    scene.login.deadline = scene.clock.monotonic()
    with pytest.raises(LoginExpired):
        interrupt(scene, GONE, [PENDING, PENDING])


def test_tokens_of_a_repeated_poll_are_newer_than_those_of_a_slow_redemption() -> None:
    scene = Scene()
    redemption = _flows.redeem_code(scene.channel, scene.login, url(scene.login))
    next(redemption)
    newer = scene.wait(reply(200, {**TOKENS, "access_token": "newer"}))
    with pytest.raises(StopIteration) as end:
        redemption.send(GRANTED)
    assert end.value.value is True
    assert scene.login.session is newer


def test_a_session_that_comes_home_during_a_pause_ends_it() -> None:
    scene = Scene(poll_wait_max=0)

    def come_home(progress: Any) -> None:
        if progress.attempt == 2:
            Play(scene.clock, [GRANTED]).run(_flows.redeem_code(scene.channel, scene.login, url(scene.login)))

    session = scene.wait(PENDING, on_progress=come_home)
    assert session is scene.login.session
    assert scene.play.effects == [PLAIN_POLL]


def test_a_redemption_that_is_cut_off_counts_as_lost() -> None:
    scene = Scene()
    redemption = _flows.redeem_code(scene.channel, scene.login, url(scene.login))
    next(redemption)
    redemption.close()
    assert scene.login.way_home is not None
    assert (scene.login.way_home.redeeming, scene.login.way_home.settled) == (False, 1)
    assert not scene.redeem()
    assert scene.wait(GONE, GRANTED).session_id == TOKENS["session_id"]


def test_a_session_that_comes_while_the_login_is_cancelled_is_revoked() -> None:
    scene = Scene()

    def script() -> Iterator[Answer]:
        scene.login.cancelling = True
        yield GRANTED
        yield reply(200, b"")

    scene.play = Play(scene.clock, script())
    assert not scene.play.run(_flows.redeem_code(scene.channel, scene.login, url(scene.login, "code-1")))
    assert [dict(request.form).get("token") for request in scene.play.requests] == [None, TOKENS["refresh_token"]]
    with pytest.raises(LoginCancelled):
        scene.wait()


def test_a_session_that_comes_while_the_service_hears_of_the_cancel_is_revoked() -> None:
    scene = Scene()

    def script() -> Iterator[Answer]:
        assert scene.redeem(GRANTED)
        yield reply(200, b"")
        yield reply(200, b"")

    play = Play(scene.clock, script())
    play.run(_flows.cancel_login(scene.channel, scene.login))
    assert [dict(request.form)["token"] for request in play.requests] == [DEVICE_CODE, TOKENS["refresh_token"]]
    with pytest.raises(LoginCancelled):
        scene.wait()
