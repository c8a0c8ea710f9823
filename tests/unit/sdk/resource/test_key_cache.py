# SPDX-License-Identifier: Apache-2.0
"""Keys are fetched once for everybody, kept while they are good, and missed only when there is no telling any more."""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx2
import pytest

from counterfoil_client.resource import NotAuthorized, ResourceServer, _key_cache
from unit.sdk.resource.makers import (
    DEVICE,
    JWKS_PATH,
    METADATA_PATH,
    NOW,
    OTHER_ISSUER_KEY,
    FakeIssuer,
    StillClock,
    good_headers,
    issuer_jwk,
    jwks,
    make_token,
    thumbprint,
)


@pytest.fixture
def issuer() -> FakeIssuer:
    return FakeIssuer()


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


def lines(clock: StillClock, **changes: Any) -> list[tuple[str, str]]:
    """A good request at the clock's own time."""
    now = NOW + int(clock.seconds)
    header = changes.pop("header", None)
    key = changes.pop("key", None)
    made = make_token(
        iat=now, nbf=now, exp=now + 300, header=header, **({} if key is None else {"key": key}), **changes
    )
    return good_headers(made, iat=now)


def ask(resource: ResourceServer, clock: StillClock, **changes: Any) -> int:
    """200, or the status of the refusal."""
    try:
        resource.check("GET", "/notes", lines(clock, **changes))
    except NotAuthorized as error:
        return error.status
    return 200


def test_keys_are_fetched_at_the_first_request_and_not_again(issuer: FakeIssuer, clock: StillClock) -> None:
    resource = issuer.resource(clock)
    assert issuer.calls == []
    for _ in range(5):
        assert ask(resource, clock) == 200
    assert issuer.calls == [METADATA_PATH, JWKS_PATH]


def test_after_their_age_they_are_fetched_again(issuer: FakeIssuer, clock: StillClock) -> None:
    resource = issuer.resource(clock)
    assert ask(resource, clock) == 200
    clock.pass_by(299)
    assert ask(resource, clock) == 200
    assert issuer.fetches == 1
    clock.pass_by(1)
    assert ask(resource, clock) == 200
    assert issuer.fetches == 2


def test_a_new_key_is_found_by_the_first_token_that_names_it(issuer: FakeIssuer, clock: StillClock) -> None:
    resource = issuer.resource(clock)
    assert ask(resource, clock) == 200
    issuer.jwks = jwks(issuer_jwk(), issuer_jwk(OTHER_ISSUER_KEY, "k2"))
    clock.pass_by(10)
    assert ask(resource, clock, header={"kid": "k2"}, key=OTHER_ISSUER_KEY) == 200
    assert issuer.fetches == 2


def test_a_key_taken_away_is_believed_no_longer(issuer: FakeIssuer, clock: StillClock) -> None:
    resource = issuer.resource(clock)
    assert ask(resource, clock) == 200
    issuer.jwks = jwks(issuer_jwk(OTHER_ISSUER_KEY, "k2"))
    clock.pass_by(300)
    assert ask(resource, clock) == 401


def test_made_up_kids_cost_the_issuer_one_fetch_in_ten_seconds(issuer: FakeIssuer, clock: StillClock) -> None:
    resource = issuer.resource(clock)
    assert ask(resource, clock) == 200
    for second in range(30):
        for number in range(5):
            assert ask(resource, clock, header={"kid": f"made-up-{second}-{number}"}) == 401
        clock.pass_by(1)
    assert issuer.fetches == 1 + 2


def test_junk_costs_the_issuer_nothing(issuer: FakeIssuer, clock: StillClock) -> None:
    resource = issuer.resource(clock)
    for value in ("", "DPoP", "DPoP x", "DPoP a.b.c", "Basic x", f"DPoP {make_token(header={'typ': 'JWT'})}"):
        with pytest.raises(NotAuthorized):
            resource.check("GET", "/notes", [("Authorization", value)])
    assert issuer.calls == []


def test_old_keys_serve_for_an_hour_while_the_issuer_is_away_and_then_nobody_passes(
    issuer: FakeIssuer, clock: StillClock
) -> None:
    resource = issuer.resource(clock)
    assert ask(resource, clock) == 200
    issuer.down = True
    clock.pass_by(300)
    assert ask(resource, clock) == 200
    clock.pass_by(3599)
    assert ask(resource, clock) == 200
    clock.pass_by(1)
    assert ask(resource, clock) == 503
    issuer.down = False
    clock.pass_by(10)
    assert ask(resource, clock) == 200


