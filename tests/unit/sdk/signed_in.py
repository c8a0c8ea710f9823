# SPDX-License-Identifier: Apache-2.0
"""A person who is signed in on the fake service, with either client, and ways to call its protected resource."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx2

from counterfoil_client import AsyncClient, Client, MemoryStore, Session
from counterfoil_client.testing import FakeService

T = TypeVar("T")

LIFE = 300


def sign_in(fake: FakeService, client: Client) -> Session:
    login = client.start_login("ada@example.com")
    fake.approve(login.login_id)
    return login.wait()


async def asign_in(fake: FakeService, client: AsyncClient) -> Session:
    login = await client.start_login("ada@example.com")
    fake.approve(login.login_id)
    return await login.wait()


def a_session(fake: FakeService, store: Any = None) -> Session:
    return sign_in(fake, fake.client(store=MemoryStore() if store is None else store))


def call(kind: str, fake: FakeService, session: Session, method: str = "GET", **options: Any) -> httpx2.Response:
    """Call the protected resource with an HTTP client of either kind."""
    if kind == "sync":
        with fake.api(session) as http:
            return http.request(method, fake.resource_url, **options)

    async def story() -> httpx2.Response:
        async with fake.async_api(session) as http:
            return await http.request(method, fake.resource_url, **options)

    return asyncio.run(story())


def at_once(count: int, work: Callable[[], T]) -> list[T]:
    """The results of as many threads that begin together; an error of one is raised."""
    barrier = threading.Barrier(count)
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        barrier.wait()
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again where the test sees it
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise errors[0]
    assert len(results) == count
    return results


async def all_at_once(count: int, work: Callable[[], Awaitable[T]]) -> list[T]:
    return list(await asyncio.gather(*(work() for _ in range(count))))
