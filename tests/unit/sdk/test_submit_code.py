# SPDX-License-Identifier: Apache-2.0
"""The digits of the mail: what is sent and how often, what is believed, and what a wait beside it makes of it."""

import asyncio
import functools
import logging
import pickle
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from counterfoil_client import AsyncClient, Client, MemoryStore, Session, _flows
from counterfoil_client._effects import Flow, Request, Response, Unreachable, Wait
from counterfoil_client._surroundings import Surroundings
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
from counterfoil_client.session import Progress
from counterfoil_client.testing import FakeService
from unit.sdk.stage import (
    DEVICE_CODE,
    GRANTED,
    ISSUER,
    METADATA,
    OFFLINE,
    PENDING,
    PLAIN_POLL,
    SLOW_DOWN,
    STARTED,
    TOKENS,
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

DIGITS = "12345678"
ENDPOINT = f"{ISSUER}/oauth/mail_code"
SUBMIT = Sent("/oauth/mail_code")
TAKEN = reply(200, {})
GONE = refusal("invalid_grant")
TROUBLE = reply(503, b"")


def wrong(tries_left: object = 4) -> Response:
    return reply(400, {"error": "code_mismatch", "error_description": "No.", "tries_left": tries_left})


def answer(flow: Flow[None], given: Response | Unreachable) -> Request | Wait:
    return flow.throw(given) if isinstance(given, Unreachable) else flow.send(given)


class Scene:
    """A login on a service that takes codes of mails."""

    def __init__(self, *, metadata: dict[str, Any] | None = None, **changes: Any) -> None:
        self.clock = Clock()
        self.channel = a_channel(self.clock, discovered=False)
        found = {**METADATA, "mail_code_endpoint": ENDPOINT} if metadata is None else metadata
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
    assert (request.method, request.url) == ("POST", ENDPOINT)
    assert request.form == (
        ("client_id", "desktop"),
        ("device_code", DEVICE_CODE),
        ("mail_code", DIGITS),
        ("device_fingerprint", "eyJ2IjoxfQ"),
    )
    assert (claims_of(request)["htu"], claims_of(request)["htm"]) == (ENDPOINT, "POST")


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
        [ENDPOINT],
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


KINDS = pytest.mark.parametrize("kind", ["sync", "async"])


def right(fake: FakeService) -> str:
    return fake.last_login.mail_code


def other(fake: FakeService) -> str:
    """Eight digits that are wrong for certain."""
    return f"{(int(right(fake)) + 1) % 10**8:08d}"


def tell(kind: str, fake: FakeService, *typed: Callable[[FakeService], str], **wishes: Any) -> Session:
    """Start a login, type what is to be typed, wait."""
    if kind == "sync":
        with fake.client() as client:
            login = client.start_login("ada@example.com", **wishes)
            for one in typed:
                login.submit_code(one(fake))
            return login.wait()

    async def story() -> Session:
        async with fake.async_client() as client:
            login = await client.start_login("ada@example.com", **wishes)
            for one in typed:
                await login.submit_code(one(fake))
            return await login.wait()

    return asyncio.run(story())


@KINDS
def test_the_right_digits_bring_the_session(kind: str) -> None:
    fake = FakeService()
    assert tell(kind, fake, right).subject == "user-of-ada@example.com"
    assert (fake.last_login.state, len(fake.sessions)) == ("consumed", 1)


@KINDS
def test_digits_typed_twice_are_no_trouble(kind: str) -> None:
    fake = FakeService()
    assert tell(kind, fake, right, right).session_id == "session-of-login-1"


@KINDS
def test_digits_after_the_link_was_approved_are_no_trouble_even_wrong_ones(kind: str) -> None:
    fake = FakeService()

    def late(fake: FakeService) -> str:
        fake.approve(fake.last_login.login_id)
        return other(fake)

    assert tell(kind, fake, late).session_id == "session-of-login-1"


@KINDS
def test_a_lost_answer_to_the_right_digits_is_no_trouble(kind: str) -> None:
    fake = FakeService()

    def unlucky(fake: FakeService) -> str:
        fake.lose_next_answer()
        return right(fake)

    assert tell(kind, fake, unlucky).session_id == "session-of-login-1"


@KINDS
@pytest.mark.parametrize(
    ("verb", "error"),
    [
        ("deny", LoginDenied),
        ("lock", LoginLocked),
        ("refuse_device", DeviceNotEnrolled),
        ("expire", LoginExpired),
    ],
)
def test_digits_for_a_login_that_was_decided_say_how(kind: str, verb: str, error: type[LoginEnded]) -> None:
    fake = FakeService()

    def late(fake: FakeService) -> str:
        getattr(fake, verb)(fake.last_login.login_id)
        return right(fake)

    with pytest.raises(LoginEnded) as caught:
        tell(kind, fake, late)
    assert type(caught.value) is error


@KINDS
def test_offline_is_offline(kind: str) -> None:
    fake = FakeService()

    def nowhere(fake: FakeService) -> str:
        fake.go_offline()
        return right(fake)

    with pytest.raises(ServiceUnreachable):
        tell(kind, fake, nowhere)


@KINDS
def test_a_service_that_is_busy_for_a_moment_is_no_trouble_and_for_longer_it_is(kind: str) -> None:
    fake = FakeService()
    fake.be_busy(4)
    assert tell(kind, fake, right).subject
    fake.be_busy(5)
    with pytest.raises(RateLimited):
        tell(kind, fake, right)


@KINDS
def test_an_application_without_mail_codes_hears_so(kind: str) -> None:
    fake = FakeService()
    fake.refuse_mail_codes()
    with pytest.raises(ServiceRefused, match="unauthorized_client"):
        tell(kind, fake, right)


def test_five_wrong_codes_lock_the_login_and_then_the_right_one_is_not_even_sent() -> None:
    fake = FakeService()
    left: list[int | None] = []
    with fake.client() as client:
        login = client.start_login("ada@example.com")
        for _ in range(4):
            with pytest.raises(WrongCode) as caught:
                login.submit_code(other(fake))
            left.append(caught.value.tries_left)
        with pytest.raises(LoginLocked):
            login.submit_code(other(fake))
        assert left == [4, 3, 2, 1]
        for repeat in (lambda: login.submit_code(right(fake)), login.wait):
            with pytest.raises(LoginLocked):
                repeat()
    assert (fake.last_login.state, fake.last_login.mail_code_misses, fake.sessions) == ("locked", 5, [])


async def test_five_wrong_codes_lock_the_login_in_a_task_too() -> None:
    fake = FakeService()
    async with fake.async_client() as client:
        login = await client.start_login("ada@example.com")
        for expected in (4, 3, 2, 1):
            with pytest.raises(WrongCode) as caught:
                await login.submit_code(other(fake))
            assert caught.value.tries_left == expected
        with pytest.raises(LoginLocked):
            await login.submit_code(other(fake))
        with pytest.raises(LoginLocked):
            await login.wait()


def test_four_wrong_codes_and_then_the_right_one_are_enough() -> None:
    fake = FakeService()
    with fake.client() as client:
        login = client.start_login("ada@example.com")
        for _ in range(4):
            with pytest.raises(WrongCode):
                login.submit_code(other(fake))
        login.submit_code(right(fake))
        assert login.wait().subject


def test_digits_of_the_login_before_are_worth_nothing() -> None:
    fake = FakeService()
    with fake.client() as client:
        older = client.start_login("ada@example.com")
        newer = client.start_login("ada@example.com")
        with pytest.raises(LoginInvalid):
            older.submit_code(fake.logins[0].mail_code)
        with pytest.raises(WrongCode):
            newer.submit_code(fake.logins[0].mail_code)


def test_a_cancelled_login_takes_no_digits() -> None:
    fake = FakeService()
    with fake.client() as client:
        with client.start_login("ada@example.com") as login:
            pass
        with pytest.raises(LoginCancelled):
            login.submit_code(right(fake))


def test_a_locked_login_listens_for_no_browser_any_more() -> None:
    fake = FakeService()
    with fake.client() as client:
        login = client.start_login("ada@example.com", redirect="loopback")
        assert login._listener is not None
        closed = threading.Event()
        login._listener.close = closed.set  # type: ignore[method-assign]  # seen from here
        with pytest.raises(WrongCode):
            login.submit_code(other(fake))
        assert not closed.is_set()
        fake.lock(login.login_id)
        with pytest.raises(LoginLocked):
            login.submit_code(right(fake))
        assert closed.is_set()


async def test_a_locked_login_of_a_task_listens_for_no_browser_any_more() -> None:
    fake = FakeService()
    async with fake.async_client() as client:
        login = await client.start_login("ada@example.com", redirect="loopback")
        assert login._listener is not None
        closed = threading.Event()
        login._listener.close = closed.set  # type: ignore[method-assign]  # seen from here
        fake.lock(login.login_id)
        with pytest.raises(LoginLocked):
            await login.submit_code(right(fake))
        assert closed.is_set()


def test_digits_are_typed_while_another_thread_waits() -> None:
    fake = FakeService(patience=10)
    sessions: list[Session] = []
    with fake.client() as client:
        login = client.start_login("ada@example.com")
        polling = threading.Event()
        wait = functools.partial(login.wait, on_progress=lambda _: polling.set())
        waiter = threading.Thread(target=lambda: sessions.append(wait()), daemon=True)
        waiter.start()
        assert polling.wait(10)
        with pytest.raises(WrongCode):
            login.submit_code(other(fake))
        assert waiter.is_alive()
        login.submit_code(right(fake))
        waiter.join(10)
    assert [session.subject for session in sessions] == ["user-of-ada@example.com"]


async def test_digits_are_typed_while_another_task_waits() -> None:
    fake = FakeService(patience=10)
    async with fake.async_client() as client:
        login = await client.start_login("ada@example.com")
        polling = asyncio.Event()
        task = asyncio.create_task(login.wait(on_progress=lambda _: polling.set()))
        await polling.wait()
        with pytest.raises(WrongCode):
            await login.submit_code(other(fake))
        assert not task.done()
        await login.submit_code(right(fake))
        async with asyncio.timeout(10):
            assert (await task).subject == "user-of-ada@example.com"


class Hourly:
    """A service without long polls that is asked once an hour, so that nothing but the code can end the pause."""

    def __init__(self) -> None:
        self.approved = False
        self.polls = 0

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            return httpx2.Response(200, json={**METADATA, "mail_code_endpoint": ENDPOINT})
        if request.url.path == "/oauth/mail_code":
            body = request.content.decode()
            if f"mail_code={DIGITS}" not in body:
                return httpx2.Response(400, json={"error": "code_mismatch", "tries_left": 1})
            self.approved = True
            return httpx2.Response(200, json={})
        if request.url.path == "/oauth/token":
            self.polls += 1
            pending = httpx2.Response(400, json={"error": "authorization_pending"})
            return httpx2.Response(200, json=TOKENS) if self.approved else pending
        return httpx2.Response(200, json={**STARTED, "interval": 3600, "expires_in": 86_400, "poll_wait_max": 0})


class Patient(Surroundings):
    """The real waits; who is woken and does not go back to sleep is caught."""

    def __init__(self) -> None:
        self.pauses = 0

    def pause(self, seconds: float, stop: threading.Event) -> None:
        self._count()
        super().pause(seconds, stop)

    async def apause(self, seconds: float, stop: asyncio.Event) -> None:
        self._count()
        await super().apause(seconds, stop)

    def _count(self) -> None:
        self.pauses += 1
        assert self.pauses < 10, "the wait spins"


def test_the_right_digits_wake_a_thread_that_pauses() -> None:
    service, pausing = Hourly(), threading.Event()
    http = httpx2.Client(transport=httpx2.MockTransport(service.handle))
    client = Client(ISSUER, "desktop", store=MemoryStore(), http=http, surroundings=Patient())
    login = client.start_login("ada@example.com")
    sessions: list[Session] = []

    def told(progress: Progress) -> None:
        if progress.retry_in > 1000:
            pausing.set()

    waiter = threading.Thread(target=lambda: sessions.append(login.wait(on_progress=told)), daemon=True)
    waiter.start()
    assert pausing.wait(10)
    with pytest.raises(WrongCode):
        login.submit_code("00000000")
    waiter.join(0.3)
    assert waiter.is_alive()
    assert service.polls == 1, "a wrong code asks for nothing"
    login.submit_code(DIGITS)
    waiter.join(10)
    assert [session.subject for session in sessions] == ["person-1"]
    assert service.polls == 2


async def test_the_right_digits_wake_a_task_that_pauses() -> None:
    service, pausing = Hourly(), asyncio.Event()
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(service.handle))
    client = AsyncClient(ISSUER, "desktop", store=MemoryStore(), http=http, surroundings=Patient())
    login = await client.start_login("ada@example.com")

    def told(progress: Progress) -> None:
        if progress.retry_in > 1000:
            pausing.set()

    task = asyncio.create_task(login.wait(on_progress=told))
    await pausing.wait()
    with pytest.raises(WrongCode):
        await login.submit_code("00000000")
    done, _ = await asyncio.wait([task], timeout=0.3)
    assert (done, service.polls) == (set(), 1)
    await login.submit_code(DIGITS)
    async with asyncio.timeout(10):
        assert (await task).subject == "person-1"
    assert service.polls == 2


