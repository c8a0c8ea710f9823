# SPDX-License-Identifier: Apache-2.0
"""The digits of the mail: what is sent and how often, what is believed, and which pause they cut short."""

import pickle
from collections.abc import Iterator
from typing import Any

import pytest

from counterfoil_client import _flows
from counterfoil_client._effects import Flow, Request, Response, Unreachable, Wait
from counterfoil_client.errors import (
    ConfigurationError,
    CounterfoilError,
    DeviceNotEnrolled,
    LoginCancelled,
    LoginDenied,
    LoginEnded,
    LoginExpired,
    LoginInvalid,
    LoginLocked,
    MalformedCode,
    RateLimited,
    ServiceRefused,
    ServiceUnreachable,
    UnexpectedResponse,
    WrongCode,
)
from unit.sdk.stage import (
    DEVICE_CODE,
    DIGITS,
    GONE,
    GRANTED,
    ISSUER,
    MAIL_CODE_ENDPOINT,
    METADATA,
    OFFLINE,
    PENDING,
    PLAIN_POLL,
    SLOW_DOWN,
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

SUBMIT = Sent("/oauth/mail_code")
TAKEN = reply(200, {})


def wrong(tries_left: object = 4) -> Response:
    return reply(400, {"error": "code_mismatch", "error_description": "No.", "tries_left": tries_left})


def answer(flow: Flow[None], given: Response | Unreachable) -> Request | Wait:
    return flow.throw(given) if isinstance(given, Unreachable) else flow.send(given)


class Scene:
    """A login on a service that takes codes of mails."""

    def __init__(self, *, metadata: dict[str, Any] | None = None, **changes: Any) -> None:
        self.clock = Clock()
        self.channel = a_channel(self.clock, discovered=False)
        found = {**METADATA, "mail_code_endpoint": MAIL_CODE_ENDPOINT} if metadata is None else metadata
        Play(self.clock, [reply(200, found)]).run(self.channel.discover())
        self.login = a_login(self.clock, **changes)
        self.play = Play(self.clock, [])

    def submit(self, *script: Answer, code: str = DIGITS) -> list[Sent | Wait]:
        return self.tell(iter(script), code)

    def tell(self, script: Iterator[Answer], code: str = DIGITS) -> list[Sent | Wait]:
        self.play = Play(self.clock, script)
        self.play.run(_flows.submit_code(self.channel, self.login, code))
        return self.play.effects

    def fail(self, kind: type[CounterfoilError], *script: Answer, code: str = DIGITS) -> Any:
        """The error, which must be of this very kind."""
        with pytest.raises(CounterfoilError) as caught:
            self.submit(*script, code=code)
        assert type(caught.value) is kind, repr(caught.value)
        return caught.value

    def wait(self, *script: Answer, **options: Any) -> list[Sent | Wait]:
        self.play = Play(self.clock, script)
        self.play.run(_flows.wait_for_session(self.channel, self.login, **options))
        return self.play.effects


def test_the_code_is_sent_with_a_proof_of_the_key_of_the_login() -> None:
    scene = Scene(device_fingerprint="eyJ2IjoxfQ")
    assert scene.submit(TAKEN) == [SUBMIT]
    (request,) = scene.play.requests
    assert (request.method, request.url) == ("POST", MAIL_CODE_ENDPOINT)
    assert request.form == (
        ("client_id", "desktop"),
        ("device_code", DEVICE_CODE),
        ("mail_code", DIGITS),
        ("device_fingerprint", "eyJ2IjoxfQ"),
    )
    assert (claims_of(request)["htu"], claims_of(request)["htm"]) == (MAIL_CODE_ENDPOINT, "POST")


def test_a_login_without_fingerprint_sends_none() -> None:
    scene = Scene()
    scene.submit(TAKEN)
    assert "device_fingerprint" not in dict(scene.play.requests[0].form)


def test_a_call_for_a_nonce_is_no_try() -> None:
    scene = Scene()
    assert scene.submit(nonce("n-1"), TAKEN) == [SUBMIT, SUBMIT]
    assert claims_of(scene.play.requests[1])["nonce"] == "n-1"


@pytest.mark.parametrize(
    "typed", ["1234 5678", "1234-5678", " 12345678\r\n", "1234\u00a05678", "1 2 3 4 - 5 6 7 8", "\t1234\u20095678"]
)
def test_people_copy_digits_in_groups(typed: str) -> None:
    scene = Scene()
    scene.submit(TAKEN, code=typed)
    assert dict(scene.play.requests[0].form)["mail_code"] == DIGITS


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " - ",
        "1234567",
        "123456789",
        "1234567a",
        "12345678x",
        "1234.5678",
        "+1234567",
        "1234\u20135678",
        "1234\u200b5678",
        "1234567\x00",
        "".join(chr(0x0660 + digit) for digit in range(1, 9)),
        "".join(chr(0xFF10 + digit) for digit in range(1, 9)),
        "²²²²²²²²",
        "WDJ-BMJ",
    ],
)
def test_what_is_not_eight_digits_is_not_sent_and_takes_no_try(typed: str) -> None:
    error = Scene().fail(MalformedCode, code=typed)
    assert isinstance(error, WrongCode), "one handler asks again"
    assert error.tries_left is None
    clock = Clock()
    with pytest.raises(MalformedCode):
        next(_flows.submit_code(a_channel(clock, discovered=False), a_login(clock), typed))


