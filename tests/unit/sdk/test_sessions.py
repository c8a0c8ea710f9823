# SPDX-License-Identifier: Apache-2.0
"""A session's life with both clients: stored, loaded, refreshed once however many ask, ended, signed out."""

import asyncio
import logging
import threading
import traceback
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

import httpx2
import pytest

from counterfoil_client import (
    AsyncClient,
    Client,
    ConfigurationError,
    FileStore,
    KeyStoreError,
    MemoryStore,
    RateLimited,
    ServiceUnreachable,
    Session,
    SessionEnded,
)
from counterfoil_client._effects import Unreachable
from counterfoil_client.session import state_of
from counterfoil_client.stores import DeviceKey, StoredSession
from counterfoil_client.testing import FakeService
from unit.sdk.signed_in import LIFE, a_session, all_at_once, asign_in, at_once, call, sign_in
from unit.sdk.stage import reply

ISSUER = "https://id.example"
NAME = (ISSUER, "desktop")


@pytest.fixture
def fake() -> FakeService:
    return FakeService()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def act(
    kind: str,
    fake: FakeService,
    store: Any,
    thread: Callable[[Client], Any],
    task: Callable[[AsyncClient], Coroutine[Any, Any, Any]],
) -> Any:
    """The same act with either client."""
    if kind == "sync":
        with fake.client(store=store) as client:
            return thread(client)

    async def story() -> Any:
        async with fake.async_client(store=store) as client:
            return await task(client)

    return asyncio.run(story())


def enter(kind: str, fake: FakeService, store: Any) -> Session:
    found: Session = act(kind, fake, store, lambda one: sign_in(fake, one), lambda one: asign_in(fake, one))
    return found


def load(kind: str, fake: FakeService, store: Any) -> Session | None:
    found: Session | None = act(kind, fake, store, lambda one: one.load_session(), lambda one: one.load_session())
    return found


def sign_out(kind: str, fake: FakeService, store: Any, session: Session) -> None:
    act(kind, fake, store, lambda one: one.sign_out(session), lambda one: one.sign_out(session))


def test_nobody_is_signed_in_at_first_and_no_key_is_made_to_find_out(
    kind: str, fake: FakeService, tmp_path: Any
) -> None:
    assert load(kind, fake, FileStore(tmp_path / "kept")) is None
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_person_signs_in_once_per_device(kind: str, fake: FakeService, store: MemoryStore) -> None:
    first = enter(kind, fake, store)
    again = load(kind, fake, store)
    assert again is not None
    assert (again.subject, again.scope, again.session_id) == (first.subject, first.scope, first.session_id)
    assert (again.access_token, again.refresh_token) == (first.access_token, first.refresh_token)
    assert again.expires_at == first.expires_at
    assert call(kind, fake, again).status_code == 200


def test_a_session_is_kept_in_a_file_across_processes_lives(kind: str, fake: FakeService, tmp_path: Any) -> None:
    first = enter(kind, fake, FileStore(tmp_path / "kept"))
    again = load(kind, fake, FileStore(tmp_path / "kept"))
    assert again is not None
    assert again.refresh_token == first.refresh_token


def test_the_session_may_be_kept_apart_from_the_key(fake: FakeService) -> None:
    keys, sessions = MemoryStore(), MemoryStore()
    client = Client(ISSUER, "desktop", store=keys, sessions=sessions, http=fake._wire.client(), surroundings=fake._time)
    sign_in(fake, client)
    assert keys.load_session(*NAME) is None
    assert sessions.load_session(*NAME) is not None


