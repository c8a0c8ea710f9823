# SPDX-License-Identifier: Apache-2.0
"""Which language is asked for: by name, or by what a browser sends; and that no request can do harm by it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core.languages import LANGUAGES, direction, of_accept_language, of_ui_locales

GARBAGE = st.text(st.characters(codec="utf-8"), max_size=3000) | st.text("deaf-;,q=01.*_ \t", max_size=200)


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("de", "de"),
        ("DE-ch", "de"),
        ("de-Latn-CH-1996", "de"),
        ("de-x-home", "de"),
        ("fr-CA fr en", "fr"),
        ("nl pt-BR ja", "ja"),
        ("nl  es", "es"),
        ("en-US de", "en"),
        ("nl", None),
        ("", None),
        ("deutsch", None),
        ("d", None),
        ("de_DE", None),
        ("*", None),
        ("../de", None),
        ("x-de", None),
    ],
)
def test_the_first_tag_that_is_one_of_ours_is_taken(asked: str, language: str | None) -> None:
    assert of_ui_locales(asked) == language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de", "de"),
        ("de-CH, fr;q=0.9, en;q=0.8", "de"),
        ("en;q=0.2, ar;q=0.9", "ar"),
        ("nl, es;q=0.1", "es"),
        ("fr;q=0.5,ja;q=0.5", "fr"),
        ("de;q=0, fr;q=0.001", "fr"),
        ("de ; q=0.3 , hi\t;\tQ=0.4", "hi"),
        ("*", None),
        ("*, de;q=0.5", "de"),
        ("de;q=0", None),
        ("de;q=1.001, fr;q=0.1", "fr"),
        ("de;q=nan, fr;q=0.1", "fr"),
        ("de;level=1, fr;q=0.1", "fr"),
        ("", None),
        (",,;,", None),
        (f"nl{' ' * 1100}, de", None),
    ],
)
def test_the_language_with_the_greatest_weight_is_taken_and_the_first_of_equals(
    header: str, language: str | None
) -> None:
    assert of_accept_language(header) == language


@given(GARBAGE)
def test_whatever_is_asked_the_answer_is_one_of_ours_or_none(text: str) -> None:
    assert of_ui_locales(text) in {None, *LANGUAGES}
    assert of_accept_language(text) in {None, *LANGUAGES}


@given(GARBAGE, st.sampled_from(LANGUAGES))
def test_a_header_without_end_is_read_no_further_than_its_beginning(text: str, language: str) -> None:
    beginning = f"nl;q=0.9,{text}".ljust(1024, ",")[:1024]
    assert of_accept_language(beginning) == of_accept_language(f"{beginning},{language}")
    assert of_ui_locales("nl " * 342 + language) is None


def test_arabic_is_written_from_the_right() -> None:
    assert [language for language in LANGUAGES if direction(language) == "rtl"] == ["ar"]
