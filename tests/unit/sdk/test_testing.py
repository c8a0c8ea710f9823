# SPDX-License-Identifier: Apache-2.0
"""The fake service refuses what the real one refuses, so that an application's test means something."""

import asyncio
import base64
import secrets
import threading
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from counterfoil_client import LoginDenied, LoginInvalid, MemoryStore, ServiceUnreachable, Session
from counterfoil_client._fake_proof import BadProof, check_proof
from counterfoil_client._proof import b64, make_proof
from counterfoil_client.session import state_of
from counterfoil_client.stores import SoftwareKey
from counterfoil_client.testing import FakeService
from unit.sdk.signed_in import a_session
from unit.sdk.stage import KEY, NOON

URL = "https://id.example/oauth/token"


def prove(**changes: Any) -> str:
    values: dict[str, Any] = {"now": NOON, "jti": b"j" * 16, "nonce": None, **changes}
    return make_proof(KEY, values.pop("method", "POST"), values.pop("url", URL), **values)


def forge(header: dict[str, Any] | None = None, claims: dict[str, Any] | None = None) -> str:
    """A proof with changed parts and a true signature."""
    head, body, _ = prove().split(".")
    pad = "=="
    old_head = msgspec.json.decode(base64.urlsafe_b64decode(head + pad))
    old_body = msgspec.json.decode(base64.urlsafe_b64decode(body + pad))
    signed = ".".join(
        b64(msgspec.json.encode({**old, **(new or {})})) for old, new in ((old_head, header), (old_body, claims))
    )
    return f"{signed}.{b64(KEY.sign(signed.encode()))}"


def test_an_honest_proof_passes() -> None:
    thumbprint, claims = check_proof(prove(nonce="n"), URL, NOON)
    assert len(thumbprint) == 43
    assert claims.nonce == "n"
    assert check_proof(forge(), URL, NOON)[0] == thumbprint