@pytest.mark.parametrize("metadata", [METADATA, {**METADATA, "mail_code_endpoint": None}], ids=["absent", "null"])
def test_a_service_without_mail_codes_is_told_before_anything_is_sent(metadata: dict[str, Any]) -> None:
    error = Scene(metadata=metadata).fail(ConfigurationError)
    assert "takes no code" in str(error)
    assert "link" in error.hint


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/oauth/mail_code",
        "http://id.example/oauth/mail_code",
        "https://id.example.evil.example/oauth/mail_code",
        "https://id.example@evil.example/oauth/mail_code",
        "https://id.example:8443/oauth/mail_code",
        "https://id.example/oauth/mail_code#here",
        "/oauth/mail_code",
        "",
        5,
        [MAIL_CODE_ENDPOINT],
        "https://id.example/" + "a" * 2048,
    ],
)
def test_an_endpoint_that_is_not_the_issuers_own_is_refused(url: object) -> None:
    with pytest.raises(UnexpectedResponse):
        Scene(metadata={**METADATA, "mail_code_endpoint": url})


def test_after_the_right_code_the_next_question_is_due_at_once() -> None:
    scene = Scene(failures=4)
    scene.login.next_poll_at = scene.clock.monotonic() + 300
    scene.submit(TAKEN)
    assert scene.login.failures == 0
    assert scene.login.session is None, "the wait collects it"
    assert scene.wait(GRANTED) == [PLAIN_POLL]


def test_a_wrong_code_leaves_login_and_pace_as_they_were() -> None:
    scene = Scene()
    scene.login.next_poll_at = scene.clock.monotonic() + 3
    error = scene.fail(WrongCode, wrong(4))
    assert (error.tries_left, scene.login.ended) == (4, None)
    assert scene.play.effects == [SUBMIT], "a wrong code is never sent again"
    assert scene.wait(GRANTED) == [Wait(3.0), PLAIN_POLL]


def test_a_wrong_code_says_what_to_do_and_survives_the_way_between_processes() -> None:
    error = Scene().fail(WrongCode, wrong(2))
    assert str(error) == "The code is not the one in the newest mail. Tries left: 2."
    assert error.hint == "Look into the newest mail and type its eight digits again."
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (type(copy), str(copy), copy.hint, copy.tries_left) == (WrongCode, str(error), error.hint, 2)


@pytest.mark.parametrize("told", [refusal("code_mismatch"), wrong(None)], ids=["absent", "null"])
def test_a_service_need_not_say_how_many_tries_are_left(told: Response) -> None:
    error = Scene().fail(WrongCode, told)
    assert error.tries_left is None
    assert "Tries" not in str(error)