def test_an_issuer_that_is_away_is_asked_every_ten_seconds(issuer: FakeIssuer, clock: StillClock) -> None:
    resource = issuer.resource(clock)
    assert ask(resource, clock) == 200
    issuer.down = True
    clock.pass_by(300)
    for _ in range(30):
        assert ask(resource, clock) == 200
        clock.pass_by(1)
    assert issuer.fetches == 1 + 3


def test_an_issuer_never_reached_is_asked_every_second_and_nobody_passes(issuer: FakeIssuer, clock: StillClock) -> None:
    issuer.down = True
    resource = issuer.resource(clock)
    for _ in range(5):
        for _ in range(4):
            assert ask(resource, clock) == 503
        clock.pass_by(1)
    assert issuer.fetches == 5
    issuer.down = False
    assert ask(resource, clock) == 200


@pytest.mark.parametrize(
    "spoil",
    [
        lambda issuer: setattr(issuer, "jwks", jwks(issuer_jwk(d="AAAA"))),
        lambda issuer: setattr(issuer, "jwks", jwks(issuer_jwk(), issuer_jwk())),
        lambda issuer: setattr(issuer, "jwks", b"<html>"),
        lambda issuer: setattr(issuer, "jwks", jwks() + b" " * 70_000),
        lambda issuer: issuer.metadata.update(issuer="https://evil.example"),
        lambda issuer: issuer.metadata.update(jwks_uri="https://evil.example/jwks.json"),
        lambda issuer: issuer.status.update({JWKS_PATH: 302}),
        lambda issuer: issuer.status.update({METADATA_PATH: 500}),
        lambda issuer: issuer.headers.update({"Content-Encoding": "gzip"}),
    ],
)
def test_a_bad_answer_opens_nothing_and_does_not_replace_good_keys(
    issuer: FakeIssuer, clock: StillClock, spoil: Callable[[FakeIssuer], None]
) -> None:
    resource = issuer.resource(clock)
    assert ask(resource, clock) == 200
    spoil(issuer)
    clock.pass_by(300)
    assert ask(resource, clock) == 200
    assert ask(issuer.resource(clock), clock) == 503


def test_a_redirect_is_not_followed_even_by_a_client_that_would(issuer: FakeIssuer, clock: StillClock) -> None:
    issuer.status[JWKS_PATH] = 302
    issuer.headers["Location"] = "https://evil.example/jwks.json"
    http = httpx2.Client(transport=httpx2.MockTransport(issuer.answer), follow_redirects=True)
    assert ask(issuer.resource(clock, http=http), clock) == 503
    assert {request.url.host for request in issuer.requests} == {"id.example"}


def test_the_reason_is_logged_for_the_operator_and_hidden_from_the_caller(
    issuer: FakeIssuer, clock: StillClock, caplog: pytest.LogCaptureFixture
) -> None:
    issuer.metadata["issuer"] = "https://evil.example"
    with pytest.raises(NotAuthorized) as caught:
        issuer.resource(clock).check("GET", "/notes", lines(clock))
    assert "another issuer" in caplog.text
    assert "issuer" not in caught.value.description


# --- Many at once -----------------------------------------------------------------------------------------------------


