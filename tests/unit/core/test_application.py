# SPDX-License-Identifier: Apache-2.0
"""An application gets what it is registered for and nothing more."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core import application as rules
from counterfoil_service.core.application import Application
from counterfoil_service.core.errors import ErrorCode, Refusal

ISSUER = "https://id.example"


def an_application(**changes: Any) -> Application:
    values: dict[str, Any] = {
        "id": "desk-app",
        "name": "Desk App",
        "scopes": ("email", "files:read", "files:write"),
        "audiences": ("https://api.example", "https://other.example"),
        "dpop": "required",
        "fingerprint": "optional",
        "created_at": 0,
    }
    return Application(**(values | changes))


@pytest.mark.parametrize("client_id", ["a", "desk-app", "A.b_c~d-9", "x" * 100])
def test_a_client_id_of_unreserved_characters_is_taken(client_id: str) -> None:
    rules.check_registration(an_application(id=client_id))


@pytest.mark.parametrize(
    "client_id", ["", "x" * 101, "a b", "a/b", "a:b", "a\n", "\na", "é", "a\u202eb", "a%20b", "a+b", "a&b", "a\0"]
)
def test_any_other_client_id_is_refused(client_id: str) -> None:
    with pytest.raises(Refusal, match="client id"):
        rules.check_registration(an_application(id=client_id))


@pytest.mark.parametrize(
    "name", ["", " ", "x" * 65, "Desk\nApp", "Desk\u202eppA", "Desk\u2028App", "De\u200bsk", "\x00"]
)
def test_a_name_that_could_forge_a_line_is_refused(name: str) -> None:
    with pytest.raises(Refusal, match="name"):
        rules.check_registration(an_application(name=name))


@pytest.mark.parametrize("name", ["Desk App", "Größe & Söhne", "デスク", "x" * 64, "<b>Desk</b>"])
def test_a_name_in_any_language_is_taken(name: str) -> None:
    rules.check_registration(an_application(name=name))


@pytest.mark.parametrize("scope", ["", "a b", 'a"b', "a\\b", "é", "a\n", "x" * 101, "\x7f"])
def test_a_scope_outside_the_grammar_is_refused(scope: str) -> None:
    with pytest.raises(Refusal, match="scope"):
        rules.check_registration(an_application(scopes=("email", scope)))


def test_nobody_can_register_as_the_service_itself() -> None:
    with pytest.raises(Refusal, match="the service itself"):
        rules.check_registration(an_application(id=rules.OWN_ID))


def test_an_application_that_refuses_new_devices_must_know_them_by_a_key() -> None:
    rules.check_registration(an_application(new_devices="refuse"))
    rules.check_registration(an_application(new_devices="notify", dpop="optional"))
    with pytest.raises(Refusal, match="--dpop required"):
        rules.check_registration(an_application(new_devices="refuse", dpop="optional"))


@pytest.mark.parametrize("colour", ["#0b5a45", "#000000", "#ffffff", "#0B5A45", "#AbCdEf"])
def test_a_colour_is_stored_in_lower_case(colour: str) -> None:
    stored = rules.as_stored(an_application(colour=colour))
    rules.check_registration(stored)
    assert stored.colour == colour.lower()


@pytest.mark.parametrize(
    "colour",
    [
        "0b5a45",
        "#0b5a4",
        "#0b5a455",
        "#0b5a4g",
        "red",
        "#fff",
        " #0b5a45",
        "#0b5a45\n",
        "#0b5a45;color:red",
        "#\u0660\u0660\u0660\u0660\u0660\u0660",
    ],
)
def test_what_could_be_more_than_a_colour_in_a_style_is_refused(colour: str) -> None:
    with pytest.raises(Refusal, match="colour"):
        rules.check_registration(rules.as_stored(an_application(colour=colour)))


@pytest.mark.parametrize("logo_text", ["D", "Desk", "Größe", "デスク", "x" * 24, "<b>"])
def test_a_logo_text_in_any_language_is_taken(logo_text: str) -> None:
    stored = rules.as_stored(an_application(logo_text=logo_text))
    rules.check_registration(stored)
    assert stored.logo_text == logo_text


@pytest.mark.parametrize("logo_text", [" ", "x" * 25, "De\nsk", "De\u202esk", "De\u200bsk", "\x00"])
def test_a_logo_text_that_could_forge_a_line_is_refused(logo_text: str) -> None:
    with pytest.raises(Refusal, match="logo text"):
        rules.check_registration(rules.as_stored(an_application(logo_text=logo_text)))


def test_looks_given_as_nothing_are_none() -> None:
    stored = rules.as_stored(an_application(colour="", logo_text=""))
    assert (stored.colour, stored.logo_text) == (None, None)


def test_a_request_without_scope_gets_all_that_is_registered() -> None:
    assert rules.granted_scope(an_application(), None) == "email files:read files:write"


@pytest.mark.parametrize(
    ("requested", "granted"),
    [
        ("email", "email"),
        ("files:write email", "files:write email"),
        ("email email files:read email", "email files:read"),
    ],
)
def test_a_request_gets_the_scopes_it_names_once_each(requested: str, granted: str) -> None:
    assert rules.granted_scope(an_application(), requested) == granted


@pytest.mark.parametrize(
    "requested", ["admin", "email admin", "EMAIL", "", " ", "email ", "email  files:read", "e*", "email\tadmin"]
)
def test_one_scope_too_many_refuses_them_all(requested: str) -> None:
    with pytest.raises(Refusal) as caught:
        rules.granted_scope(an_application(), requested)
    assert caught.value.code is ErrorCode.INVALID_SCOPE
    assert "admin" not in caught.value.description


@given(
    st.sets(st.sampled_from(["email", "a", "b", "c"])), st.lists(st.sampled_from(["email", "a", "b", "c"]), min_size=1)
)
def test_no_request_ever_gets_more_than_is_registered(registered: set[str], asked: list[str]) -> None:
    application = an_application(scopes=tuple(sorted(registered)))
    try:
        granted = set(rules.granted_scope(application, " ".join(asked)).split())
    except Refusal:
        assert not set(asked) <= registered
    else:
        assert granted == set(asked)
        assert granted <= registered


def test_the_audience_is_the_issuer_unless_the_application_has_its_own() -> None:
    assert rules.granted_audience(an_application(audiences=()), None, ISSUER) == ISSUER
    assert rules.granted_audience(an_application(), None, ISSUER) == "https://api.example"
    assert rules.granted_audience(an_application(), "https://other.example", ISSUER) == "https://other.example"
    assert rules.granted_audience(an_application(audiences=()), ISSUER, ISSUER) == ISSUER


@pytest.mark.parametrize(
    "resource", ["", ISSUER, "https://api.example/", "https://API.example", "https://evil.example"]
)
def test_a_resource_that_is_not_registered_byte_for_byte_is_refused(resource: str) -> None:
    with pytest.raises(Refusal) as caught:
        rules.granted_audience(an_application(), resource, ISSUER)
    assert caught.value.code is ErrorCode.INVALID_REQUEST


def test_an_application_with_a_secret_is_confidential_and_cannot_be_changed() -> None:
    assert an_application(secret_hash="$argon2id$…").confidential
    assert not an_application().confidential
    with pytest.raises(AttributeError):
        an_application().scopes = ("admin",)  # type: ignore[misc]  # that is the point
    assert msgspec.structs.replace(an_application(), name="Other").name == "Other"
