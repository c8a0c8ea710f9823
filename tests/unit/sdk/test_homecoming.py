# SPDX-License-Identifier: Apache-2.0
"""Coming home through the browser, with both clients: real loopback sockets, and a race with the poll that one wins."""

import asyncio
import contextlib
import gc
import http.client
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import httpx2
import msgspec
import pytest

from counterfoil_client import (
    AsyncClient,
    AsyncPendingLogin,
    Client,
    ConfigurationError,
    LoginCancelled,
    LoginDenied,
    LoginInvalid,
    MemoryStore,
    PendingLogin,
    ServiceUnreachable,
    Session,
    UnexpectedRedirect,
    WaitTimeout,
)
from counterfoil_client._drive import AsyncRunner, Runner
from counterfoil_client._effects import Flow, Request, Response, Settle
from counterfoil_client.testing import FakeService
from unit.sdk.stage import ISSUER, METADATA, STARTED, TOKENS, Clock

DEEP = "com.example.app:/x?item=42&y=%20"
PROMPT = 5.0


def visit(url: str) -> int:
    """Go there as a browser would; return the status."""
    address = urlsplit(url)
    assert address.hostname is not None
    line = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
    try:
        line.request("GET", f"{address.path}?{address.query}")
        answer = line.getresponse()
        answer.read()
        return answer.status
    finally:
        line.close()


def is_closed(login: PendingLogin | AsyncPendingLogin) -> bool:
    home = login._login.way_home
    assert home is not None
    port = urlsplit(home.redirect_uri).port
    for host in ("127.0.0.1", "::1"):
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
            return False
    return True


@contextlib.contextmanager
def waiting(login: PendingLogin) -> Iterator[list[Session | Exception]]:
    """A wait on a thread of its own; what came of it is in the list when the block is left."""
    found: list[Session | Exception] = []
    asking = threading.Event()

    def wait() -> None:
        try:
            found.append(login.wait(on_progress=lambda _: asking.set()))
        except Exception as error:  # noqa: BLE001 - the test looks at it
            found.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    assert asking.wait(10)
    yield found
    thread.join(10)
    assert not thread.is_alive()


def test_the_browser_on_this_computer_brings_the_session() -> None:
    fake = FakeService(patience=60)
    with fake.client() as client:
        login = client.start_login("ada@example.com", redirect="loopback")
        began = time.monotonic()
        with waiting(login) as found:
            assert visit(fake.return_here(login.login_id)) == 200
        assert time.monotonic() - began < PROMPT
    (session,) = found
    assert isinstance(session, Session)
    assert session.subject == "user-of-ada@example.com"
    assert fake.last_login.state == "consumed"
    assert [one.ended for one in fake.sessions] == [False]
    assert is_closed(login)


async def test_the_browser_on_this_computer_brings_the_session_to_a_task() -> None:
    fake = FakeService(patience=60)
    async with fake.async_client() as client:
        login = await client.start_login("ada@example.com", redirect="loopback")
        asking = asyncio.Event()
        task = asyncio.create_task(login.wait(on_progress=lambda _: asking.set()))
        await asking.wait()
        began = time.monotonic()
        assert await asyncio.to_thread(visit, fake.return_here(login.login_id)) == 200
        assert (await task).subject == "user-of-ada@example.com"
        assert time.monotonic() - began < PROMPT
    assert [one.ended for one in fake.sessions] == [False]
    assert is_closed(login)


def test_a_browser_that_is_faster_than_the_wait_is_not_lost() -> None:
    fake = FakeService()
    with fake.client() as client:
        login = client.start_login("ada@example.com", redirect="http://127.0.0.1/other/path")
        url = fake.return_here(login.login_id)
        assert urlsplit(url).path == "/other/path"
        assert visit(url) == 200
        assert login.wait() is login.wait()


def test_an_approval_elsewhere_wins_and_closes_the_doors() -> None:
    fake = FakeService()
    with fake.client() as client:
        login = client.start_login("ada@example.com", redirect="loopback")
        url = fake.return_here(login.login_id)
        fake.approve(login.login_id)
        assert login.wait().subject
        assert is_closed(login)
        with pytest.raises(OSError, match="refused"):
            visit(url)


