# SPDX-License-Identifier: Apache-2.0
"""The object an API keeps: twins for threads and tasks, memory between requests, and what a route needs."""

import inspect
from typing import Any

import pytest

from counterfoil_client.errors import ConfigurationError
from counterfoil_client.resource import NotAuthorized, ResourceServer, needs
from unit.sdk.resource.makers import API, ISSUER, FakeIssuer, StillClock, good_headers, headers, make_proof, make_token


@pytest.fixture
def issuer() -> FakeIssuer:
    return FakeIssuer()


class SharedMemory:
    """A memory that awaits, as one over the network does."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()

    async def first_time(self, key: bytes, now: float) -> bool:
        del now
        known = key in self.seen
        self.seen.add(key)
        return not known


def test_check_and_acheck_are_twins() -> None:
    check, acheck = inspect.signature(ResourceServer.check), inspect.signature(ResourceServer.acheck)
    assert check == acheck
    assert ResourceServer.check.__doc__ == ResourceServer.acheck.__doc__


async def test_threads_and_tasks_share_what_was_seen(issuer: FakeIssuer) -> None:
    resource = issuer.resource()
    lines = good_headers()
    assert resource.check("GET", "/notes", lines).subject == "person-1"
    with pytest.raises(NotAuthorized):
        await resource.acheck("GET", "/notes", lines)
    other = good_headers()
    assert (await resource.acheck("GET", "/notes", other)).subject == "person-1"
    with pytest.raises(NotAuthorized):
        resource.check("GET", "/notes", other)


async def test_two_replicas_with_one_memory_take_a_proof_once(issuer: FakeIssuer) -> None:
    memory = SharedMemory()
    first, second = issuer.resource(replay=memory), issuer.resource(replay=memory)
    lines = good_headers()
    assert (await first.acheck("GET", "/notes", lines)).subject
    with pytest.raises(NotAuthorized) as caught:
        await second.acheck("GET", "/notes", lines)
    assert "used before" in caught.value.description


@pytest.mark.filterwarnings("ignore:coroutine")
def test_a_memory_that_awaits_cannot_be_asked_by_a_thread(issuer: FakeIssuer) -> None:
    with pytest.raises(ConfigurationError, match="acheck"):
        issuer.resource(replay=SharedMemory()).check("GET", "/notes", good_headers())


async def test_a_memory_that_fails_lets_nobody_in(issuer: FakeIssuer) -> None:
    class Broken:
        async def first_time(self, key: bytes, now: float) -> bool:
            raise ConnectionError(f"{len(key)} {now}")

    with pytest.raises(ConnectionError):
        await issuer.resource(replay=Broken()).acheck("GET", "/notes", good_headers())


async def test_what_a_route_needs_is_asked_of_a_good_caller(issuer: FakeIssuer) -> None:
    resource = issuer.resource()
    assert resource.check("GET", "/notes", good_headers(), needs=needs("notes:read", max_age=100)).subject
    with pytest.raises(NotAuthorized) as caught:
        resource.check("GET", "/notes", good_headers(), needs=needs("notes:delete"))
    assert caught.value.status == 403
    with pytest.raises(NotAuthorized) as caught:
        await resource.acheck("GET", "/notes", good_headers(), needs=needs(max_age=99))
    assert caught.value.error == "insufficient_user_authentication"


def test_the_audience_is_the_address_unless_another_is_named(issuer: FakeIssuer) -> None:
    token = make_token(aud="urn:notes")
    assert issuer.resource(audience="urn:notes").check("GET", "/notes", good_headers(token)).subject
    with pytest.raises(NotAuthorized):
        issuer.resource().check("GET", "/notes", good_headers(token))


def test_required_nonces_are_handed_out_and_renewed(issuer: FakeIssuer) -> None:
    clock = StillClock()
    resource = issuer.resource(clock, require_nonce=True, nonce_key=bytes(32))
    token = make_token(exp=2_000_000_000)
    nonce = resource.nonce()
    with pytest.raises(NotAuthorized) as caught:
        resource.check("GET", "/notes", headers(token, make_proof(token)))
    assert caught.value.headers["DPoP-Nonce"] == nonce
    assert resource.check("GET", "/notes", headers(token, make_proof(token, nonce=nonce))).subject
    clock.pass_by(600)
    late = make_proof(token, nonce=nonce, iat=int(clock.now().timestamp()))
    with pytest.raises(NotAuthorized) as caught:
        resource.check("GET", "/notes", headers(token, late))
    assert caught.value.error == "use_dpop_nonce"
    assert caught.value.headers["DPoP-Nonce"] == resource.nonce() != nonce
    assert issuer.resource().nonce() is None


@pytest.mark.parametrize("changes", [{"url": "api.example"}, {"require_nonce": True, "nonce_key": b"short"}])
def test_arguments_that_can_never_work_are_refused_before_anything_is_sent(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        ResourceServer(ISSUER, **{"url": API, **changes})


async def test_without_a_client_handed_in_it_opens_and_closes_its_own(issuer: FakeIssuer) -> None:
    resource = ResourceServer("http://127.0.0.1:9", url=API, surroundings=StillClock())
    token = make_token(iss="http://127.0.0.1:9")
    with pytest.raises(NotAuthorized) as caught:
        resource.check("GET", "/notes", headers(token, make_proof(token)))
    assert caught.value.status == 503
    resource.close()
    resource.close()
    await resource.aclose()
    assert issuer.calls == []
