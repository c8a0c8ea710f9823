# SPDX-License-Identifier: Apache-2.0
"""The way home as text: what may be asked for, and which URL is the answer to this login and no other."""

import base64
import hashlib
import re
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_client._redirect import Loopback, WayHome, check_scheme, parse_redirect
from counterfoil_client.errors import ConfigurationError, UnexpectedRedirect

ISSUER = "https://id.example"
DEEP = "com.example.app:/signed-in"


def home(redirect_uri: str = DEEP) -> WayHome:
    return WayHome.make(redirect_uri, ISSUER, b"s" * 32, b"v" * 32)


def answer(way: WayHome, **changes: str | None) -> str:
    """The URL a browser is sent to, with changed parameters; None leaves one out."""
    values: dict[str, str | None] = {"code": "code-1", "state": way.state, "iss": "https%3A%2F%2Fid.example", **changes}
    query = "&".join(f"{name}={value}" for name, value in values.items() if value is not None)
    return f"{way.redirect_uri}{'&' if '?' in way.redirect_uri else '?'}{query}"


def test_a_listener_is_asked_for_by_a_word_or_by_an_address_without_port() -> None:
    assert parse_redirect("loopback") == Loopback("127.0.0.1", "/callback")
    assert parse_redirect("http://127.0.0.1/other/path") == Loopback("127.0.0.1", "/other/path")
    assert parse_redirect("http://[::1]/") == Loopback("[::1]", "/")


@pytest.mark.parametrize(
    "text",
    [
        DEEP,
        "com.example.app:/x?item=42&y=%20",
        "com.example.app://host/x",
        "https://app.example/signed-in",
        "https://app.example:8443/a/b?keep=%2F&empty=",
    ],
)
def test_an_address_of_the_application_is_taken_byte_for_byte(text: str) -> None:
    assert parse_redirect(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Loopback",
        "myapp:/signed-in",
        "myapp://signed-in",
        "http://app.example/signed-in",
        "http://127.0.0.1:8080/callback",
        "http://127.0.0.1",
        "http://127.0.0.2/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://127.0.0.1@evil.example/callback",
        "http://localhost/callback",
        "https://ada@app.example/x",
        "https://app.example\\@evil.example/x",
        "https://app.example",
        "https:///x",
        "https://App.example/x",
        "https://äpp.example/x",
        "https://app.example/x#part",
        "https://app.example/x?",
        "https://app.example/x?code=1",
        "https://app.example/x?a=1&state=2",
        "https://app.example/x?iss=",
        "com.example.app:/x?%63ode=1",
        "com.example.app:x",
        "Com.Example.App:/x",
        "com.example.app:/x\n",
        "com.example.app:/x y",
        "com..app:/x",
        ".app:/x",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "com.example.app:/" + "x" * 3000,
    ],
)
def test_any_other_is_refused_by_name_before_anything_is_sent(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"redirect must be"):
        parse_redirect(text)


@pytest.mark.parametrize("scheme", ["http", "myapp", "Com.Example", "com.example/x", "com.example\n", "1.a", "a.", ""])
def test_a_scheme_that_could_be_anybodys_is_refused(scheme: str) -> None:
    with pytest.raises(ConfigurationError, match="scheme"):
        check_scheme(scheme)