def test_a_denial_closes_the_doors() -> None:
    fake = FakeService()
    with fake.client() as client:
        login = client.start_login("ada@example.com", redirect="loopback")
        fake.deny(login.login_id)
        with pytest.raises(LoginDenied):
            login.wait()
        assert is_closed(login)


def test_a_time_out_leaves_them_open_for_the_next_wait() -> None:
    fake = FakeService(poll_wait_max=0)
    with fake.client() as client:
        login = client.start_login("ada@example.com", redirect="loopback")
        with pytest.raises(WaitTimeout):
            login.wait(timeout=3)
        assert visit(fake.return_here(login.login_id)) == 200
        assert login.wait().subject


def test_a_cancel_and_the_end_of_a_block_close_them_even_offline() -> None:
    fake = FakeService()
    with fake.client() as client:
        login = client.start_login("ada@example.com", redirect="loopback")
        with client.start_login("ada@example.com", redirect="loopback") as other:
            assert not is_closed(other)
            fake.go_offline()
        assert is_closed(other)
        with pytest.raises(ServiceUnreachable):
            login.cancel()
        assert is_closed(login)


async def test_a_cancel_and_the_end_of_a_block_close_them_for_tasks_too() -> None:
    fake = FakeService()
    async with fake.async_client() as client:
        login = await client.start_login("ada@example.com", redirect="loopback")
        async with await client.start_login("ada@example.com", redirect="loopback") as other:
            assert not is_closed(other)
        assert is_closed(other)
        await login.cancel()
        assert is_closed(login)


def listener_thread(login: PendingLogin | AsyncPendingLogin) -> threading.Thread:
    assert login._listener is not None
    assert login._listener._thread is not None
    return login._listener._thread


async def test_closing_the_client_closes_them() -> None:
    fake = FakeService()
    with fake.client() as client:
        login = client.start_login("ada@example.com", redirect="loopback")
    async with fake.async_client() as other:
        hers = await other.start_login("ada@example.com", redirect="loopback")
    for thread in (listener_thread(login), listener_thread(hers)):
        await asyncio.to_thread(thread.join, 10)
        assert not thread.is_alive()
    assert is_closed(login)
    assert is_closed(hers)


def test_a_login_that_nobody_holds_any_more_does_not_listen() -> None:
    fake = FakeService()
    with fake.client() as client:
        login = client.start_login("ada@example.com", redirect="loopback")
        thread = listener_thread(login)
        del login
        gc.collect()
        thread.join(10)
        assert not thread.is_alive()


async def test_the_same_for_a_task_and_a_cancelled_wait_keeps_listening() -> None:
    fake = FakeService(patience=60)
    async with fake.async_client() as client:
        login = await client.start_login("ada@example.com", redirect="loopback")
        asking = asyncio.Event()
        task = asyncio.create_task(login.wait(on_progress=lambda _: asking.set()))
        await asking.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not is_closed(login)
        thread = listener_thread(login)
        del login, task
        gc.collect()
        await asyncio.to_thread(thread.join, 10)
        assert not thread.is_alive()


def test_a_start_that_is_refused_leaves_nobody_listening() -> None:
    fake = FakeService()
    fake.go_offline()
    with fake.client() as client:
        with pytest.raises(ServiceUnreachable):
            client.start_login("ada@example.com", redirect="loopback")
        with pytest.raises(ConfigurationError, match="redirect must be"):
            client.start_login("ada@example.com", redirect="myapp:/x")
    assert [one for one in threading.enumerate() if one.name == "counterfoil-loopback"] == []
    assert fake.logins == []