@pytest.mark.parametrize(
    "proof",
    [
        "",
        "a.b",
        "a.b.c",
        prove(method="GET"),
        prove(url="https://id.example/oauth/revoke"),
        prove(now=NOON - timedelta(seconds=61)),
        prove(now=NOON + timedelta(seconds=31)),
        prove()[:-6] + "AAAAAA",
        prove().rpartition(".")[0] + ".",
        forge(header={"typ": "JWT"}),
        forge(header={"alg": "HS256"}),
        forge(header={"alg": "none"}),
        forge(header={"jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}}),
        forge(header={"jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "d": "AA"}}),
        forge(header={"kid": "1"}),
        forge(claims={"iat": "now"}),
        forge(claims={"jti": 5}),
        forge(claims={"sub": "surprise"}),
    ],
)
def test_every_other_one_does_not(proof: str) -> None:
    with pytest.raises(BadProof):
        check_proof(proof, URL, NOON)


def test_a_proof_is_taken_once() -> None:
    fake = FakeService()
    with fake.client() as client:
        client.start_login("ada@example.com")
    time = fake._time
    http = fake._wire.client()
    proof = make_proof(SoftwareKey.generate(), "POST", URL, now=time.now(), jti=b"1" * 16, nonce=fake._nonce)
    answers = [http.post(URL, headers={"DPoP": proof}, data={"device_code": "x"}).json()["error"] for _ in range(2)]
    assert answers == ["invalid_grant", "invalid_dpop_proof"]


def test_another_key_collects_nothing_and_disturbs_nothing() -> None:
    fake = FakeService()
    with fake.client() as ada, fake.client() as mallory:
        login = ada.start_login("ada@example.com")
        hers = mallory.start_login("ada@example.com")
        hers._login.device_code = fake.logins[0].device_code
        fake.approve(login.login_id)
        with pytest.raises(LoginInvalid):
            hers.wait()
        assert login.wait().subject == "user-of-ada@example.com"


def test_one_store_is_one_device() -> None:
    fake, store = FakeService(), MemoryStore()
    for _ in range(2):
        with fake.client(store=store) as client:
            client.start_login("ada@example.com")
    assert [login.state for login in fake.logins] == ["cancelled", "pending"]
    assert fake.logins[0].thumbprint == fake.logins[1].thumbprint


def test_what_the_application_said_can_be_looked_at() -> None:
    fake = FakeService("https://id.example/tenant")
    with fake.client("other") as client:
        client.start_login("ada@example.com", device_label="laptop", scope="email profile")
    login = fake.last_login
    assert (login.client_id, login.email, login.device_label) == ("other", "ada@example.com", "laptop")
    assert (login.scope, login.state) == ("email profile", "pending")


def test_offline_and_back() -> None:
    fake = FakeService()
    fake.go_offline()
    with fake.client() as client:
        with pytest.raises(ServiceUnreachable):
            client.start_login("ada@example.com")
        fake.go_online()
        assert client.start_login("ada@example.com").login_id == "login-1"


def test_with_patience_another_thread_may_decide() -> None:
    fake = FakeService(patience=10)
    with fake.client() as client:
        login = client.start_login("ada@example.com")
        polled = threading.Event()

        def approve_later() -> None:
            assert polled.wait(10)
            fake.approve(login.login_id)

        helper = threading.Thread(target=approve_later)
        helper.start()
        assert login.wait(on_progress=lambda _: polled.set()).subject
        helper.join()


async def test_with_patience_another_task_may_decide() -> None:
    fake = FakeService(patience=10)
    async with fake.async_client() as client:
        login = await client.start_login("ada@example.com")
        polled = asyncio.Event()
        task = asyncio.create_task(login.wait(on_progress=lambda _: polled.set()))
        await polled.wait()
        assert not task.done()
        fake.deny(login.login_id)
        with pytest.raises(LoginDenied):
            await task


def test_a_mistake_in_the_test_is_told() -> None:
    fake = FakeService()
    with pytest.raises(KeyError):
        fake.approve("login-7")
    with fake.client() as client:
        login = client.start_login("ada@example.com")
        fake.deny(login.login_id)
        with pytest.raises(ValueError, match="denied already"):
            fake.approve(login.login_id)


def test_a_service_without_long_polls_is_waited_for_at_once_too() -> None:
    fake = FakeService(poll_wait_max=0, expires_in=60)
    attempts: list[int] = []
    with fake.client() as client:
        login = client.start_login("ada@example.com")

        def decide(progress: Any) -> None:
            attempts.append(progress.attempt)
            if progress.attempt == 5:
                fake.approve(login.login_id)

        assert login.wait(on_progress=decide).session_id == "session-of-login-1"
    assert attempts == [1, 2, 3, 4, 5]


def prove_to(fake: FakeService, method: str, url: str, token: str | None = None, **changes: Any) -> str:
    """A proof by the first session's device, as `session.auth` would make it."""
    values: dict[str, Any] = {"now": fake._time.now(), "jti": secrets.token_bytes(16), "nonce": fake._resource.nonce}
    return make_proof(KEY, method, url, access_token=token, **{**values, **changes})


def a_session_of_key(fake: FakeService) -> Session:
    """Signed in with a key that the test holds, too."""
    store = MemoryStore()
    store._keys[fake.issuer, "desktop"] = KEY
    return a_session(fake, store)


def ask_resource(fake: FakeService, **headers: str) -> tuple[int, str]:
    answer = fake._wire.client().get(fake.resource_url, headers=headers)
    assert answer.headers["dpop-nonce"] == fake._resource.nonce
    return answer.status_code, answer.headers.get("www-authenticate", "")


def test_the_resource_takes_a_good_token_with_a_good_proof() -> None:
    fake = FakeService()
    token = a_session_of_key(fake).access_token
    proof = prove_to(fake, "GET", fake.resource_url, token)
    assert ask_resource(fake, Authorization=f"DPoP {token}", DPoP=proof) == (200, "")
    status, told = ask_resource(fake, Authorization=f"DPoP {token}", DPoP=proof)
    assert (status, 'error="invalid_dpop_proof"' in told) == (401, True), "a proof is taken once"


def test_the_resource_refuses_what_a_real_one_refuses() -> None:
    fake = FakeService()
    token = a_session_of_key(fake).access_token
    url = fake.resource_url
    strange = make_proof(
        SoftwareKey.generate(),
        "GET",
        url,
        now=fake._time.now(),
        jti=b"s" * 16,
        nonce=fake._resource.nonce,
        access_token=token,
    )
    cases = [
        ({}, ""),
        ({"Authorization": f"Bearer {token}"}, ""),
        ({"Authorization": f"DPoP {token}"}, "invalid_dpop_proof"),
        ({"Authorization": f"DPoP {token}", "DPoP": prove_to(fake, "POST", url, token)}, "invalid_dpop_proof"),
        ({"Authorization": f"DPoP {token}", "DPoP": prove_to(fake, "GET", f"{url}/x", token)}, "invalid_dpop_proof"),
        ({"Authorization": f"DPoP {token}", "DPoP": prove_to(fake, "GET", url, "another")}, "invalid_dpop_proof"),
        ({"Authorization": f"DPoP {token}", "DPoP": prove_to(fake, "GET", url)}, "invalid_dpop_proof"),
        ({"Authorization": f"DPoP {token}", "DPoP": prove_to(fake, "GET", url, token, nonce=None)}, "use_dpop_nonce"),
        ({"Authorization": "DPoP unknown", "DPoP": prove_to(fake, "GET", url, "unknown")}, "invalid_token"),
        ({"Authorization": f"DPoP {token}", "DPoP": strange}, "invalid_token"),
    ]
    for headers, error in cases:
        status, told = ask_resource(fake, **headers)
        assert (status, f'error="{error}"' in told) == (401, bool(error)), headers


def test_a_token_lasts_five_minutes_and_no_longer_than_its_session() -> None:
    fake = FakeService()
    session = a_session_of_key(fake)

    def status() -> int:
        proof = prove_to(fake, "GET", fake.resource_url, session.access_token)
        return ask_resource(fake, Authorization=f"DPoP {session.access_token}", DPoP=proof)[0]

    fake.advance(299)
    assert status() == 200
    fake.advance(2)
    assert status() == 401
    session.auth._keeper.fresh(state_of(session))
    assert status() == 200
    fake.end_session(session.session_id)
    assert status() == 401
    with pytest.raises(KeyError):
        fake.end_session("nobody's")


def test_a_refresh_token_works_again_until_its_successor_was_used_and_then_ends_the_session() -> None:
    fake = FakeService()
    first = a_session(fake).refresh_token
    (session,) = fake.sessions
    who = (session.thumbprint, "desktop")

    def refresh(token: str | None) -> str | None:
        found = fake._sessions.refresh(token, *who)
        return None if found is None else found["refresh_token"]

    second = refresh(first)
    assert refresh(first) == second != first
    assert fake._sessions.refresh(second, "another key", "desktop") is None
    assert fake._sessions.refresh(second, session.thumbprint, "another application") is None
    third = refresh(second)
    assert (refresh(second), session.ended) == (third, False)
    assert refresh(first) is None
    assert session.ended
    assert (refresh(third), refresh(None), refresh("unknown")) == (None, None, None)


def test_revoking_ends_the_session_of_this_key_alone() -> None:
    fake = FakeService()
    token = a_session(fake).refresh_token
    (session,) = fake.sessions
    for wrong in (
        ("unknown", session.thumbprint, "desktop"),
        (token, "other", "desktop"),
        (token, session.thumbprint, "x"),
    ):
        fake._sessions.revoke(*wrong)
        assert not session.ended
    fake._sessions.revoke(token, session.thumbprint, "desktop")
    assert session.ended


def test_offline_is_the_service_alone() -> None:
    fake = FakeService()
    session = a_session(fake)
    fake.go_offline()
    with fake.api(session) as http:
        assert http.get(fake.resource_url).status_code == 200


def test_sessions_show_no_token() -> None:
    fake = FakeService()
    session = a_session(fake)
    assert session.access_token not in repr(fake.sessions)
    assert str(session.refresh_token) not in repr(fake.sessions)