def test_the_service_is_told_what_it_needs_and_never_the_verifier() -> None:
    way = home()
    form = dict(way.form())
    assert form["redirect_uri"] == DEEP
    assert form["code_challenge_method"] == "S256"
    assert len(base64.urlsafe_b64decode(form["state"] + "=")) == 32
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", way.verifier)
    digest = hashlib.sha256(way.verifier.encode()).digest()
    assert form["code_challenge"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert way.verifier not in form.values()


def test_the_answer_to_this_login_is_read() -> None:
    way = home()
    assert way.read(answer(way)).code == "code-1"
    assert way.read(answer(way, iss=ISSUER)).code == "code-1"
    assert way.read(answer(way, more="ignored")).code == "code-1"
    refused = way.read(answer(way, code=None, error="access_denied"))
    assert (refused.code, refused.error) == (None, "access_denied")


@pytest.mark.parametrize("own", ["item=42&y=%20", "a=%2f%2F", "b", "q=a+b&&c="])
def test_the_query_of_a_deep_link_comes_back_byte_for_byte(own: str) -> None:
    way = home(f"com.example.app:/x?{own}")
    assert way.read(f"com.example.app:/x?{own}&code=c&state={way.state}&iss={ISSUER}").code == "c"
    for other in (f"{own}z", f"z{own}", own.swapcase(), own[:-1], ""):
        with pytest.raises(UnexpectedRedirect):
            way.read(f"com.example.app:/x?{other}&code=c&state={way.state}&iss={ISSUER}")


CHANGES: dict[str, dict[str, str | None]] = {
    "foreign state": {"state": "c" * 43},
    "empty state": {"state": ""},
    "no state": {"state": None},
    "state in another case": {"state": base64.urlsafe_b64encode(b"s" * 32).decode().rstrip("=").swapcase()},
    "foreign iss": {"iss": "https://evil.example"},
    "iss with a slash": {"iss": f"{ISSUER}/"},
    "iss in another case": {"iss": "https://ID.example"},
    "iss with a port": {"iss": f"{ISSUER}:443"},
    "empty iss": {"iss": ""},
    "no iss": {"iss": None},
    "no code": {"code": None},
    "empty code": {"code": ""},
    "code and error": {"error": "access_denied"},
    "empty error": {"code": None, "error": ""},
    "two codes": {"code": "a&code=b"},
    "two states": {"code": "a&state=x"},
    "two iss": {"code": "a&iss=https://evil.example"},
    "not UTF-8": {"code": "%ff"},
    "a parameter without value": {"code": "a&b"},
    "many parameters": {"code": "a" + "".join(f"&p{number}=1" for number in range(20))},
    "a control character": {"code": "a\n"},
    "not ASCII": {"code": "ü"},
    "too long": {"code": "a" * 5000},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_other_is_refused_and_not_shown(change: dict[str, str | None]) -> None:
    way = home()
    with pytest.raises(UnexpectedRedirect) as caught:
        way.read(answer(way, **change))
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert way.state not in told
    assert "code-1" not in told
    assert way.begin("code-1"), "nothing was used up"


@pytest.mark.parametrize(
    "address",
    [
        "com.example.app:/signed-in/",
        "com.example.app:/signed-inn",
        "com.example.app:/",
        "com.example.app:/x/../signed-in",
        "com.example.app:/signed%2Din",
        "com.example.app:///signed-in",
        "COM.example.app:/signed-in",
        "com.example.other:/signed-in",
        "https://id.example/signed-in",
        " com.example.app:/signed-in",
    ],
)
def test_another_address_is_refused_even_with_the_right_secrets(address: str) -> None:
    way = home()
    with pytest.raises(UnexpectedRedirect, match="address"):
        way.read(answer(way).replace(DEEP, address, 1))


@given(st.text(max_size=300))
def test_nothing_made_up_is_an_answer(text: str) -> None:
    way = home()
    for url in (text, f"{DEEP}?{text}", f"{DEEP}?code=a&iss={ISSUER}&state={text}"):
        with pytest.raises(UnexpectedRedirect):
            way.read(url)


def test_a_code_is_taken_once() -> None:
    way = home()
    assert way.begin("a")
    assert way.redeeming
    assert not way.begin("a")
    way.settle("a", sure=True)
    assert (way.redeeming, way.settled, way.take_doubt()) == (False, 1, False)
    assert not way.begin("a")
    assert way.begin("b")
    way.settle("b", sure=False)
    assert [way.take_doubt(), way.take_doubt()] == [True, False]


def test_no_secret_is_shown() -> None:
    way = home()
    way.begin("code-1")
    shown = repr(way) + repr(way.read(answer(way)))
    for secret in (way.state, way.verifier, "code-1"):
        assert secret not in shown