EVIL = {
    "wifi": (200, {"content-type": "text/html"}, b"<html>sign in to the wifi</html>"),
    "redirect": (302, {"location": "https://evil.example/"}, b""),
    "packed": (200, {"content-type": "application/json", "content-encoding": "gzip"}, b"{}"),
    "list": (200, {"content-type": "application/json"}, b"[]"),
    "endless": (200, {"content-type": "application/json"}, b" " * 70_000 + b"{}"),
    "tries": (400, {"content-type": "application/json"}, b'{"error":"code_mismatch","tries_left":-5}'),
    "nonce": (400, {"content-type": "application/json"}, b'{"error":"use_dpop_nonce"}'),
}


def against(kind: str, evil: tuple[int, dict[str, str], bytes]) -> None:
    """Type digits where the service gives this answer to them."""
    service, (status, headers, body) = Hourly(), evil

    def handle(request: httpx2.Request) -> httpx2.Response:
        assert request.url.host == "id.example", "the client went elsewhere"
        if request.url.path == "/oauth/mail_code":
            return httpx2.Response(status, headers=headers, stream=httpx2.ByteStream(body))
        return service.handle(request)

    if kind == "sync":
        http = httpx2.Client(transport=httpx2.MockTransport(handle), follow_redirects=True)
        client = Client(ISSUER, "desktop", store=MemoryStore(), http=http, surroundings=Clock())
        client.start_login("ada@example.com").submit_code(DIGITS)
        return

    async def story() -> None:
        http = httpx2.AsyncClient(transport=httpx2.MockTransport(handle), follow_redirects=True)
        client = AsyncClient(ISSUER, "desktop", store=MemoryStore(), http=http, surroundings=Clock())
        await (await client.start_login("ada@example.com")).submit_code(DIGITS)

    asyncio.run(story())


