# SPDX-License-Identifier: Apache-2.0
"""The fake service refuses the same codes as the real one, so that an application's test means something."""

from typing import Any

import pytest

from counterfoil_client import Client, PendingLogin
from counterfoil_client._proof import JTI_BYTES, make_proof
from counterfoil_client.testing import FakeService

DEEP = "com.example.app:/signed-in"
CHALLENGE = "c" * 43
GOOD = {
    "client_id": "desktop",
    "login_hint": "ada@example.com",
    "redirect_uri": DEEP,
    "state": "s" * 43,
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


def ask(fake: FakeService, client: Client, path: str, form: dict[str, str]) -> dict[str, Any]:
    """Send a form past the client, with its key."""
    url = f"{fake.issuer}/oauth/{path}"
    jti = fake._time.entropy(JTI_BYTES)
    proof = make_proof(client._device_key(), "POST", url, now=fake._time.now(), jti=jti, nonce=fake._nonce)
    answer: dict[str, Any] = fake._wire.client().post(url, headers={"DPoP": proof}, data=form).json()
    return answer


def start(fake: FakeService, client: Client) -> tuple[PendingLogin, dict[str, str]]:
    """A login with a way home, and the form that redeems its first code."""
    login = client.start_login("ada@example.com", redirect=DEEP)
    home = login._login.way_home
    assert home is not None
    code = home.read(fake.return_here(login.login_id)).code
    assert code is not None
    form = {
        "grant_type": "authorization_code",
        "client_id": "desktop",
        "code": code,
        "redirect_uri": DEEP,
        "code_verifier": home.verifier,
    }
    return login, form


@pytest.mark.parametrize(
    "change",
    [
        {"code_verifier": "w" * 43},
        {"code_verifier": ""},
        {"redirect_uri": f"{DEEP}/"},
        {"client_id": "other"},
        {"code": "made-up"},
        {"code": ""},
    ],
)
def test_a_code_that_does_not_fit_is_refused_and_not_used_up(change: dict[str, str]) -> None:
    fake = FakeService()
    with fake.client() as client:
        _, form = start(fake, client)
        assert ask(fake, client, "token", {**form, **change})["error"] == "invalid_grant"
        assert ask(fake, client, "token", form)["token_type"] == "DPoP"


def test_another_key_redeems_nothing() -> None:
    fake = FakeService()
    with fake.client() as ada, fake.client() as mallory:
        _, form = start(fake, ada)
        assert ask(fake, mallory, "token", form)["error"] == "invalid_grant"
        assert fake.sessions == []


def test_a_second_redemption_ends_what_the_first_one_made() -> None:
    fake = FakeService()
    with fake.client() as client:
        _, form = start(fake, client)
        ask(fake, client, "token", form)
        assert [one.ended for one in fake.sessions] == [False]
        assert ask(fake, client, "token", form)["error"] == "invalid_grant"
        assert [one.ended for one in fake.sessions] == [True]


def test_a_code_lasts_a_minute() -> None:
    fake = FakeService()
    with fake.client() as client:
        _, form = start(fake, client)
        fake.advance(60)
        assert ask(fake, client, "token", form)["error"] == "invalid_grant"


def test_there_are_three_codes_and_the_login_stays_pending() -> None:
    fake = FakeService()
    with fake.client() as client:
        login, _ = start(fake, client)
        urls = {fake.return_here(login.login_id) for _ in range(2)}
        assert len(urls) == 2
        with pytest.raises(ValueError, match="three codes"):
            fake.return_here(login.login_id)
        assert fake.last_login.state == "pending"


def test_a_mistake_in_the_test_is_told() -> None:
    fake = FakeService()
    with fake.client() as client:
        with pytest.raises(KeyError):
            fake.return_here(client.start_login("ada@example.com").login_id)
        login, _ = start(fake, client)
        fake.deny(login.login_id)
        with pytest.raises(ValueError, match="denied already"):
            fake.return_here(login.login_id)


def test_a_code_of_a_login_that_was_denied_meanwhile_is_worth_nothing() -> None:
    fake = FakeService()
    with fake.client() as client:
        login, form = start(fake, client)
        fake.deny(login.login_id)
        assert ask(fake, client, "token", form)["error"] == "invalid_grant"


@pytest.mark.parametrize("missing", ["redirect_uri", "state", "code_challenge", "code_challenge_method"])
def test_all_four_fields_or_none(missing: str) -> None:
    fake = FakeService()
    with fake.client() as client:
        form = {name: value for name, value in GOOD.items() if name != missing}
        assert ask(fake, client, "device_authorization", form)["error"] == "invalid_request"
        assert "error" not in ask(fake, client, "device_authorization", GOOD)


@pytest.mark.parametrize(
    "change", [{"code_challenge_method": "plain"}, {"code_challenge": "short"}, {"state": "guess"}]
)
def test_weak_values_are_refused(change: dict[str, str]) -> None:
    fake = FakeService()
    with fake.client() as client:
        assert ask(fake, client, "device_authorization", {**GOOD, **change})["error"] == "invalid_request"


def test_a_deep_link_keeps_its_own_query() -> None:
    fake = FakeService()
    with fake.client() as client:
        login = client.start_login("ada@example.com", redirect=f"{DEEP}?item=42&y=%20")
        assert fake.return_here(login.login_id).startswith(f"{DEEP}?item=42&y=%20&code=")
