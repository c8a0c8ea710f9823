# SPDX-License-Identifier: Apache-2.0
"""Where a page of a long list begins: behind the row that its address names."""

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.row_cursor import RowCursor
from counterfoil_service.web.browser.query import Query


def cursor_of(query: Query) -> RowCursor | None:
    """None on the first page; a Refusal for what no page of ours links to."""
    after = query.get("after")
    try:
        return None if after is None else RowCursor.parse(after)
    except ValueError as error:
        raise Refusal(ErrorCode.INVALID_REQUEST, f"after: {error}") from None
