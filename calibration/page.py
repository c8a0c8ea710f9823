# SPDX-License-Identifier: Apache-2.0
"""The table in the documentation: found between two markers, compared, and replaced."""

from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "fingerprint.md"
_BEGIN, _END = "<!-- calibration: begin -->\n```text\n", "\n```\n<!-- calibration: end -->"


def table_of(page: str) -> str:
    """What stands between the markers; `ValueError` where they are not."""
    return page[page.index(_BEGIN) + len(_BEGIN) : page.index(_END)]


def with_table(page: str, table: str) -> str:
    """The page with another table."""
    return page[: page.index(_BEGIN) + len(_BEGIN)] + table + page[page.index(_END) :]