def in_threads(count: int, act: Callable[[], None]) -> None:
    threads = [threading.Thread(target=act) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()


def test_of_many_threads_one_fetches_and_all_get_the_keys(issuer: FakeIssuer, clock: StillClock) -> None:
    resource = issuer.resource(clock)
    arrived, statuses = threading.Semaphore(0), list[int]()

    def wait_for_the_others() -> None:
        if issuer.calls == [METADATA_PATH]:
            for _ in range(8):
                arrived.acquire()

    issuer.on_call = wait_for_the_others

    def request() -> None:
        arrived.release()
        statuses.append(ask(resource, clock))

    in_threads(8, request)
    assert statuses == [200] * 8
    assert issuer.calls == [METADATA_PATH, JWKS_PATH]


async def test_of_many_tasks_one_fetches_and_all_get_the_keys(issuer: FakeIssuer, clock: StillClock) -> None:
    gate = asyncio.Event()

    async def slow(request: httpx2.Request) -> httpx2.Response:
        await gate.wait()
        return issuer.answer(request)

    resource = issuer.resource(clock, async_http=httpx2.AsyncClient(transport=httpx2.MockTransport(slow)))
    tasks = [asyncio.create_task(resource.acheck("GET", "/notes", lines(clock))) for _ in range(20)]
    await asyncio.sleep(0)
    gate.set()
    callers = await asyncio.gather(*tasks)
    assert {caller.subject for caller in callers} == {"person-1"}
    assert issuer.calls == [METADATA_PATH, JWKS_PATH]


async def test_a_cancelled_request_does_not_take_the_fetch_with_it(issuer: FakeIssuer, clock: StillClock) -> None:
    gate = asyncio.Event()

    async def slow(request: httpx2.Request) -> httpx2.Response:
        await gate.wait()
        return issuer.answer(request)

    resource = issuer.resource(clock, async_http=httpx2.AsyncClient(transport=httpx2.MockTransport(slow)))
    leader, *others = [asyncio.create_task(resource.acheck("GET", "/notes", lines(clock))) for _ in range(4)]
    for _ in range(5):
        await asyncio.sleep(0)
    leader.cancel()
    others[0].cancel()
    with suppress(asyncio.CancelledError):
        await leader
    gate.set()
    assert [(await other).subject for other in others[1:]] == ["person-1"] * 2
    assert issuer.fetches == 1


async def test_threads_and_tasks_share_one_fetch(issuer: FakeIssuer, clock: StillClock) -> None:
    gate, started = threading.Event(), threading.Event()

    def hold() -> None:
        started.set()
        gate.wait(10)

    issuer.on_call = hold
    resource = issuer.resource(clock)
    thread = asyncio.create_task(asyncio.to_thread(ask, resource, clock))
    await asyncio.to_thread(started.wait, 10)
    task = asyncio.create_task(resource.acheck("GET", "/notes", lines(clock)))
    await asyncio.sleep(0)
    gate.set()
    assert await thread == 200
    assert (await task).subject == "person-1"
    assert issuer.calls == [METADATA_PATH, JWKS_PATH]


def test_while_somebody_fetches_old_keys_serve_everybody_else(
    issuer: FakeIssuer, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_key_cache, "_FOLLOW", "nobody waits, or this is no number of seconds")
    resource = issuer.resource(clock)
    assert ask(resource, clock) == 200
    clock.pass_by(300)
    during = list[int]()
    issuer.on_call = lambda: during.append(ask(resource, clock))
    assert ask(resource, clock) == 200
    assert during == [200, 200]
    assert issuer.fetches == 2


def test_a_fetch_that_never_comes_back_is_taken_over(
    issuer: FakeIssuer, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_key_cache, "_FOLLOW", 0.01)
    resource = issuer.resource(clock)
    held, started = threading.Event(), threading.Event()

    def hold() -> None:
        started.set()
        held.wait(10)

    issuer.on_call = hold
    lost = threading.Thread(target=ask, args=(resource, clock))
    lost.start()
    started.wait(10)
    issuer.on_call = lambda: None
    assert ask(resource, clock) == 503
    clock.pass_by(45)
    assert ask(resource, clock) == 200
    issuer.jwks = jwks(issuer_jwk(DEVICE, "old"))
    held.set()
    lost.join(10)
    assert ask(resource, clock) == 200, "what comes too late replaces nothing"


def test_one_server_serves_from_several_event_loops(issuer: FakeIssuer, clock: StillClock) -> None:
    resource = issuer.resource(clock)

    async def once() -> str:
        caller = await resource.acheck("GET", "/notes", lines(clock))
        await resource.aclose()
        return caller.subject

    for _ in range(3):
        assert asyncio.run(once()) == "person-1"
        clock.pass_by(300)
    assert issuer.fetches == 3


def test_an_error_in_the_way_of_sending_is_not_swallowed_and_blocks_nobody(
    issuer: FakeIssuer, clock: StillClock
) -> None:
    def broken(request: httpx2.Request) -> httpx2.Response:
        raise RuntimeError(request.url.path)

    resource = issuer.resource(clock, http=httpx2.Client(transport=httpx2.MockTransport(broken)))
    with pytest.raises(RuntimeError):
        ask(resource, clock)
    began = time.monotonic()
    assert ask(resource, clock) == 503
    assert time.monotonic() - began < 5


def test_the_jkt_of_the_caller_is_the_device(issuer: FakeIssuer, clock: StillClock) -> None:
    assert issuer.resource(clock).check("GET", "/notes", lines(clock)).jkt == thumbprint(DEVICE)
