# SPDX-License-Identifier: Apache-2.0
"""The digits of the mail, typed into a whole client, while it waits and before: in threads and in tasks."""

import asyncio
import functools
import logging
import threading
import traceback
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from counterfoil_client import AsyncClient, Client, MemoryStore, Session
from counterfoil_client._surroundings import Surroundings
from counterfoil_client.errors import (
    CounterfoilError,
    DeviceNotEnrolled,
    LoginCancelled,
    LoginDenied,
    LoginEnded,
    LoginExpired,
    LoginInvalid,
    LoginLocked,
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
    DIGITS,
    ISSUER,
    MAIL_CODE_ENDPOINT,
    METADATA,
    STARTED,
    TOKENS,
    Clock,
)

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
            return httpx2.Response(200, json={**METADATA, "mail_code_endpoint": MAIL_CODE_ENDPOINT})
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


def test_the_pending_login_of_a_client_does_not_show_them() -> None:
    fake = FakeService()
    with fake.client() as client:
        login = client.start_login("ada@example.com")
        login.submit_code(right(fake))
        assert right(fake) not in repr(login) + repr(vars(login))