@pytest.mark.parametrize("left", [-1, 1001, 10**9, 10**18, "4", 4.5, True, [4], {}, "x" * 60_000], ids=repr)
def test_a_number_of_tries_that_is_none_is_not_believed(left: object) -> None:
    scene = Scene()
    scene.fail(UnexpectedResponse, wrong(left))
    scene.fail(UnexpectedResponse, reply(400, b'{"error":"code_mismatch","tries_left":1' + b"0" * 400 + b"}"))
    assert scene.login.ended is None


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("locked", LoginLocked),
        ("denied", LoginDenied),
        ("new_device", DeviceNotEnrolled),
        ("moonrise", LoginDenied),
        ("", LoginDenied),
    ],
)
def test_a_login_that_was_locked_or_denied_is_over_for_good(reason: str, kind: type[LoginEnded]) -> None:
    scene = Scene()
    scene.fail(kind, refusal("access_denied", reason=reason))
    assert type(scene.login.ended) is kind
    scene.fail(kind)
    with pytest.raises(kind):
        scene.wait()
    assert scene.play.effects == []


ENDS = [("expired_token", LoginExpired), ("invalid_grant", LoginInvalid)]


@pytest.mark.parametrize(("code", "kind"), ENDS)
def test_a_login_the_service_knows_no_longer_is_told_but_not_ended_here(code: str, kind: type[LoginEnded]) -> None:
    scene = Scene()
    scene.fail(kind, refusal(code))
    assert scene.play.effects == [SUBMIT, Wait(1.0)]
    assert scene.login.ended is None, "a poll whose answer was lost may be repeated, and still brings the session"
    assert scene.wait(GRANTED) == [PLAIN_POLL]


@pytest.mark.parametrize("code", ["expired_token", "invalid_grant"])
def test_a_login_that_a_wait_is_just_collecting_is_no_error(code: str) -> None:
    scene = Scene()
    flow = _flows.submit_code(scene.channel, scene.login, DIGITS)
    next(flow)
    assert flow.send(refusal(code)) == Wait(1.0)
    scene.wait(GRANTED)
    with pytest.raises(StopIteration):
        flow.send(None)


@pytest.mark.parametrize("told", [TAKEN, wrong(), GONE, refusal("unauthorized_client"), OFFLINE, TROUBLE], ids=repr)
def test_once_the_session_is_here_no_answer_matters(told: Answer) -> None:
    scene = Scene()

    def script() -> Iterator[Answer]:
        Play(scene.clock, [GRANTED]).run(_flows.wait_for_session(scene.channel, scene.login))
        yield told

    assert scene.tell(script())[0] == SUBMIT
    assert scene.play.requests[1:] == []


def test_a_session_that_is_here_needs_no_code() -> None:
    scene = Scene()
    scene.wait(GRANTED)
    assert scene.submit() == []


@pytest.mark.parametrize("code", ["code_mismatch", "access_denied", "slow_down", "expired_token", "invalid_grant"])
@pytest.mark.parametrize("status", [401, 403, 404, 410, 499])
def test_a_state_with_a_strange_status_is_not_believed(code: str, status: int) -> None:
    scene = Scene()
    scene.fail(UnexpectedResponse, refusal(code, status=status, reason="locked"))
    assert scene.login.ended is None


def test_a_service_that_checks_another_try_is_asked_again_with_a_new_proof() -> None:
    scene = Scene()
    assert scene.submit(SLOW_DOWN, SLOW_DOWN, TAKEN) == [SUBMIT, Wait(1.0), SUBMIT, Wait(1.0), SUBMIT]
    assert len({claims_of(request)["jti"] for request in scene.play.requests}) == 3
    assert scene.login.interval == 5, "that is no pace of polls"


def test_a_service_that_goes_on_checking_is_left_alone() -> None:
    scene = Scene()
    scene.fail(RateLimited, *[SLOW_DOWN] * 5)
    assert len(scene.play.requests) == 5