@KINDS
@pytest.mark.parametrize("evil", EVIL.values(), ids=EVIL)
def test_a_hostile_answer_over_the_wire_is_unexpected_and_nothing_else(
    kind: str, evil: tuple[int, dict[str, str], bytes]
) -> None:
    with pytest.raises(UnexpectedResponse) as caught:
        against(kind, evil)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caught.value.hint
    assert DIGITS not in told
    assert DEVICE_CODE not in told


@KINDS
@pytest.mark.parametrize(
    "typed",
    [
        lambda fake: right(fake)[:7],
        lambda fake: right(fake) + "x",
        other,
        lambda fake: fake.go_offline() or right(fake),
    ],
    ids=["too short", "too long", "wrong", "offline"],
)
def test_no_digits_are_shown_or_logged(
    kind: str, typed: Callable[[FakeService], str], caplog: pytest.LogCaptureFixture
) -> None:
    fake = FakeService()
    given: list[str] = []

    def type_in(fake: FakeService) -> str:
        given.append(typed(fake))
        return given[0]

    with caplog.at_level(logging.DEBUG), pytest.raises(CounterfoilError) as caught:
        tell(kind, fake, type_in)
    error = caught.value
    shown = "".join(traceback.format_exception(error)) + repr(error) + error.hint + repr(vars(error)) + repr(error.args)
    for text in (shown, caplog.text, repr(fake.logins), repr(fake.last_login)):
        assert given[0] not in text
        assert right(fake) not in text
        assert fake.last_login.device_code not in text


def test_neither_the_request_nor_the_pending_login_shows_them() -> None:
    scene = Scene()
    scene.submit(TAKEN)
    assert DIGITS not in repr(scene.play.requests) + repr(scene.login) + repr(scene.channel)
    fake = FakeService()
    with fake.client() as client:
        login = client.start_login("ada@example.com")
        login.submit_code(right(fake))
        assert right(fake) not in repr(login) + repr(vars(login))
