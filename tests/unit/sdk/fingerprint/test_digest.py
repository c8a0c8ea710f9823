# SPDX-License-Identifier: Apache-2.0
"""What leaves the machine: keyed digests, another one for each service and application, and no raw value."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_client._fingerprint.digest import encode
from counterfoil_client._fingerprint.profile import ATTRIBUTES, Profile
from counterfoil_service.core import fingerprint as service
from unit.sdk.fingerprint.recorded import everywhere, machine, profile_of, raw

ISSUER = "https://id.example"
X = bytes(range(32))
ADA = Profile(
    machine="6f1d0b7c2e9a4f53b8c07d61e2a94f03",
    os="linux ubuntu",
    os_version="22.04",
    architecture="x86_64",
    cpu="11th Gen Intel(R) Core(TM) i7-1165G7 @ 2.80GHz",
    hostname="ada-thinkpad",
    timezone="Europe/Berlin",
)
SURELY_NO_ACCIDENT = 5
STABLE = {"machine", "os", "architecture", "cpu", "product"}
GOLDEN = {
    "v": 1,
    "stable": "KSYyf6acWv2q5ZdcHdJkiXfWyI2FN2SDJppk46-r-ks",
    "attributes": {
        "machine": "0w0YgSziQ5h6F2wDoKL4LQ",
        "os": "Afxz5RfHNOUCsQKh_ffaJQ",
        "os_version": "jcAoHeW_d-XuZL0a-xdJFw",
        "architecture": "tI_WwR8pUakQBne-RRpTsg",
        "cpu": "nqV_mcbdWlPjhv8wTkMS-g",
        "hostname": "BmFmPWF55BfN3KB9MlCjNQ",
        "timezone": "ila-M6TOsm3UtEYTJqEI5g",
    },
}
VALUES = st.none() | st.text(st.characters(exclude_categories=()), max_size=20)


def decoded(profile: Profile, issuer: str = ISSUER, client_id: str = "desktop", x: bytes = X) -> dict[str, Any]:
    text = encode(profile, issuer, client_id, x)
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found


def test_the_same_machine_gives_this_text_for_ever() -> None:
    """A golden vector: with any other answer every device of every service would look changed."""
    assert decoded(ADA) == GOLDEN


def test_the_key_is_derived_as_the_module_says() -> None:
    context = b"counterfoil/fingerprint/1\0https://id.example\0desktop"
    key = hmac.new(b"6f1d0b7c2e9a4f53b8c07d61e2a94f03", context, hashlib.sha256).digest()
    hostname = hmac.new(key, b"hostname\0ada-thinkpad", hashlib.sha256).digest()[:16]
    assert decoded(ADA)["attributes"]["hostname"] == base64.urlsafe_b64encode(hostname).decode().rstrip("=")


def test_the_text_is_what_the_contract_says_and_fits_the_service() -> None:
    text = encode(replace(ADA, **dict.fromkeys(ATTRIBUTES, "x" * 300)), ISSUER, "desktop", X)
    assert len(text) < service.MAX_LENGTH / 2
    assert "=" not in text
    found = service.parse(text)
    assert tuple(found.attributes) == ATTRIBUTES
    assert {len(value) for value in found.attributes.values()} == {22}
    assert b" " not in base64.urlsafe_b64decode(text + "==")


@pytest.mark.parametrize(
    ("issuer", "client_id"),
    [("https://id.example.org", "desktop"), (ISSUER, "other"), ("https://id.exampl", "edesktop")],
)
def test_another_service_or_application_recognises_nothing(issuer: str, client_id: str) -> None:
    ours, theirs = decoded(ADA), decoded(ADA, issuer, client_id)
    assert ours["stable"] != theirs["stable"]
    assert not set(ours["attributes"].values()) & set(theirs["attributes"].values())


def test_another_machine_with_the_same_traits_shares_no_digest() -> None:
    ours, theirs = decoded(ADA), decoded(replace(ADA, machine="0" * 31 + "1"))
    assert ours["stable"] != theirs["stable"]
    assert not set(ours["attributes"].values()) & set(theirs["attributes"].values())


def test_two_attributes_with_the_same_value_have_different_digests() -> None:
    found = decoded(replace(ADA, os="same", cpu="same"))["attributes"]
    assert found["os"] != found["cpu"]


@pytest.mark.parametrize("name", [name for name in ATTRIBUTES if name != "machine"])
@pytest.mark.parametrize("value", ["something else", None, ""])
def test_a_change_in_one_value_changes_that_digest_alone_and_stable_for_its_five(name: str, value: str | None) -> None:
    full = replace(ADA, **{each: getattr(ADA, each) or "something" for each in ATTRIBUTES})
    before, after = decoded(full), decoded(replace(full, **{name: value}))
    told = {each for each in ATTRIBUTES if before["attributes"].get(each) != after["attributes"].get(each)}
    assert told == {name}
    assert (name in after["attributes"]) == (value is not None)
    assert (before["stable"] != after["stable"]) == (name in STABLE)


def test_the_device_key_says_nothing_where_there_is_a_machine_id() -> None:
    assert decoded(ADA, x=X) == decoded(ADA, x=bytes(32))


@pytest.mark.parametrize("known", [Profile(), replace(ADA, machine=None), Profile(hostname="ada-thinkpad")])
def test_a_machine_without_an_id_says_no_more_than_its_key_does(known: Profile) -> None:
    """Anybody can try all common host names and zones: without a secret of the machine none of them may leave."""
    found = decoded(known)
    assert found["attributes"] == {}
    assert found == decoded(Profile())
    assert found["stable"] != decoded(Profile(), x=bytes(32))["stable"]
    assert found["stable"] != decoded(Profile(), client_id="other")["stable"]
    assert len(found["stable"]) == 43


@pytest.mark.parametrize(("system", "name"), everywhere())
def test_no_raw_value_is_in_what_leaves(system: str, name: str) -> None:
    profile = replace(profile_of(system, machine(system, name)), app="desktop 1.2.3", key_storage="keyring")
    text = encode(profile, ISSUER, "desktop", X)
    whole = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    found = json.loads(whole)
    for value in raw(profile).values():
        assert value not in {*found["attributes"].values(), found["stable"]}
        if len(value) >= SURELY_NO_ACCIDENT:
            assert value.lower() not in whole.lower()
            assert value.lower() not in text.lower()
            assert base64.urlsafe_b64encode(value.encode()).decode().rstrip("=")[:-1] not in text


@given(st.lists(st.tuples(VALUES, VALUES, VALUES, VALUES), min_size=2, max_size=2, unique=True))
def test_no_two_lists_of_values_give_the_same_stable(pair: list[tuple[str | None, ...]]) -> None:
    names = ("os", "architecture", "cpu", "product")
    one, other = (decoded(Profile(machine="m", **dict(zip(names, values, strict=True)))) for values in pair)
    assert one["stable"] != other["stable"]