def test_beside_a_store_for_keys_alone_the_session_is_kept_in_a_file(
    fake: FakeService, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_data_dir", lambda name: str(tmp_path / name))

    class KeysAlone:
        def __init__(self) -> None:
            self._store = MemoryStore()

        def key_for(self, issuer: str, client_id: str) -> DeviceKey:
            return self._store.key_for(issuer, client_id)

    sign_in(fake, fake.client(store=KeysAlone()))
    assert FileStore().load_session(*NAME) is not None


def test_a_session_that_is_about_to_end_is_loaded_fresh(kind: str, fake: FakeService, store: MemoryStore) -> None:
    first = enter(kind, fake, store)
    fake.advance(LIFE - 10)
    again = load(kind, fake, store)
    assert again is not None
    assert again.access_token != first.access_token
    assert store.load_session(*NAME) == state_of(again).held
    assert fake.sessions[0].refreshes == 1


def test_a_session_that_has_ended_is_none_and_forgotten(kind: str, fake: FakeService, store: MemoryStore) -> None:
    session = enter(kind, fake, store)
    fake.end_session(session.session_id)
    fake.advance(LIFE)
    assert load(kind, fake, store) is None
    assert store.load_session(*NAME) is None


def test_offline_a_session_is_loaded_while_its_token_works(kind: str, fake: FakeService, store: MemoryStore) -> None:
    session = enter(kind, fake, store)
    fake.advance(LIFE - 10)
    fake.go_offline()
    again = load(kind, fake, store)
    assert again is not None
    assert again.access_token == session.access_token


def test_offline_with_an_ended_token_is_said_and_nothing_is_lost(
    kind: str, fake: FakeService, store: MemoryStore
) -> None:
    enter(kind, fake, store)
    fake.advance(LIFE)
    fake.go_offline()
    with pytest.raises(ServiceUnreachable):
        load(kind, fake, store)
    fake.go_online()
    again = load(kind, fake, store)
    assert again is not None
    assert call(kind, fake, again).status_code == 200


def test_a_key_that_is_gone_ends_the_session(kind: str, fake: FakeService, store: MemoryStore) -> None:
    enter(kind, fake, store)
    store._keys.clear()
    fake.advance(LIFE)
    assert load(kind, fake, store) is None
    assert not fake.sessions[0].ended, "another key ends nobody's session"


def test_a_session_is_a_live_handle(kind: str, fake: FakeService, store: MemoryStore) -> None:
    session = enter(kind, fake, store)
    before = (session.access_token, session.refresh_token, session.expires_at)
    fixed = (session.subject, session.scope, session.session_id)
    fake.advance(LIFE)
    assert call(kind, fake, session).status_code == 200
    assert not set(before) & {session.access_token, session.refresh_token, session.expires_at}
    assert fixed == (session.subject, session.scope, session.session_id)


def test_ten_rotations_in_a_row(kind: str, fake: FakeService, store: MemoryStore) -> None:
    session = enter(kind, fake, store)
    for _ in range(10):
        fake.advance(LIFE)
        assert call(kind, fake, session).status_code == 200
    assert (fake.sessions[0].refreshes, fake.sessions[0].ended) == (10, False)


def test_a_session_of_threads_serves_tasks_and_the_other_way_round(fake: FakeService) -> None:
    threads = a_session(fake)
    fake.advance(LIFE)
    assert call("async", fake, threads).status_code == 200

    async def story() -> None:
        async with fake.async_client() as client:
            session = await asign_in(fake, client)
            fake.advance(LIFE)
            assert (await asyncio.to_thread(call, "sync", fake, session)).status_code == 200
            fake.advance(LIFE)
            with pytest.raises(ConfigurationError, match="AsyncClient"):
                call("sync", fake, session)

    asyncio.run(story())


def test_eight_threads_cause_one_refresh(fake: FakeService) -> None:
    session = a_session(fake)
    fake.advance(LIFE)
    with fake.api(session) as http:
        assert {answer.status_code for answer in at_once(8, lambda: http.get(fake.resource_url))} == {200}
    assert fake.sessions[0].refreshes == 1


async def test_eight_tasks_cause_one_refresh(fake: FakeService) -> None:
    async with fake.async_client() as client:
        session = await asign_in(fake, client)
        fake.advance(LIFE)
        async with fake.async_api(session) as http:
            answers = await all_at_once(8, lambda: http.get(fake.resource_url))
    assert {answer.status_code for answer in answers} == {200}
    assert fake.sessions[0].refreshes == 1


def test_eight_threads_whose_token_is_refused_cause_one_refresh(fake: FakeService) -> None:
    session = a_session(fake)
    fake.sessions[0].access_tokens.clear()
    with fake.api(session) as http:
        assert {answer.status_code for answer in at_once(8, lambda: http.get(fake.resource_url))} == {200}
    assert fake.sessions[0].refreshes == 1


async def test_eight_tasks_whose_token_is_refused_cause_one_refresh(fake: FakeService) -> None:
    async with fake.async_client() as client:
        session = await asign_in(fake, client)
        fake.sessions[0].access_tokens.clear()
        async with fake.async_api(session) as http:
            answers = await all_at_once(8, lambda: http.get(fake.resource_url))
    assert {answer.status_code for answer in answers} == {200}
    assert fake.sessions[0].refreshes == 1


def test_two_clients_over_one_store_refresh_one_after_the_other(fake: FakeService, store: MemoryStore) -> None:
    first = sign_in(fake, fake.client(store=store))
    second = fake.client(store=store).load_session()
    assert second is not None
    fake.advance(LIFE)
    turns = iter([first, second] * 4)
    at_once(8, lambda: call("sync", fake, next(turns)))
    assert fake.sessions[0].refreshes == 1
    assert first.access_token == second.access_token


def test_while_one_thread_refreshes_ahead_the_others_go_on_with_what_works(fake: FakeService) -> None:
    """The refresh is held at the store; a second call must come back all the same."""
    entered, go_on = threading.Event(), threading.Event()

    class Slow(MemoryStore):
        def load_session(self, issuer: str, client_id: str) -> StoredSession | None:
            entered.set()
            assert go_on.wait(30)
            return super().load_session(issuer, client_id)

    session = a_session(fake, Slow())
    old = session.access_token
    fake.advance(LIFE - 5)
    thread = threading.Thread(target=call, args=("sync", fake, session))
    thread.start()
    assert entered.wait(30)
    assert call("sync", fake, session).status_code == 200
    assert session.access_token == old
    go_on.set()
    thread.join(30)
    assert session.access_token != old


async def test_a_cancelled_task_does_not_lose_the_pair_it_asked_for(fake: FakeService, store: MemoryStore) -> None:
    """It is cancelled while the answer is on its way."""
    answered, arrive = asyncio.Event(), asyncio.Event()

    async def handle(request: httpx2.Request) -> httpx2.Response:
        found = await fake._wire._ahandle(request)
        if b"refresh_token" in request.content and found.status_code == HTTPStatus.OK:
            answered.set()
            await arrive.wait()
        return found

    http = httpx2.AsyncClient(transport=httpx2.MockTransport(handle))
    async with AsyncClient(ISSUER, "desktop", store=store, http=http, surroundings=fake._time) as client:
        session = await asign_in(fake, client)
        old = session.refresh_token
        fake.advance(LIFE)
        task = asyncio.create_task(client._keeper.afresh(state_of(session)))
        await answered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        arrive.set()
        await client._keeper.afresh(state_of(session))
    kept = store.load_session(*NAME)
    assert kept is not None
    assert old != kept.refresh_token == session.refresh_token
    assert fake.sessions[0].refreshes == 1


async def test_a_task_that_is_gone_before_its_turn_leaves_no_lock_behind(fake: FakeService) -> None:
    class Patient:
        def __init__(self) -> None:
            self._lock = threading.Lock()

        def __enter__(self) -> None:
            if not self._lock.acquire(timeout=5):
                raise KeyStoreError

        def __exit__(self, *_: object) -> None:
            self._lock.release()

    class Plain(MemoryStore):
        lock = Patient()

        def session_lock(self, issuer: str, client_id: str) -> Any:
            del issuer, client_id
            return self.lock

    async with fake.async_client(store=Plain()) as client:
        session = await asign_in(fake, client)
        fake.advance(LIFE)
        with Plain.lock:
            work = asyncio.create_task(client._keeper._replace(state_of(session), None, 0.0))
            await asyncio.sleep(0.05)
            work.cancel()
            with pytest.raises(asyncio.CancelledError):
                await work
        await client._keeper.afresh(state_of(session))
    assert fake.sessions[0].refreshes == 1


def test_a_lost_answer_is_asked_for_again_at_once(kind: str, fake: FakeService, store: MemoryStore) -> None:
    session = enter(kind, fake, store)
    fake.advance(LIFE)
    fake.lose_next_answer()
    assert call(kind, fake, session).status_code == 200
    assert (fake.sessions[0].refreshes, len(fake.sessions[0].refresh_tokens)) == (2, 2), "the same successor twice"


def test_a_lost_answer_is_asked_for_again_hours_later_and_nobody_is_signed_out(
    kind: str, fake: FakeService, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The laptop sleeps between question and answer."""
    session = enter(kind, fake, store)
    before = session.refresh_token
    real = fake._post

    def swallowed(*question: Any) -> Any:
        real(*question)
        raise Unreachable("the lid was closed")

    fake.advance(LIFE)
    with monkeypatch.context() as asleep:
        asleep.setattr(fake, "_post", swallowed)
        with pytest.raises(ServiceUnreachable):
            call(kind, fake, session)
    assert session.refresh_token == before
    kept = store.load_session(*NAME)
    assert kept is not None
    assert kept.refresh_token == before, "the old token stays until the new pair is here"
    fake.advance(9 * 3600)
    assert call(kind, fake, session).status_code == 200
    assert (fake.sessions[0].ended, len(fake.sessions[0].refresh_tokens)) == (False, 2)


def test_a_process_that_dies_before_the_answer_comes_leaves_the_old_token_which_still_works(
    kind: str, fake: FakeService, store: MemoryStore
) -> None:
    session = enter(kind, fake, store)
    old = store.load_session(*NAME)
    assert old is not None
    fake.advance(LIFE)
    fake._sessions.refresh(session.refresh_token, fake.sessions[0].thumbprint, "desktop")
    fake.advance(9 * 3600)
    again = load(kind, fake, store)
    assert again is not None
    assert call(kind, fake, again).status_code == 200
    assert not fake.sessions[0].ended


def test_a_stolen_refresh_token_ends_the_session_for_both(kind: str, fake: FakeService, store: MemoryStore) -> None:
    """The thief copied the key, too, else the service would not even look."""
    session = enter(kind, fake, store)
    loot = MemoryStore()
    stolen = store.load_session(*NAME)
    assert stolen is not None
    loot.save_session(*NAME, stolen)
    loot._keys.update(store._keys)
    for _ in range(2):
        fake.advance(LIFE)
        call(kind, fake, session)
    fake.advance(LIFE)
    assert load(kind, fake, loot) is None, "the thief's token is two pairs old"
    assert fake.sessions[0].ended
    fake.advance(LIFE)
    with pytest.raises(SessionEnded):
        call(kind, fake, session)
    assert store.load_session(*NAME) is None


def test_a_thief_without_the_key_gets_nothing_and_disturbs_nobody(
    kind: str, fake: FakeService, store: MemoryStore
) -> None:
    session = enter(kind, fake, store)
    loot = MemoryStore()
    stolen = store.load_session(*NAME)
    assert stolen is not None
    loot.save_session(*NAME, stolen)
    fake.advance(LIFE)
    assert load(kind, fake, loot) is None
    assert call(kind, fake, session).status_code == 200


def test_an_ended_session_says_so_each_time_and_asks_nobody(kind: str, fake: FakeService, store: MemoryStore) -> None:
    session = enter(kind, fake, store)
    fake.end_session(session.session_id)
    fake.advance(LIFE)
    for _ in range(2):
        with pytest.raises(SessionEnded) as caught:
            call(kind, fake, session)
        assert caught.value.hint == "Sign in again."
        fake.go_offline()


def test_ahead_of_the_end_trouble_is_nobodys_business(kind: str, fake: FakeService, store: MemoryStore) -> None:
    session = enter(kind, fake, store)
    fake.advance(LIFE - 10)
    fake.go_offline()
    for _ in range(3):
        assert call(kind, fake, session).status_code == 200
    assert state_of(session).failures == 1, "it is not asked again with every call"
    fake.advance(2)
    fake.go_online()
    assert call(kind, fake, session).status_code == 200
    assert fake.sessions[0].refreshes == 1
    assert state_of(session).failures == 0


def test_with_an_ended_token_and_no_service_the_call_fails_and_the_session_stays(
    kind: str, fake: FakeService, store: MemoryStore
) -> None:
    session = enter(kind, fake, store)
    fake.advance(LIFE)
    fake.go_offline()
    with pytest.raises(ServiceUnreachable):
        call(kind, fake, session)
    fake.go_online()
    assert call(kind, fake, session).status_code == 200


def test_threads_that_waited_for_a_failure_do_not_ask_again(fake: FakeService) -> None:
    """The first one's failure is held at the store until seven others stand behind it."""
    queue = threading.Semaphore(0)
    go_on = threading.Event()

    class Slow(MemoryStore):
        def load_session(self, issuer: str, client_id: str) -> StoredSession | None:
            assert go_on.wait(30)
            return super().load_session(issuer, client_id)

    class Turn:
        def __init__(self) -> None:
            self._lock = threading.Lock()

        def acquire(self, *, blocking: bool) -> bool:
            queue.release()
            return self._lock.acquire(blocking)

        def release(self) -> None:
            self._lock.release()

    session = a_session(fake, Slow())
    keeper: Any = session.auth._keeper
    keeper._turn = Turn()
    fake.advance(LIFE)
    fake.go_offline()

    def fails() -> type[BaseException]:
        with pytest.raises(ServiceUnreachable) as caught:
            keeper.fresh(state_of(session))
        return caught.type

    def let_go() -> None:
        for _ in range(8):
            assert queue.acquire(timeout=30)
        go_on.set()

    helper = threading.Thread(target=let_go)
    helper.start()
    assert set(at_once(8, fails)) == {ServiceUnreachable}
    helper.join(30)
    assert state_of(session).failures == 1


def test_a_session_replaced_by_a_newer_sign_in_ends_with_its_token_and_asks_nobody(
    kind: str, fake: FakeService, store: MemoryStore
) -> None:
    older = enter(kind, fake, store)
    newer = enter(kind, fake, store)
    assert call(kind, fake, older).status_code == 200
    fake.advance(LIFE)
    for _ in range(2):
        with pytest.raises(SessionEnded):
            call(kind, fake, older)
    assert [one.refreshes for one in fake.sessions] == [0, 0]
    kept = store.load_session(*NAME)
    assert kept is not None
    assert kept.session_id == newer.session_id != older.session_id
    assert call(kind, fake, newer).status_code == 200
    assert [(one.refreshes, one.ended) for one in fake.sessions] == [(0, False), (1, False)]


def test_signed_out_here_at_the_service_and_in_every_handle(kind: str, fake: FakeService, store: MemoryStore) -> None:
    session = enter(kind, fake, store)
    other = load(kind, fake, store)
    assert other is not None
    sign_out(kind, fake, store, session)
    assert fake.sessions[0].ended
    assert load(kind, fake, store) is None
    with pytest.raises(SessionEnded):
        call(kind, fake, session)
    fake.advance(LIFE)
    with pytest.raises(SessionEnded):
        call(kind, fake, other)


def test_signed_out_offline_is_signed_out_here_and_said(kind: str, fake: FakeService, store: MemoryStore) -> None:
    session = enter(kind, fake, store)
    fake.go_offline()
    with pytest.raises(ServiceUnreachable):
        sign_out(kind, fake, store, session)
    assert store.load_session(*NAME) is None
    fake.go_online()
    with pytest.raises(SessionEnded):
        call(kind, fake, session)
    sign_out(kind, fake, store, session)
    assert fake.sessions[0].ended, "a second try tells the service"


def test_signed_out_offline_by_one_program_is_signed_out_in_the_others(
    kind: str, fake: FakeService, store: MemoryStore
) -> None:
    """The service was not told, and would go on giving tokens."""
    session = enter(kind, fake, store)
    other = load(kind, fake, store)
    assert other is not None
    fake.go_offline()
    with pytest.raises(ServiceUnreachable):
        sign_out(kind, fake, store, session)
    fake.go_online()
    fake.advance(LIFE)
    with pytest.raises(SessionEnded):
        call(kind, fake, other)
    assert (fake.sessions[0].refreshes, store.load_session(*NAME)) == (0, None)


def test_signing_out_revokes_the_newest_token_that_anybody_here_has(
    kind: str, fake: FakeService, store: MemoryStore
) -> None:
    session = enter(kind, fake, store)
    for _ in range(2):
        fake.advance(LIFE)
        load(kind, fake, store)
    sign_out(kind, fake, store, session)
    assert session.refresh_token == fake.sessions[0].refresh_tokens[-1]
    assert (fake.sessions[0].ended, store.load_session(*NAME)) == (True, None)


def test_signing_out_of_an_older_session_leaves_the_newer_one_alone(
    kind: str, fake: FakeService, store: MemoryStore
) -> None:
    older = enter(kind, fake, store)
    newer = enter(kind, fake, store)
    sign_out(kind, fake, store, older)
    kept = store.load_session(*NAME)
    assert kept is not None
    assert kept.session_id == newer.session_id
    assert [one.ended for one in fake.sessions] == [True, False]


def test_a_store_that_fails_does_not_keep_the_service_from_being_told(kind: str, fake: FakeService) -> None:
    class Stuck(MemoryStore):
        def remove_session(self, issuer: str, client_id: str) -> None:
            del issuer, client_id
            raise KeyStoreError

    store = Stuck()
    session = enter(kind, fake, store)
    with pytest.raises(KeyStoreError):
        sign_out(kind, fake, store, session)
    assert fake.sessions[0].ended


def test_waiting_again_after_signing_out_does_not_store_the_session_again(
    fake: FakeService, store: MemoryStore
) -> None:
    with fake.client(store=store) as client:
        login = client.start_login("ada@example.com")
        fake.approve(login.login_id)
        session = login.wait()
        client.sign_out(session)
        assert login.wait() is session
    assert store.load_session(*NAME) is None


def test_a_store_that_cannot_save_is_told_and_another_wait_tries_again(kind: str, fake: FakeService) -> None:
    full = threading.Event()
    full.set()

    class Full(MemoryStore):
        def save_session(self, issuer: str, client_id: str, session: StoredSession) -> None:
            if full.is_set():
                raise KeyStoreError
            super().save_session(issuer, client_id, session)

    store = Full()

    def thread(client: Client) -> None:
        login = client.start_login("ada@example.com")
        fake.approve(login.login_id)
        with pytest.raises(KeyStoreError):
            login.wait()
        full.clear()
        assert login.wait().subject

    async def task(client: AsyncClient) -> None:
        login = await client.start_login("ada@example.com")
        fake.approve(login.login_id)
        with pytest.raises(KeyStoreError):
            await login.wait()
        full.clear()
        assert (await login.wait()).subject

    act(kind, fake, store, thread, task)
    assert store.load_session(*NAME) is not None


def test_a_pair_that_cannot_be_saved_is_told_and_used_and_saved_next_time(
    kind: str, fake: FakeService, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = enter(kind, fake, store)

    def full(*_: object) -> None:
        raise KeyStoreError

    fake.advance(LIFE)
    with monkeypatch.context() as broken:
        broken.setattr(store, "save_session", full)
        with pytest.raises(KeyStoreError):
            call(kind, fake, session)
    assert call(kind, fake, session).status_code == 200
    fake.advance(LIFE)
    assert call(kind, fake, session).status_code == 200
    assert store.load_session(*NAME) == state_of(session).held
    assert not fake.sessions[0].ended


def test_secrets_are_in_no_representation_log_or_traceback(
    kind: str, fake: FakeService, store: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[str] = []
    session = enter(kind, fake, store)
    seen = {session.access_token, session.refresh_token}
    for advance, trouble in ((LIFE, None), (LIFE, fake.go_offline), (0, fake.go_online), (LIFE, None)):
        fake.advance(advance)
        if trouble is not None:
            trouble()
        try:
            call(kind, fake, session)
        except ServiceUnreachable as error:
            told += traceback.format_exception(error)
        seen |= {session.access_token, session.refresh_token}
    fake.end_session(session.session_id)
    fake.advance(LIFE)
    with pytest.raises(SessionEnded) as caught:
        call(kind, fake, session)
    state = state_of(session)
    told += traceback.format_exception(caught.value)
    told += [caplog.text, repr(session), str(session), repr(state), repr(state.held), repr(session.auth)]
    told += [repr(fake.sessions), repr(store), repr(vars(session))]
    assert len(seen) >= 6
    assert not [secret for secret in seen if secret and secret in "\n".join(told)]


def test_too_many_requests_are_told_with_their_time(kind: str, fake: FakeService, store: MemoryStore) -> None:
    session = enter(kind, fake, store)
    fake.advance(LIFE)
    fake._post = lambda *_: reply(429, {"error": "slow_down"}, retry_after="7")  # type: ignore[method-assign]  # a service under load
    with pytest.raises(RateLimited) as caught:
        call(kind, fake, session)
    assert caught.value.retry_after == 7


def test_a_session_that_no_client_opened_has_no_auth() -> None:
    session = a_session(FakeService())
    with pytest.raises(ConfigurationError):
        _ = Session(state_of(session), None).auth


def test_a_session_that_outlives_its_client_works_until_it_must_be_refreshed_and_then_says_why(
    kind: str, fake: FakeService, store: MemoryStore
) -> None:
    session = enter(kind, fake, store)
    keeper: Any = session.auth._keeper
    closed = httpx2.Client() if kind == "sync" else httpx2.AsyncClient()
    closed.close() if isinstance(closed, httpx2.Client) else asyncio.run(closed.aclose())
    keeper._runner.send.__self__._http = closed
    fake.advance(LIFE - 5)
    assert call(kind, fake, session).status_code == 200
    fake.advance(5)
    with pytest.raises(ConfigurationError, match="closed"):
        call(kind, fake, session)
