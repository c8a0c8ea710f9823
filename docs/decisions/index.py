# SPDX-License-Identifier: Apache-2.0
"""Write index.md, the list of decisions, from their titles: `python docs/decisions/index.py`."""

from pathlib import Path

FOLDER = Path(__file__).parent
PAGE = FOLDER / "index.md"
HEAD = """\
<!-- Written by `python docs/decisions/index.py` from the titles of the pages beside it. -->
# Decisions

What was decided, why, and what it costs. Each stands until another one says that it does not.

"""


def page() -> str:
    """The whole page."""
    found = sorted(FOLDER.glob("[0-9]*.md"))
    return HEAD + "".join(f"- [{_title(path)}]({path.name})\n" for path in found)


def _title(path: Path) -> str:
    return path.read_text("utf-8").partition("\n")[0].removeprefix("# ")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
