# SPDX-License-Identifier: Apache-2.0
"""Both clients on the fake service: the same stories, the same names, and who may stop whom."""

import asyncio
import inspect
import socket
import threading
from collections.abc import Callable
from datetime import UTC
from typing import Any

import httpx2
import pytest

from counterfoil_client import (
    AlreadyWaiting,
    AsyncClient,
    AsyncPendingLogin,
    Client,
    ConfigurationError,
    CounterfoilError,
    DeviceNotEnrolled,
    LoginCancelled,
    LoginDenied,
    LoginExpired,
    LoginInvalid,
    LoginLocked,
    MemoryStore,
    PendingLogin,
    Progress,
    ServiceUnreachable,
    Session,
)
from counterfoil_client.testing import FakeService
from unit.sdk.stage import ISSUER, METADATA, STARTED, Clock, refusal

TWINS = [(Client, AsyncClient), (PendingLogin, AsyncPendingLogin)]


def tell(kind: str, fake: FakeService, decide: Callable[[str], object]) -> Session:
    """Start a login, let somebody decide, wait."""
    if kind == "sync":
        with fake.client() as client:
            login = client.start_login("ada@example.com")
            decide(login.login_id)
            return login.wait()

    async def story() -> Session:
        async with fake.async_client() as client:
            login = await client.start_login("ada@example.com")
            decide(login.login_id)
            return await login.wait()

    return asyncio.run(story())


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def test_an_approved_login_gives_a_session(kind: str) -> None:
    fake = FakeService()
    session = tell(kind, fake, fake.approve)
    assert session.subject == fake.last_login.subject
    assert session.expires_at.tzinfo is UTC
    assert fake.last_login.state == "consumed"


@pytest.mark.parametrize(
    ("verb", "error"),
    [
        ("deny", LoginDenied),
        ("lock", LoginLocked),
        ("refuse_device", DeviceNotEnrolled),
        ("expire", LoginExpired),
    ],
    ids=str,
)
def test_every_other_end_is_an_error_of_its_own(kind: str, verb: str, error: type[CounterfoilError]) -> None:
    fake = FakeService()
    with pytest.raises(error) as caught:
        tell(kind, fake, getattr(fake, verb))
    assert type(caught.value) is error


def test_a_login_nobody_decides_expires(kind: str) -> None:
    with pytest.raises(LoginExpired):
        tell(kind, FakeService(), lambda login_id: login_id)


def test_no_secret_is_shown(kind: str) -> None:
    fake = FakeService()
    session = tell(kind, fake, fake.approve)
    assert session.refresh_token is not None
    shown = repr(session) + str(session) + repr(fake.last_login)
    for secret in (session.access_token, session.refresh_token, fake.last_login.device_code):
        assert secret not in shown


def test_leaving_the_block_without_a_session_cancels() -> None:
    fake = FakeService()
    with fake.client() as client, client.start_login("ada@example.com") as login:
        assert fake.last_login.user_code == login.user_code
    assert fake.last_login.state == "cancelled"
    with pytest.raises(LoginCancelled):
        login.wait()


async def test_leaving_the_async_block_without_a_session_cancels() -> None:
    fake = FakeService()
    async with fake.async_client() as client, await client.start_login("ada@example.com") as login:
        assert fake.last_login.user_code == login.user_code
    assert fake.last_login.state == "cancelled"
    with pytest.raises(LoginCancelled):
        await login.wait()


def test_leaving_the_block_with_a_session_does_not() -> None:
    fake = FakeService()
    with fake.client() as client, client.start_login("ada@example.com") as login:
        fake.approve(login.login_id)
        session = login.wait()
    assert fake.last_login.state == "consumed"
    login.cancel()
    assert login.wait() is session


def test_leaving_the_block_offline_is_quiet_and_the_error_inside_survives() -> None:
    fake = FakeService()

    def leave() -> None:
        with fake.client() as client, client.start_login("ada@example.com"):
            fake.go_offline()
            raise LookupError

    with pytest.raises(LookupError):
        leave()


async def test_leaving_the_async_block_offline_is_quiet() -> None:
    fake = FakeService()
    async with fake.async_client() as client, await client.start_login("ada@example.com"):
        fake.go_offline()


def test_a_cancel_offline_says_so_and_still_ends_the_wait_here() -> None:
    fake = FakeService()
    with fake.client() as client:
        login = client.start_login("ada@example.com")
        fake.go_offline()
        with pytest.raises(ServiceUnreachable):
            login.cancel()
        with pytest.raises(LoginCancelled):
            login.wait()
        fake.go_online()
        login.cancel()
    assert fake.last_login.state == "cancelled"


def test_a_newer_login_of_the_same_device_replaces_the_older() -> None:
    fake = FakeService()
    with fake.client() as client:
        older = client.start_login("ada@example.com")
        newer = client.start_login("ada@example.com")
        with pytest.raises(LoginInvalid):
            older.wait()
        fake.approve(newer.login_id)
        assert newer.wait().subject