def test_an_attacker_who_polls_and_knocks_throughout_gets_nothing() -> None:
    """A20: the attacker starts the login and polls; the code goes to the browser's own machine, not to the poll."""
    fake = FakeService(patience=60)
    stop = threading.Event()
    heard: list[type[Exception]] = []
    with fake.client() as ada, fake.client() as mallory:
        login = ada.start_login("ada@example.com", redirect="loopback")
        hers = mallory.start_login("mallory@example.com")
        hers._login.device_code = login._login.device_code
        url = fake.return_here(login.login_id)
        knocks = [
            url.replace("state=", "state=x"),
            url.replace("id.example", "evil.example"),
            url.partition("?")[0] + "?error=access_denied&state=x",
            url.replace("/callback", "/"),
        ]

        def poll() -> None:
            while not stop.is_set():
                hers._login.ended = None
                try:
                    hers.wait()
                except LoginInvalid as error:
                    heard.append(type(error))

        thread = threading.Thread(target=poll)
        thread.start()
        with waiting(login) as found:
            assert {visit(knocks[number % 4]) for number in range(12)} == {400, 404}
            assert found == []
            assert visit(url) == 200
        stop.set()
        thread.join(10)
    assert isinstance(found[0], Session)
    assert hers._login.session is None
    assert set(heard) == {LoginInvalid}
    assert len(fake.sessions) == 1


def test_the_operating_system_brings_the_url_and_its_own_query_is_kept() -> None:
    fake = FakeService()
    with fake.client() as client:
        login = client.start_login("ada@example.com", redirect=DEEP)
        url = fake.return_here(login.login_id)
        assert url.startswith("com.example.app:/x?item=42&y=%20&code=")
        assert login.handle_redirect(url)
        assert login.wait().subject == "user-of-ada@example.com"
        assert login.handle_redirect(url), "delivered twice is delivered once"
    assert [one.ended for one in fake.sessions] == [False]


async def test_the_operating_system_brings_the_url_to_a_task_while_another_waits() -> None:
    fake = FakeService(patience=60)
    async with fake.async_client() as client:
        login = await client.start_login("ada@example.com", redirect=DEEP)
        asking = asyncio.Event()
        task = asyncio.create_task(login.wait(on_progress=lambda _: asking.set()))
        await asking.wait()
        began = time.monotonic()
        assert await login.handle_redirect(fake.return_here(login.login_id))
        assert (await task).subject
        assert time.monotonic() - began < PROMPT