@pytest.mark.parametrize("lost", [OFFLINE, TROUBLE, reply(502, b"<html>"), refusal("x", status=500)], ids=repr)
def test_a_lost_answer_is_asked_for_once_more(lost: Answer) -> None:
    scene = Scene()
    assert scene.submit(lost, TAKEN) == [SUBMIT, Wait(1.0), SUBMIT]
    assert len({claims_of(request)["jti"] for request in scene.play.requests}) == 2


@pytest.mark.parametrize("script", [[OFFLINE, OFFLINE], [TROUBLE, OFFLINE], [OFFLINE, TROUBLE], [TROUBLE, TROUBLE]])
def test_and_no_oftener(script: list[Answer]) -> None:
    scene = Scene()
    scene.fail(ServiceUnreachable, *script)
    assert scene.play.effects == [SUBMIT, Wait(1.0), SUBMIT]
    assert scene.login.ended is None


def test_a_busy_service_between_does_not_make_it_oftener() -> None:
    scene = Scene()
    scene.fail(ServiceUnreachable, SLOW_DOWN, OFFLINE, SLOW_DOWN, OFFLINE)
    assert len(scene.play.requests) == 4


def test_a_service_that_says_when_is_heard_if_it_is_soon() -> None:
    scene = Scene()
    soon = reply(503, b"", retry_after="3")
    assert scene.submit(soon, TAKEN) == [SUBMIT, Wait(3), SUBMIT]
    error = scene.fail(ServiceUnreachable, reply(503, b"", retry_after="60"))
    assert (error.retry_after, len(scene.play.requests)) == (60, 1)


def test_five_seconds_are_the_longest_that_it_waits_with_somebody_before_it() -> None:
    scene = Scene()
    assert scene.submit(reply(503, b"", retry_after="5"), TAKEN) == [SUBMIT, Wait(5), SUBMIT]
    scene = Scene()
    error = scene.fail(ServiceUnreachable, reply(503, b"", retry_after="6"))
    assert (error.retry_after, len(scene.play.requests)) == (6, 1)


def test_a_rate_limit_is_the_persons_to_wait_for() -> None:
    scene = Scene()
    error = scene.fail(RateLimited, refusal("slow_down", status=429, headers={"retry-after": "30"}))
    assert (error.retry_after, len(scene.play.requests)) == (30, 1)


@pytest.mark.parametrize("first", [OFFLINE, TROUBLE, SLOW_DOWN], ids=repr)
def test_a_session_that_comes_during_the_pause_ends_it_well(first: Response | Unreachable) -> None:
    scene = Scene()
    flow = _flows.submit_code(scene.channel, scene.login, DIGITS)
    next(flow)
    assert answer(flow, first) == Wait(1.0)
    scene.wait(GRANTED)
    with pytest.raises(StopIteration):
        flow.send(None)


@pytest.mark.parametrize("first", [OFFLINE, TROUBLE, SLOW_DOWN, GONE], ids=repr)
def test_a_cancel_during_the_pause_sends_nothing_more(first: Response | Unreachable) -> None:
    scene = Scene()
    flow = _flows.submit_code(scene.channel, scene.login, DIGITS)
    next(flow)
    assert answer(flow, first) == Wait(1.0)
    scene.login.cancelling = True
    with pytest.raises(LoginCancelled):
        flow.send(None)


@pytest.mark.parametrize("told", [TAKEN, wrong(), refusal("access_denied", reason="locked")], ids=repr)
def test_a_cancel_while_the_code_is_checked_wins(told: Response) -> None:
    scene = Scene()
    flow = _flows.submit_code(scene.channel, scene.login, DIGITS)
    next(flow)
    scene.login.cancelling = True
    with pytest.raises(LoginCancelled):
        flow.send(told)


@pytest.mark.parametrize("ended", [LoginDenied(), LoginExpired(), LoginInvalid(), LoginCancelled()], ids=repr)
def test_a_login_that_is_over_sends_no_code(ended: LoginEnded) -> None:
    Scene(ended=ended).fail(type(ended))
    Scene(cancelling=True).fail(LoginCancelled)


NO_OBJECT = [b"", b"null", b"[]", b'"ok"', b"7", b"{", b"{} {}", b"<html>wifi</html>", b'{"a":"\xff"}', b" " * 70_000]


