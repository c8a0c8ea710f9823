# SPDX-License-Identifier: Apache-2.0
"""A cursor in a URL is one of ours, or none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core.row_cursor import BEFORE_ALL, RowCursor


@given(st.integers(0, 2**63 - 1), st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True))
def test_a_cursor_is_read_back_as_it_was_written(time: int, name: str) -> None:
    assert RowCursor.parse(RowCursor(time, name).text()) == RowCursor(time, name)
    assert RowCursor(time, name) != BEFORE_ALL


@pytest.mark.parametrize(
    "text", ["", "-", "1", "1-", "-1-a", "1-a b", "1-ä", "\N{FULLWIDTH DIGIT ONE}-a", f"{2**63}-a", "1-" + "a" * 65]
)
def test_anything_else_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="follow the link of the page before"):
        RowCursor.parse(text)