def test_a_login_survives_a_time_without_network() -> None:
    fake = FakeService()
    seen: list[str] = []

    def come_and_go(progress: Progress) -> None:
        seen.append(progress.state)
        if progress.attempt == 1:
            fake.go_offline()
        if progress.attempt == 4:
            fake.go_online()
            fake.approve(fake.last_login.login_id)

    with fake.client() as client:
        assert client.start_login("ada@example.com").wait(on_progress=come_and_go).subject
    assert seen == ["waiting", "unreachable", "unreachable", "unreachable"]


def test_a_cancel_from_another_thread_wakes_a_pause() -> None:
    """The real waits, on a service without long polls: only the event can end an hour's pause."""
    waiting = threading.Event()
    raised: list[BaseException] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/oauth/revoke":
            return httpx2.Response(200)
        if request.method == "GET":
            return httpx2.Response(200, json=METADATA)
        if request.url.path == "/oauth/token":
            return httpx2.Response(400, json={"error": "authorization_pending"})
        return httpx2.Response(200, json={**STARTED, "interval": 3600, "expires_in": 86_400, "poll_wait_max": 0})

    def told(progress: Progress) -> None:
        if progress.retry_in > 1000:
            waiting.set()

    http = httpx2.Client(transport=httpx2.MockTransport(handle))
    login = Client(ISSUER, "desktop", store=MemoryStore(), http=http).start_login("ada@example.com")

    def wait() -> None:
        try:
            login.wait(on_progress=told)
        except CounterfoilError as error:
            raised.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    assert waiting.wait(10)
    login.cancel()
    thread.join(10)
    assert not thread.is_alive()
    assert [type(error) for error in raised] == [LoginCancelled]