def test_who_comes_second_with_one_url_waits_for_what_the_first_gets() -> None:
    redeeming, go_on = threading.Event(), threading.Event()

    def handle(request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            return httpx2.Response(200, json=METADATA)
        if request.url.path != "/oauth/token":
            return httpx2.Response(200, json=STARTED)
        redeeming.set()
        assert go_on.wait(10)
        return httpx2.Response(200, json=TOKENS)

    http_client = httpx2.Client(transport=httpx2.MockTransport(handle))
    login = Client(ISSUER, "desktop", store=MemoryStore(), http=http_client).start_login("a@b.example", redirect=DEEP)
    home = login._login.way_home
    assert home is not None
    url = f"{DEEP}&code=c&state={home.state}&iss={ISSUER}"
    results: list[bool] = []
    first, second = (threading.Thread(target=lambda: results.append(login.handle_redirect(url))) for _ in range(2))
    first.start()
    assert redeeming.wait(10)
    second.start()
    second.join(0.2)
    assert second.is_alive()
    go_on.set()
    first.join(10)
    second.join(10)
    assert results == [True, True]


def settling() -> Flow[str]:
    yield Settle(20.0)
    return "settled"


def test_a_wait_for_a_redemption_is_real_and_ends_with_it() -> None:
    """Time that a test makes up must not pass it over, nor must it last longer than the redemption."""
    clock, turn = Clock(), threading.Lock()
    runner = Runner(lambda _: Response(200, {}), clock)
    began = time.monotonic()
    turn.acquire()
    threading.Timer(0.1, turn.release).start()
    assert runner.run(settling(), threading.Event(), turn) == "settled"
    assert 0.1 <= time.monotonic() - began < PROMPT
    assert clock.seconds == 0
    assert not turn.locked()


async def test_a_wait_of_a_task_for_a_redemption_is_real_too() -> None:
    clock, turn = Clock(), asyncio.Lock()
    began = time.monotonic()

    async def send(request: Request) -> Response:
        raise LookupError(request.url)

    await turn.acquire()
    asyncio.get_running_loop().call_later(0.1, turn.release)
    assert await AsyncRunner(send, clock).run(settling(), asyncio.Event(), turn) == "settled"
    assert 0.09 <= time.monotonic() - began < PROMPT
    assert clock.seconds == 0
    assert not turn.locked()


def test_two_threads_with_one_url_redeem_it_once() -> None:
    fake = FakeService()
    with fake.client() as client:
        login = client.start_login("ada@example.com", redirect=DEEP)
        url = fake.return_here(login.login_id)
        results: list[bool] = []
        threads = [threading.Thread(target=lambda: results.append(login.handle_redirect(url))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert results == [True] * 8
    assert [one.ended for one in fake.sessions] == [False]


def test_a_foreign_url_is_refused_and_uses_nothing_up() -> None:
    fake = FakeService()
    with fake.client() as ada, fake.client() as mallory:
        login = ada.start_login("ada@example.com", redirect=DEEP)
        foreign = fake.return_here(mallory.start_login("mallory@example.com", redirect=DEEP).login_id)
        with pytest.raises(UnexpectedRedirect, match="state"):
            login.handle_redirect(foreign)
        url = fake.return_here(login.login_id)
        for changed in (url.replace("state=", "state=A"), url.replace("id.example", "evil.example"), url + "#x", ""):
            with pytest.raises(UnexpectedRedirect):
                login.handle_redirect(changed)
        assert login.handle_redirect(url)
        assert login.wait().subject == "user-of-ada@example.com"


async def test_a_foreign_url_is_refused_for_a_task_too() -> None:
    fake = FakeService()
    async with fake.async_client() as client:
        login = await client.start_login("ada@example.com", redirect=DEEP)
        url = fake.return_here(login.login_id)
        with pytest.raises(UnexpectedRedirect):
            await login.handle_redirect(url.replace("iss=", "iss=x"))
        assert await login.handle_redirect(url)


def test_without_redirect_no_url_is_an_answer() -> None:
    fake = FakeService()
    with fake.client() as client:
        login = client.start_login("ada@example.com")
        with pytest.raises(ConfigurationError, match="without redirect"):
            login.handle_redirect("com.example.app:/x?code=a")


def test_after_a_cancel_the_url_is_worth_nothing() -> None:
    fake = FakeService()
    with fake.client() as client:
        login = client.start_login("ada@example.com", redirect=DEEP)
        url = fake.return_here(login.login_id)
        login.cancel()
        with pytest.raises(LoginCancelled):
            login.handle_redirect(url)


def test_a_session_that_came_and_was_never_collected_is_revoked_by_a_cancel() -> None:
    fake = FakeService()
    with fake.client() as client:
        login = client.start_login("ada@example.com", redirect=DEEP)
        assert login.handle_redirect(fake.return_here(login.login_id))
        fake.go_offline()
        with pytest.raises(ServiceUnreachable):
            login.cancel()
        fake.go_online()
        with pytest.raises(LoginCancelled):
            login.wait()
        login.cancel()
        login.cancel()
        assert [one.ended for one in fake.sessions] == [True]
        with pytest.raises(LoginCancelled):
            login.wait()
        assert client.load_session() is None


def test_a_block_left_before_the_session_was_collected_revokes_it_if_it_can() -> None:
    fake = FakeService()
    with fake.client() as client:
        with client.start_login("ada@example.com", redirect=DEEP) as login:
            login.handle_redirect(fake.return_here(login.login_id))
        with client.start_login("ada@example.com", redirect=DEEP) as login:
            login.handle_redirect(fake.return_here(login.login_id))
            login.wait()
        with client.start_login("ada@example.com", redirect=DEEP) as login:
            login.handle_redirect(fake.return_here(login.login_id))
            fake.go_offline()
    assert [one.ended for one in fake.sessions] == [True, False, False]


async def test_a_task_revokes_what_it_never_collected_too() -> None:
    fake = FakeService()
    async with fake.async_client() as client:
        login = await client.start_login("ada@example.com", redirect=DEEP)
        await login.handle_redirect(fake.return_here(login.login_id))
        await login.cancel()
        async with await client.start_login("ada@example.com", redirect=DEEP) as login:
            await login.handle_redirect(fake.return_here(login.login_id))
        async with await client.start_login("ada@example.com", redirect=DEEP) as login:
            await login.handle_redirect(fake.return_here(login.login_id))
            await login.wait()
    assert [one.ended for one in fake.sessions] == [True, True, False]


def test_a_code_that_is_too_old_leaves_the_login_open() -> None:
    fake = FakeService()
    with fake.client() as client:
        login = client.start_login("ada@example.com", redirect=DEEP)
        url = fake.return_here(login.login_id)
        fake.advance(61)
        assert not login.handle_redirect(url)
        assert login.handle_redirect(fake.return_here(login.login_id))


def test_open_browser_shows_the_page_about_the_mail_and_no_other() -> None:
    fake = FakeService()
    with fake.client() as client:
        client.start_login("ada@example.com")
        assert fake.browsed == []
        client.start_login("ada@example.com", open_browser=True)
    assert fake.browsed == [f"{fake.issuer}/check-mail"]


async def test_open_browser_for_a_task() -> None:
    fake = FakeService()
    async with fake.async_client() as client:
        await client.start_login("ada@example.com", open_browser=True)
    assert fake.browsed == [f"{fake.issuer}/check-mail"]


def test_no_secret_of_the_way_home_is_shown() -> None:
    fake = FakeService()
    with fake.client() as client:
        login = client.start_login("ada@example.com", redirect=DEEP)
        home = login._login.way_home
        assert home is not None
        shown = repr(login) + repr(login._login) + repr(fake.last_login) + repr(fake._redirects._ways)
        code = dict(parse_qsl(urlsplit(fake.return_here(login.login_id)).query))["code"]
        shown += repr(login._login) + repr(fake._redirects._ways)
        for secret in (home.state, home.verifier, code):
            assert secret not in shown


class Torn:
    """A service whose held poll ends the moment a code is redeemed, and whose answer to that is lost on the way."""

    def __init__(self) -> None:
        self.polls: list[str] = []
        self.held, self.redeemed = threading.Event(), threading.Event()

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            return httpx2.Response(200, json=METADATA)
        form = dict(parse_qsl(request.content.decode()))
        if request.url.path != "/oauth/token":
            return httpx2.Response(200, json={**STARTED, "interval": 1})
        if form["grant_type"] == "authorization_code":
            assert self.held.wait(10)
            self.redeemed.set()
            raise httpx2.ReadTimeout("lost")
        self.polls.append(form["grant_type"])
        if len(self.polls) > 1:
            return httpx2.Response(200, content=msgspec.json.encode(TOKENS), headers={"content-type": JSON})
        self.held.set()
        assert self.redeemed.wait(10)
        return httpx2.Response(400, json={"error": "invalid_grant"})


JSON = "application/json"


def test_a_lost_answer_is_no_lost_login_and_the_code_is_not_sent_again() -> None:
    torn = Torn()
    http_client = httpx2.Client(transport=httpx2.MockTransport(torn.handle))
    client = Client(ISSUER, "desktop", store=MemoryStore(), http=http_client)
    login = client.start_login("ada@example.com", redirect=DEEP)
    home = login._login.way_home
    assert home is not None
    url = f"{DEEP}&code=c&state={home.state}&iss={ISSUER}"
    with waiting(login) as found:
        assert not login.handle_redirect(url)
        assert not login.handle_redirect(url)
    assert isinstance(found[0], Session)
    assert len(torn.polls) == 2


async def test_a_lost_answer_is_no_lost_login_for_a_task() -> None:
    torn = Torn()

    async def handle(request: httpx2.Request) -> httpx2.Response:
        return await asyncio.to_thread(torn.handle, request)

    http_client = httpx2.AsyncClient(transport=httpx2.MockTransport(handle))
    client = AsyncClient(ISSUER, "desktop", store=MemoryStore(), http=http_client)
    login = await client.start_login("ada@example.com", redirect=DEEP)
    home = login._login.way_home
    assert home is not None
    task = asyncio.create_task(login.wait())
    assert not await login.handle_redirect(f"{DEEP}&code=c&state={home.state}&iss={ISSUER}")
    assert (await task).session_id == TOKENS["session_id"]


class Slow(Torn):
    """A service that ends the held poll at once and takes its time for the answer to the redemption."""

    def __init__(self) -> None:
        super().__init__()
        self.poll_answered = threading.Event()

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        form = dict(parse_qsl(request.content.decode()))
        if form.get("grant_type") != "authorization_code":
            answer = super().handle(request)
            if self.redeemed.is_set():
                self.poll_answered.set()
            return answer
        assert self.held.wait(10)
        self.redeemed.set()
        assert self.poll_answered.wait(10)
        time.sleep(0.05)
        return httpx2.Response(200, content=msgspec.json.encode(TOKENS), headers={"content-type": JSON})


def test_a_poll_that_ends_before_the_redemption_is_answered_waits_for_it() -> None:
    slow = Slow()
    http_client = httpx2.Client(transport=httpx2.MockTransport(slow.handle))
    client = Client(ISSUER, "desktop", store=MemoryStore(), http=http_client)
    login = client.start_login("ada@example.com", redirect="loopback")
    home = login._login.way_home
    assert home is not None
    with waiting(login) as found:
        assert visit(f"{home.redirect_uri}?code=c&state={home.state}&iss={ISSUER}") == 200
    assert isinstance(found[0], Session)
    assert len(slow.polls) == 1


async def test_a_poll_of_a_task_waits_for_it_too() -> None:
    slow = Slow()

    async def handle(request: httpx2.Request) -> httpx2.Response:
        return await asyncio.to_thread(slow.handle, request)

    http_client = httpx2.AsyncClient(transport=httpx2.MockTransport(handle))
    client = AsyncClient(ISSUER, "desktop", store=MemoryStore(), http=http_client)
    login = await client.start_login("ada@example.com", redirect="loopback")
    home = login._login.way_home
    assert home is not None
    task = asyncio.create_task(login.wait())
    url = f"{home.redirect_uri}?code=c&state={home.state}&iss={ISSUER}"
    assert await asyncio.to_thread(visit, url) == 200
    assert (await task).session_id == TOKENS["session_id"]
    assert len(slow.polls) == 1


def test_a_browser_that_comes_after_the_loop_is_gone_is_told_so() -> None:
    fake = FakeService()
    logins: list[AsyncPendingLogin] = []

    async def start() -> None:
        logins.append(await fake.async_client().start_login("ada@example.com", redirect="loopback"))

    asyncio.run(start())
    assert visit(fake.return_here(logins[0].login_id)) == 502
    assert fake.sessions == []


async def test_a_loop_that_is_too_busy_loses_the_visit_but_not_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("counterfoil_client._homecoming._LONGEST", 0.1)
    fake = FakeService()
    async with fake.async_client() as client:
        login = await client.start_login("ada@example.com", redirect="loopback")
        url = fake.return_here(login.login_id)
        assert visit(url) == 502, "called here it blocks the loop"
        assert await asyncio.to_thread(visit, url) == 200
        assert (await login.wait()).subject


def test_the_page_says_so_when_the_code_was_not_taken_and_a_newer_one_may_come() -> None:
    fake = FakeService()
    with fake.client() as client:
        login = client.start_login("ada@example.com", redirect="loopback")
        url = fake.return_here(login.login_id)
        fake.advance(61)
        assert visit(url) == 502
        assert visit(fake.return_here(login.login_id)) == 200
        assert login.wait().subject
