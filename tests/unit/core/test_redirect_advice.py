# SPDX-License-Identifier: Apache-2.0
"""What is advised may be registered, whatever was typed."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core import redirects
from counterfoil_service.core.redirect_advice import advise


@pytest.mark.parametrize(
    ("typed", "advised"),
    [
        ("http://localhost:8080/back", "http://127.0.0.1:8080/back"),
        ("http://app.localhost/back", "http://127.0.0.1/back"),
        ("HTTPS://Web.Example/Back", "https://web.example/Back"),
        ("http://web.example/back", "https://web.example/back"),
        ("https://web.example", "https://web.example/"),
        ("https://web.example?a=b", "https://web.example/?a=b"),
        ("https://web.example/back#top", "https://web.example/back"),
        ("https:\\\\web.example\\back", "https://web.example/back"),
        ("http://[::1]", "http://[::1]/"),
        ("https://web.example/back", None),
        ("myapp:/back", None),
        ("https://user@web.example/", None),
        ("http://web.example@localhost/", None),
        ("http://web.example@app.localhost/", None),
        ("http://localhost.web.example/", "https://localhost.web.example/"),
        ("http://notlocalhost/", "https://notlocalhost/"),
        ("javascript:alert(1)", None),
        ("", None),
    ],
)
def test_the_usual_slips_are_mended_and_nothing_else_is_guessed(typed: str, advised: str | None) -> None:
    assert advise(typed) == advised


@given(st.text(alphabet=st.sampled_from("hHtpslocalhost:/\\.@#? 127[]%ä'\"<"), max_size=40))
def test_advice_may_be_registered(typed: str) -> None:
    advised = advise(typed)
    if advised is not None:
        redirects.check_registration(advised)


@pytest.mark.parametrize("piece", ["a.", ".", "localhost.", "http://", "\\", "@", ":", "?"])
def test_no_line_is_thought_about_for_long(piece: str) -> None:
    """The longest field of the form holds 12,288 characters, in one line or in many."""
    began = time.process_time()
    for typed in (f"http://{piece * 12_288}"[:12_288], f"http://{piece * 2048}"[:2048]):
        advise(typed)
    assert time.process_time() - began < 0.05


def test_what_is_longer_than_any_that_may_be_registered_is_given_no_advice() -> None:
    longest = f"https://web.example/{'a' * 2028}"
    assert len(longest) == redirects.MAX_URI
    assert advise(f"HTTPS{longest[5:]}") == longest
    assert advise(f" {longest}") is None