def test_a_cancel_from_another_thread_ends_a_held_poll() -> None:
    """The service answers the held poll when it learns of the cancel, as the real one does."""
    held, cancelled = threading.Event(), threading.Event()

    def handle(request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            return httpx2.Response(200, json=METADATA)
        if request.url.path == "/oauth/revoke":
            cancelled.set()
            return httpx2.Response(200)
        if request.url.path == "/oauth/token":
            held.set()
            assert cancelled.wait(10)
            return httpx2.Response(400, json={"error": "invalid_grant"})
        return httpx2.Response(200, json=STARTED)

    http = httpx2.Client(transport=httpx2.MockTransport(handle))
    login = Client(ISSUER, "desktop", store=MemoryStore(), http=http).start_login("ada@example.com")
    raised: list[BaseException] = []

    def wait() -> None:
        try:
            login.wait()
        except CounterfoilError as error:
            raised.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    assert held.wait(10)
    with pytest.raises(AlreadyWaiting):
        login.wait()
    login.cancel()
    thread.join(10)
    assert [type(error) for error in raised] == [LoginCancelled]


def a_service_that_holds(held: asyncio.Event, let_go: asyncio.Event) -> httpx2.AsyncClient:
    async def handle(request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            return httpx2.Response(200, json=METADATA)
        if request.url.path == "/oauth/revoke":
            let_go.set()
            return httpx2.Response(200)
        if request.url.path == "/oauth/token":
            held.set()
            await let_go.wait()
            return httpx2.Response(400, json={"error": "invalid_grant"})
        return httpx2.Response(200, json=STARTED)

    return httpx2.AsyncClient(transport=httpx2.MockTransport(handle))


async def test_a_cancel_from_another_task_ends_a_held_poll() -> None:
    held, let_go = asyncio.Event(), asyncio.Event()
    client = AsyncClient(
        ISSUER, "desktop", store=MemoryStore(), http=a_service_that_holds(held, let_go), surroundings=Clock()
    )
    login = await client.start_login("ada@example.com")
    task = asyncio.create_task(login.wait())
    await held.wait()
    with pytest.raises(AlreadyWaiting):
        await login.wait()
    await login.cancel()
    with pytest.raises(LoginCancelled):
        await task


async def test_cancelling_the_task_leaves_the_login_open_for_another_wait() -> None:
    held, let_go = asyncio.Event(), asyncio.Event()
    client = AsyncClient(
        ISSUER, "desktop", store=MemoryStore(), http=a_service_that_holds(held, let_go), surroundings=Clock()
    )
    login = await client.start_login("ada@example.com")
    task = asyncio.create_task(login.wait())
    await held.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    let_go.set()
    with pytest.raises(LoginInvalid):
        await login.wait()


async def test_a_cancelled_block_still_tells_the_service() -> None:
    held, let_go = asyncio.Event(), asyncio.Event()
    client = AsyncClient(
        ISSUER, "desktop", store=MemoryStore(), http=a_service_that_holds(held, let_go), surroundings=Clock()
    )

    async def sign_in() -> None:
        async with await client.start_login("ada@example.com") as login:
            await login.wait()

    task = asyncio.create_task(sign_in())
    await held.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert let_go.is_set(), "the revocation was sent"


async def test_an_async_cancel_wakes_a_pause() -> None:
    def handle(request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            return httpx2.Response(200, json=METADATA)
        if request.url.path == "/oauth/token":
            return httpx2.Response(400, json={"error": "authorization_pending"})
        return httpx2.Response(200, json={**STARTED, "interval": 3600, "poll_wait_max": 0})

    pausing = asyncio.Event()

    def told(progress: Progress) -> None:
        if progress.attempt == 2:
            pausing.set()

    http = httpx2.AsyncClient(transport=httpx2.MockTransport(handle))
    login = await AsyncClient(ISSUER, "desktop", store=MemoryStore(), http=http).start_login("ada@example.com")
    task = asyncio.create_task(login.wait(on_progress=told))
    await pausing.wait()
    await login.cancel()
    with pytest.raises(LoginCancelled):
        async with asyncio.timeout(10):
            await task


def test_a_handed_in_client_is_not_closed() -> None:
    http = httpx2.Client(transport=httpx2.MockTransport(lambda request: httpx2.Response(404, request=request)))
    with Client(ISSUER, "desktop", store=MemoryStore(), http=http):
        pass
    assert not http.is_closed


async def test_a_handed_in_async_client_is_not_closed() -> None:
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(lambda request: httpx2.Response(404, request=request)))
    async with AsyncClient(ISSUER, "desktop", store=MemoryStore(), http=http):
        pass
    assert not http.is_closed


def test_an_own_client_is_closed() -> None:
    client = Client(ISSUER, "desktop", store=MemoryStore())
    client.close()
    assert client._sender._http.is_closed


async def test_an_own_async_client_is_closed() -> None:
    client = AsyncClient(ISSUER, "desktop", store=MemoryStore())
    await client.close()
    assert client._sender._http.is_closed


@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_a_service_on_this_machine_is_never_asked_through_a_proxy(
    client: type[Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://proxy.example:3128")
    local = client("http://127.0.0.1:8000", "desktop", store=MemoryStore())
    remote = client(ISSUER, "desktop", store=MemoryStore())
    assert (local._sender._http.trust_env, remote._sender._http.trust_env) == (False, True)


def test_a_block_left_by_another_thread_is_a_cancel_there_too() -> None:
    fake = FakeService()
    with fake.client() as client:
        with client.start_login("ada@example.com") as login:
            fake.go_offline()
        with pytest.raises(LoginCancelled):
            login.wait()


def test_nobody_listening_is_unreachable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        client = Client(f"http://127.0.0.1:{port}", "desktop", store=MemoryStore(), surroundings=Clock())
        with client, pytest.raises(ServiceUnreachable):
            client.start_login("ada@example.com")


@pytest.mark.parametrize("client_id", ["", "a\nb", "ü"])
@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_an_impossible_client_id_is_refused_at_once(client: type[Client], client_id: str) -> None:
    with pytest.raises(ConfigurationError, match="client_id"):
        client(ISSUER, client_id, store=MemoryStore())


def test_the_key_is_asked_for_once_and_a_retry_uses_the_same() -> None:
    asked: list[tuple[str, str]] = []

    class Counting(MemoryStore):
        def key_for(self, issuer: str, client_id: str) -> Any:
            asked.append((issuer, client_id))
            return super().key_for(issuer, client_id)

    fake = FakeService()
    with fake.client(store=Counting()) as client:
        client.start_login("ada@example.com")
        client.start_login("ada@example.com")
    assert asked == [(ISSUER, "desktop")]


def public(one: type) -> dict[str, Any]:
    return {name: member for name, member in inspect.getmembers(one) if not name.startswith("_")}


@pytest.mark.parametrize("twins", TWINS)
def test_twins_have_the_same_names(twins: tuple[type, type]) -> None:
    first, second = twins
    assert list(public(first)) == list(public(second))


@pytest.mark.parametrize("twins", TWINS)
def test_twins_have_the_same_parameters_and_first_lines(twins: tuple[type, type]) -> None:
    first, second = twins
    for name in [*public(first), "__init__"]:
        one, other = getattr(first, name), getattr(second, name)
        if not callable(one):
            assert one is other, "facts come from one place"
            continue
        parameters = [
            [(p.name, p.kind, p.default) for p in inspect.signature(f).parameters.values()] for f in (one, other)
        ]
        assert parameters[0] == parameters[1]
        if name != "__init__":
            assert (inspect.getdoc(one) or "").splitlines()[0] == (inspect.getdoc(other) or "").splitlines()[0]


@pytest.mark.parametrize("twins", TWINS)
def test_twins_are_context_managers(twins: tuple[type, type]) -> None:
    first, second = twins
    assert hasattr(first, "__enter__")
    assert hasattr(second, "__aenter__")
    assert not hasattr(second, "__enter__"), "a forgotten async must not pass silently"


def test_a_refusal_at_the_token_endpoint_reaches_the_application() -> None:
    def handle(request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            return httpx2.Response(200, json=METADATA)
        found = refusal("invalid_client", status=401)
        return httpx2.Response(found.status, headers=dict(found.headers), content=found.body)

    http = httpx2.Client(transport=httpx2.MockTransport(handle))
    with pytest.raises(CounterfoilError, match="invalid_client"):
        Client(ISSUER, "desktop", store=MemoryStore(), http=http).start_login("ada@example.com")
