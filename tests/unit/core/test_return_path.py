# SPDX-License-Identifier: Apache-2.0
"""No way back leads off this origin, however a browser reads it."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core.errors import Refusal
from counterfoil_service.core.return_path import MAX_PATH, check_return_path

ORIGIN = "https://id.example"


@given(st.text(alphabet="/\\\t\n\r @:.%?#aé", max_size=12))
def test_what_passes_stays_on_the_origin(text: str) -> None:
    try:
        path = check_return_path(text)
    except Refusal:
        return
    assert path == text
    # Browsers drop tabs and line ends and take a backslash for a slash before they look for a host.
    as_read = path.replace("\\", "/").translate({9: None, 10: None, 13: None})
    assert urlsplit(urljoin(ORIGIN, as_read)).netloc == "id.example"
    assert urlsplit(ORIGIN + as_read).netloc == "id.example"


@pytest.mark.parametrize("text", ["/", "/a", "/a//b?c=//d#e", "/" + "x" * (MAX_PATH - 1), "/@", "/:", "/.//x"])
def test_a_plain_path_passes_as_it_is(text: str) -> None:
    assert check_return_path(text) == text


@pytest.mark.parametrize(
    "text", ["", "a", "//a", "/\\a", "/ a", "/a\n", "/\x00", "/é", "/" + "x" * MAX_PATH, "?a", "http://a"]
)
def test_anything_else_is_refused_by_a_sentence_without_it(text: str) -> None:
    with pytest.raises(Refusal, match="one slash at its start") as refused:
        check_return_path(text)
    assert not text or len(text) < 3 or text not in str(refused.value)
