# SPDX-License-Identifier: Apache-2.0
"""What the pages in docs/security say in their tables, and whether the files and tests that they name are there."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "security"
SERVICE = ROOT / "service" / "src" / "counterfoil_service"
SDK = ROOT / "client_sdk" / "src" / "counterfoil_client"
_TEST = re.compile(r"`(tests/[^`:\s]+)::([^`\s]+)`")
_COMMAND = re.compile(r"`just ([a-z-]+)[^`]*`")
_CODE = re.compile(r"`([^`\s]+\.(?:py|md|json|html|txt))`")


def page(name: str) -> str:
    return (PAGES / f"{name}.md").read_text("utf-8")


def rows(text: str) -> Iterator[list[str]]:
    """The cells of every row of every table, heads and rules aside."""
    lines = text.splitlines()
    for above, line in zip(["", *lines], lines, strict=False):
        below_head = not re.fullmatch(r"[|:\- ]+", line)
        if line.startswith("|") and below_head and above.startswith("|"):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def named_tests(text: str) -> list[tuple[str, str]]:
    return _TEST.findall(text)


def named_files(text: str) -> list[str]:
    """Files as the pages name them, in backticks and by themselves."""
    return _CODE.findall(text)


def place_of(name: str) -> Path:
    """Where a file is that a page names: below the SDK, the repository or the service."""
    if name.startswith("sdk/"):
        return SDK / name.removeprefix("sdk/")
    top = name.partition("/")[0]
    below_root = top in {"alembic", "calibration", "docs", "examples", "tests"} or ("/" not in name and name.isupper())
    return ROOT / name if below_root or name in {"README.md", "SECURITY.md"} else SERVICE / name


@cache
def _tests_of(path: Path) -> frozenset[str]:
    """Those that are collected everywhere: one below an `if` is there for some versions of Python alone."""
    nodes = ast.parse(path.read_text("utf-8")).body if path.is_file() else []
    return frozenset(
        node.name
        for node in nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )


def missing(text: str) -> list[str]:
    """Tests, commands and files that a page names and that are not there."""
    recipes = set(re.findall(r"^([a-z-]+)[^:=\n]*:(?!=)", (ROOT / "justfile").read_text("utf-8"), re.MULTILINE))
    return [
        *(f"{path}::{name}" for path, name in named_tests(text) if name not in _tests_of(ROOT / path)),
        *(f"just {name}" for name in _COMMAND.findall(text) if name not in recipes),
        *(name for name in named_files(text) if not place_of(name).is_file()),
    ]


def broken_links(path: str, text: str | None = None) -> list[str]:
    """Links of a page that lead to no file of the repository, or to no heading of it."""
    shown = (ROOT / path).read_text("utf-8") if text is None else text
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", shown) if "://" not in link and not _leads(path, link)]


def _leads(path: str, link: str) -> bool:
    file, _, anchor = link.partition("#")
    target = (ROOT / path).parent / file if file else ROOT / path
    if not target.is_file():
        return False
    headings = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
    return not anchor or anchor in {_slug(heading) for heading in headings}


def _slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
