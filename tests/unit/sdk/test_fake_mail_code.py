# SPDX-License-Identifier: Apache-2.0
"""The fake service's codes of mails: no easier to satisfy than the real one's."""

import re
import secrets
import time
from typing import Any

import pytest

from counterfoil_client import LoginInvalid, MemoryStore
from counterfoil_client._fake_logins import FakeLogin
from counterfoil_client._proof import make_proof
from counterfoil_client.stores import SoftwareKey
from counterfoil_client.testing import FakeService
from unit.sdk.stage import KEY

URL = "https://id.example/oauth/mail_code"


def a_login(fake: FakeService) -> FakeLogin:
    """Started with a key that the test holds, too."""
    store = MemoryStore()
    store._keys[fake.issuer, "desktop"] = KEY
    with fake.client(store=store) as client:
        client.start_login("ada@example.com")
    return fake.last_login


def post(fake: FakeService, login: FakeLogin, key: SoftwareKey = KEY, **changes: Any) -> tuple[int, Any]:
    """Send a form with a good proof; None leaves a field out."""
    named: dict[str, str | None] = {
        "client_id": "desktop",
        "device_code": login.device_code,
        "mail_code": login.mail_code,
        "device_fingerprint": login.device_fingerprint,
        **changes,
    }
    form = {name: value for name, value in named.items() if value is not None}
    proof = make_proof(key, "POST", URL, now=fake._time.now(), jti=secrets.token_bytes(16), nonce=fake._nonce)
    answer = fake._wire.client().post(URL, headers={"DPoP": proof}, data=form)
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code, answer.json()


def error_of(answer: tuple[int, Any]) -> str:
    status, body = answer
    assert status == 400
    return str(body["error"])


def test_each_login_has_eight_digits_of_its_own() -> None:
    fake = FakeService()
    codes = {a_login(fake).mail_code for _ in range(20)}
    assert len(codes) == 20
    assert all(re.fullmatch("[0-9]{8}", code) for code in codes)


def test_the_right_code_approves_once_and_stays_right() -> None:
    fake = FakeService()
    login = a_login(fake)
    assert [post(fake, login), post(fake, login)] == [(200, {})] * 2
    assert (login.state, login.mail_code_misses) == ("approved", 0)


@pytest.mark.parametrize(
    "code", [None, "", "1234567", "123456789", "1234 5678", "1234567a", "\u0661" * 8, "12345678\n"]
)
def test_what_is_not_eight_digits_is_refused_and_not_counted(code: str | None) -> None:
    fake = FakeService()
    login = a_login(fake)
    assert error_of(post(fake, login, mail_code=code)) == "invalid_request"
    assert (login.state, login.mail_code_misses) == ("pending", 0)


@pytest.mark.parametrize(
    "change",
    [
        {"device_code": "unknown"},
        {"device_code": None},
        {"client_id": "another"},
        {"client_id": None},
        {"device_fingerprint": "another"},
    ],
    ids=repr,
)
def test_another_login_application_or_device_is_told_nothing_and_changes_nothing(change: dict[str, Any]) -> None:
    fake = FakeService()
    login = a_login(fake)
    assert error_of(post(fake, login, **change)) == "invalid_grant"
    assert (login.state, login.mail_code_misses) == ("pending", 0)


def test_another_key_is_told_nothing_and_changes_nothing() -> None:
    fake = FakeService()
    login = a_login(fake)
    assert error_of(post(fake, login, SoftwareKey.generate())) == "invalid_grant"
    with fake.client() as mallory:
        hers = mallory.start_login("ada@example.com")
        hers._login.device_code = login.device_code
        with pytest.raises(LoginInvalid):
            hers.submit_code(login.mail_code)
    assert (login.state, login.mail_code_misses) == ("pending", 0)


def test_without_a_proof_nothing_is_looked_at() -> None:
    fake = FakeService()
    login = a_login(fake)
    form = {"client_id": "desktop", "device_code": login.device_code, "mail_code": login.mail_code}
    answer = fake._wire.client().post(URL, data=form)
    assert answer.json()["error"] == "invalid_dpop_proof"
    assert login.state == "pending"


def test_busy_and_unallowed_tries_are_not_counted() -> None:
    fake = FakeService()
    login = a_login(fake)
    fake.be_busy()
    assert error_of(post(fake, login, mail_code="00000000")) == "slow_down"
    fake.refuse_mail_codes()
    assert error_of(post(fake, login)) == "unauthorized_client"
    assert (login.state, login.mail_code_misses) == ("pending", 0)


@pytest.mark.parametrize(
    ("verb", "told"),
    [
        ("deny", ("access_denied", "denied")),
        ("lock", ("access_denied", "locked")),
        ("refuse_device", ("access_denied", "new_device")),
        ("expire", ("expired_token", None)),
    ],
)
def test_a_login_that_was_decided_takes_no_code(verb: str, told: tuple[str, str | None]) -> None:
    fake = FakeService()
    login = a_login(fake)
    getattr(fake, verb)(login.login_id)
    status, body = post(fake, login)
    assert (status, body["error"], body.get("reason")) == (400, *told)


def test_time_ends_it_too() -> None:
    fake = FakeService()
    login = a_login(fake)
    fake.advance(601)
    assert error_of(post(fake, login)) == "expired_token"


def test_a_code_is_answered_at_once_however_patient_the_polls_are() -> None:
    fake = FakeService(patience=10)
    login = a_login(fake)
    began = time.monotonic()
    assert post(fake, login)[0] == 200
    assert time.monotonic() - began < 5