@pytest.mark.parametrize("body", NO_OBJECT, ids=lambda body: repr(body[:12]))
@pytest.mark.parametrize("status", [200, 400])
def test_a_body_that_is_no_answer_approves_nothing(body: bytes, status: int) -> None:
    scene = Scene()
    before = scene.login.next_poll_at = scene.clock.monotonic() + 3
    scene.fail(UnexpectedResponse, reply(status, body))
    assert (scene.login.ended, scene.login.next_poll_at) == (None, before)
    assert scene.play.effects == [SUBMIT], "nonsense is not asked for again"


@pytest.mark.parametrize("body", [b"{}", b'{"later":[1,{"more":null}]}'])
def test_a_service_may_say_more_one_day(body: bytes) -> None:
    assert Scene().submit(reply(200, body)) == [SUBMIT]


@pytest.mark.parametrize("media", ["text/html", "text/plain", "", "application/json, text/html", "application/jwt"])
def test_an_answer_of_another_kind_approves_nothing(media: str) -> None:
    Scene().fail(UnexpectedResponse, reply(200, {}, content_type=media))
    Scene().fail(UnexpectedResponse, reply(400, {"error": "code_mismatch"}, content_type=media))


@pytest.mark.parametrize("status", [100, 201, 202, 204, 206, 301, 302, 303, 307, 308, 399, 600, 999])
def test_a_status_that_makes_no_sense_approves_nothing(status: int) -> None:
    Scene().fail(UnexpectedResponse, reply(status, {}, location="https://evil.example/"))


def test_an_application_without_mail_codes_is_told_so() -> None:
    error = Scene().fail(ServiceRefused, refusal("unauthorized_client"))
    assert error.code == "unauthorized_client"
    assert "ask whoever runs the service" in error.hint


@pytest.mark.parametrize("code", ["invalid_request", "invalid_client", "authorization_pending", "moonrise"])
def test_every_other_refusal_is_passed_on_and_leaves_the_login_open(code: str) -> None:
    scene = Scene()
    assert scene.fail(ServiceRefused, refusal(code)).code == code
    assert (scene.login.ended, len(scene.play.requests)) == (None, 1)
    assert scene.wait(GRANTED) == [PLAIN_POLL]


def test_a_refusal_repeats_no_secret_in_whatever_way_it_is_written() -> None:
    sentence = f"{DIGITS}, 1234 5678 and 1234-5678 are not of {DEVICE_CODE}"
    error = Scene().fail(ServiceRefused, refusal("invalid_request", error_description=sentence))
    assert error.description == "…, … and … are not of …"


def test_a_pause_between_two_polls_is_cut_short() -> None:
    scene = Scene()
    waiting = _flows.wait_for_session(scene.channel, scene.login)
    next(waiting)
    assert waiting.send(PENDING) == Wait(5.0)
    scene.submit(TAKEN)
    poll = waiting.send(None)
    assert getattr(poll, "url", None) == f"{ISSUER}/oauth/token"
    with pytest.raises(StopIteration):
        waiting.send(GRANTED)


def test_a_pause_after_a_lost_network_is_cut_short_too() -> None:
    scene = Scene(failures=6)
    waiting = _flows.wait_for_session(scene.channel, scene.login)
    next(waiting)
    assert waiting.throw(OFFLINE) == Wait(30.0)
    scene.submit(TAKEN)
    assert getattr(waiting.send(None), "url", None) == f"{ISSUER}/oauth/token"


def test_a_wrong_code_cuts_no_pause_short() -> None:
    scene = Scene()
    waiting = _flows.wait_for_session(scene.channel, scene.login)
    next(waiting)
    assert waiting.send(PENDING) == Wait(5.0)
    scene.fail(WrongCode, wrong())
    assert waiting.send(None) == Wait(5.0)


def test_neither_the_request_nor_the_pending_login_shows_them() -> None:
    scene = Scene()
    scene.submit(TAKEN)
    assert DIGITS not in repr(scene.play.requests) + repr(scene.login) + repr(scene.channel)
