# SPDX-License-Identifier: Apache-2.0
"""Client authentication: which header and which body make which credentials, and what a check remembers."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core.application import Application
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.web import clients, secret_checks
from counterfoil_service.web.forms import Form
from counterfoil_service.web.secret_checks import REMEMBERED, SecretChecks
from unit.web.fakes import a_request

NOW = 1_795_000_000_000_000


def _basic(pair: bytes) -> str:
    return "Basic " + base64.b64encode(pair).decode()


@pytest.mark.parametrize(
    ("pair", "credentials"),
    [
        (b"a:b", ("a", "b")),
        (b"a:b:c", ("a", "b:c")),
        (b"a:", ("a", "")),
        (b"a%3Ab:%25%2B%20+", ("a:b", "%+  ")),
        ("ä:ö".encode(), ("ä", "ö")),
        (b"%C3%A4:x", ("ä", "x")),
        (b"no colon", ("no colon", "")),
    ],
)
def test_basic_credentials_are_form_encoded(pair: bytes, credentials: tuple[str, str]) -> None:
    assert clients._credentials(a_request([("Authorization", _basic(pair))]), Form({})) == credentials


@given(st.binary(max_size=60).map(lambda value: value.decode("latin-1")))
def test_any_header_gives_credentials_or_a_refusal(header: str) -> None:
    for value in (header, "Basic " + header, _basic(header.encode("latin-1"))):
        client_id, code = "", ErrorCode.INVALID_CLIENT
        try:
            client_id, _ = clients._credentials(a_request([("Authorization", value)]), Form({}))
        except Refusal as refusal:
            code = refusal.code
        assert code is ErrorCode.INVALID_CLIENT
        assert "\0" not in client_id


def test_without_a_header_the_body_names_the_application() -> None:
    assert clients._credentials(a_request([]), Form({"client_id": "a"})) == ("a", None)
    assert clients._credentials(a_request([]), Form({"client_id": "a", "client_secret": "b"})) == ("a", "b")
    with pytest.raises(Refusal, match="client_id"):
        clients._credentials(a_request([]), Form({"client_secret": "b"}))


class _Verifier:
    def __init__(self) -> None:
        self.calls: list[str] = []

    def __call__(self, encoded: str, secret: str) -> bool:
        self.calls.append(secret)
        return encoded == "hash of " + secret


def _application(secret: str) -> Application:
    return Application("a", "A", (), (), "required", "optional", 0, secret_hash="hash of " + secret)


async def test_a_success_is_remembered_for_five_minutes_after_its_last_use() -> None:
    verify = _Verifier()
    checks = SecretChecks(bytes(32), verify)
    for elapsed in (0, 1, REMEMBERED, 2 * REMEMBERED - 1):
        assert await checks.passes(_application("x"), "x", NOW + elapsed)
    assert verify.calls == ["x"]
    assert await checks.passes(_application("x"), "x", NOW + 3 * REMEMBERED - 1)
    assert verify.calls == ["x", "x"]


async def test_a_queue_of_secrets_does_not_grow_without_end() -> None:
    checks = SecretChecks(bytes(32), _Verifier())
    checks._waiting = secret_checks._MOST_WAITING
    with pytest.raises(Refusal) as caught:
        await checks.passes(_application("x"), "x", NOW)
    assert caught.value.code is ErrorCode.TEMPORARILY_UNAVAILABLE


async def test_a_failure_is_never_remembered() -> None:
    verify = _Verifier()
    checks = SecretChecks(bytes(32), verify)
    for _ in range(3):
        assert not await checks.passes(_application("x"), "wrong", NOW)
    assert verify.calls == ["wrong"] * 3
    assert checks._remembered == {}


async def test_a_success_is_not_one_for_another_hash_or_secret() -> None:
    checks = SecretChecks(bytes(32), _Verifier())
    assert await checks.passes(_application("x"), "x", NOW)
    assert not await checks.passes(_application("new"), "x", NOW)
    assert not await checks.passes(_application("x"), "x ", NOW)


async def test_what_is_remembered_is_bounded_and_holds_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret_checks, "_CAPACITY", 4)
    checks = SecretChecks(bytes(32), _Verifier())
    for number in range(20):
        assert await checks.passes(_application(f"secret{number}"), f"secret{number}", NOW)
        assert len(checks._remembered) <= 4
    assert not any(b"secret" in name for name in checks._remembered)
