# SPDX-License-Identifier: Apache-2.0
"""The pages as zensical reads them.

They are written for whoever reads them in the repository. Here the few that lie elsewhere are brought beside those in
docs/, links between both are bent to where they then are, and what GitHub reads more kindly than Python-Markdown is
written out: a list that begins without an empty line before it, a bar in code in a table.
"""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[1]
BESIDE = ("SECURITY.md", "CHANGELOG.md", "client_sdk/README.md", "examples/README.md")
"""Pages of the site that are not in docs/."""

_LINK = re.compile(r'(?P<code>`[^`]+`)|(?P<head>\]\(|\b(?:src|href)=")(?P<target>[^)"\s]+)(?=[)"])')
"""What stands in code is no link, and is passed over first."""
_FENCE = re.compile(r"^ *(`{3,}|~{3,})")
_ITEM = re.compile(r"^(?:[-*+]|\d+\.) ")
_CODE = re.compile(r"`[^`]+`")


class BrokenLinkError(Exception):
    """A page leads to a file that is not there."""


def pages() -> list[str]:
    """Every page, as its path in the repository."""
    inside = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").rglob("*.md"))]
    return [*inside, *BESIDE]


def site_path(source: str) -> str:
    """Where a file of the repository lies among what is staged."""
    return "index.md" if source == "README.md" else source.removeprefix("docs/")


def stage(folder: Path) -> int:
    """Write all pages, and every file that one leads to, into an empty folder; how many pages."""
    sources = pages()
    carried: set[str] = set()
    for source in sources:
        text, files = _staged((ROOT / source).read_text("utf-8"), source)
        carried |= files
        target = folder / site_path(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
    for source in carried - set(sources):
        target = folder / site_path(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / source, target)
    return len(sources)


def _staged(text: str, source: str) -> tuple[str, set[str]]:
    carried: set[str] = set()
    lines = [line if fenced else _bent(line, source, carried) for line, fenced in fenced_lines(text)]
    return "\n".join(_with_room_before_lists(lines)) + "\n", carried


def fenced_lines(text: str) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it belongs to a code block."""
    fence = ""
    for line in text.splitlines():
        found = _FENCE.match(line)
        yield line, bool(fence or found)
        if found and not fence:
            fence = found[1]
        elif found and line.strip() == fence:
            fence = ""


def _bent(line: str, source: str, carried: set[str]) -> str:
    if line.startswith("|"):
        line = _CODE.sub(lambda code: code[0].replace(r"\|", "|"), line)

    def bend(link: re.Match[str]) -> str:
        if link["code"]:
            return link[0]
        path, hash_, anchor = link["target"].partition("#")
        if not path or ":" in path:
            return link[0]
        named = os.path.normpath(PurePosixPath(source).parent / path)
        if not (ROOT / named).is_file():
            raise BrokenLinkError(f"{source}: {link['target']} leads to no file of this repository")
        carried.add(named)
        here = PurePosixPath(site_path(source)).parent
        return f"{link['head']}{os.path.relpath(site_path(named), here)}{hash_}{anchor}"

    return _LINK.sub(bend, line)


def _with_room_before_lists(lines: list[str]) -> Iterator[str]:
    before, fenced = "", False
    for line, inside in fenced_lines("\n".join(lines)):
        begins = _ITEM.match(line) and before.strip() and not _ITEM.match(before) and not before.startswith(" ")
        if begins and not inside and not fenced:
            yield ""
        yield line
        before, fenced = line, inside
