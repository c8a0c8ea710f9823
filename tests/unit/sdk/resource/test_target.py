# SPDX-License-Identifier: Apache-2.0
"""Two spellings of one URL are one target; two URLs never are (RFC 3986 §6.2)."""

from urllib.parse import quote

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_client.resource._target import target_of

BASE = "https://api.example/notes/a"
SEGMENT = st.text(st.characters(codec="utf-8"), max_size=12).map(lambda text: quote(text, safe="!$&'()*+,;=:@"))
PATH = st.lists(SEGMENT, min_size=1, max_size=5).map(lambda parts: "/" + "/".join(parts))


@pytest.mark.parametrize(
    "spelling",
    [
        "HTTPS://API.Example/notes/a",
        "https://api.example:443/notes/a",
        "https://api.example:/notes/a",
        "https://api.example:0443/notes/a",
        "https://api.example/%6Eotes/%61",
        "https://api.example/./notes/../notes/a",
        "https://api.example/%2e/x/%2E%2e/notes/a",
        "https://api.example/notes/a?query=1",
        "https://api.example/notes/a#fragment",
        "https://%61pi.example/notes/a",
        "https://api.example/../../notes/a",
    ],
)
def test_another_spelling_is_the_same_target(spelling: str) -> None:
    assert target_of(spelling) == target_of(BASE) != None  # noqa: E711 - both, and neither is None


@pytest.mark.parametrize(
    "other",
    [
        "http://api.example/notes/a",
        "http://api.example:443/notes/a",
        "https://api.example:444/notes/a",
        "https://api.example./notes/a",
        "https://api.example.evil.example/notes/a",
        "https://evil.example/notes/a",
        "https://api.example/notes/A",
        "https://api.example/notes/a/",
        "https://api.example//notes/a",
        "https://api.example/notes//a",
        "https://api.example/notes%2Fa",
        "https://api.example/notes/a/..",
        "https://api.example/notes/a%20",
        "https://api.example/notes",
        "https://api.example",
    ],
)
def test_another_target_is_not(other: str) -> None:
    assert target_of(other) is not None
    assert target_of(other) != target_of(BASE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/notes/a",
        "//api.example/notes/a",
        "ftp://api.example/notes/a",
        "https:///notes/a",
        "https://user@api.example/notes/a",
        "https://api.example\\@evil.example/notes/a",
        "https://api.example/no tes",
        "https://api.example/no\ttes",
        "https://api.example/notes/a\n",
        "https://api.example/nötes",
        "https://api.example:x/notes",
        "https://api.example:443:443/notes",
        "https://[::1/notes",
        "https://[::1]x/notes",
        "https://api.example/notes/a?q=\x7f",
        "https://api.example/" + "a" * 5000,
        " https://api.example/notes/a",
    ],
)
def test_what_is_no_plain_http_url_is_no_target(text: str) -> None:
    assert target_of(text) is None


def test_an_empty_path_is_the_root_and_reserved_escapes_stay() -> None:
    assert target_of("https://api.example") == target_of("https://api.example/")
    assert target_of("https://api.example/a%2fb") == target_of("https://api.example/a%2Fb")
    assert target_of("https://api.example/a%2fb") != target_of("https://api.example/a/b")
    assert target_of("http://[::1]:8000/") != target_of("http://[::1]/")
    assert target_of("https://api.example/a/.") == target_of("https://api.example/a/b/..")


@pytest.mark.parametrize("character", [*'|[]^`\\"<>{}', "%", "%2", "%zz"])
def test_what_a_client_sends_unescaped_is_its_own_escape_and_no_other_path(character: str) -> None:
    sent = target_of(f"https://api.example/a{character}/b")
    escaped = "".join(f"%{ord(letter):02x}" for letter in character)
    assert sent == target_of(f"https://api.example/a{escaped}/b") != None  # noqa: E711 - both, and neither is None
    assert sent != target_of("https://api.example/a/b")


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="?#"), max_size=40))
def test_every_path_that_our_http_client_sends_is_a_target(path: str) -> None:
    url = httpx2.URL("https://api.example/").copy_with(raw_path=f"/{path}".encode())
    sent = target_of(f"https://api.example{url.raw_path.decode()}")
    assert sent is not None
    assert target_of(f"https://api.example{sent.path}") == sent


@given(st.text(max_size=80))
def test_no_text_makes_it_fall_over(text: str) -> None:
    target_of(text)
    target_of(f"https://api.example/{text}")
    target_of(f"https://{text}/")


@given(PATH)
def test_escaping_every_letter_changes_nothing(path: str) -> None:
    spelled = "".join(f"%{ord(letter):02x}" if letter.isascii() and letter.isalpha() else letter for letter in path)
    plain = target_of(f"https://api.example{path}")
    if "%" not in path:
        assert target_of(f"https://api.example{spelled}") == plain
    assert plain is not None


@given(PATH)
def test_the_normal_form_is_its_own_normal_form(path: str) -> None:
    once = target_of(f"https://api.example{path}")
    assert once is not None
    assert target_of(f"https://api.example{once.path}") == once
