# SPDX-License-Identifier: Apache-2.0
"""`just docs` gives a site that is whole, and that asks nobody else for anything."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from docs_site import building, staging
from docs_site.building import build
from docs_site.checking import problems_of
from docs_site.staging import ROOT, BrokenLinkError, pages, site_path, stage

LISTED_ELSEWHERE = re.compile(r"decisions/\d{4}-.*\.md|performance/.*\.md")
"""Pages that one page of the menu lists, and that would bury it."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("docs") / "site"
    assert build(output) == len(pages())
    return output


def menu(entry: Any) -> Iterator[str]:
    if isinstance(entry, str):
        yield entry
    else:
        for each in entry.values() if isinstance(entry, dict) else entry:
            yield from menu(each)


def built(page: str) -> str:
    return page.removesuffix(".md").replace("README", "index") + ".html"


def test_every_link_leads_somewhere_and_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    assert problems_of(site) == []


def test_every_page_is_built_and_none_is_empty(site: Path) -> None:
    for source in pages():
        assert "<h1" in (site / built(site_path(source))).read_text("utf-8"), source


def test_the_menu_names_every_page_once_and_no_other() -> None:
    named = list(menu(tomllib.loads((ROOT / "zensical.toml").read_text("utf-8"))["project"]["nav"]))
    there = [site_path(source) for source in pages() if not LISTED_ELSEWHERE.fullmatch(site_path(source))]
    assert sorted(named) == sorted(there)


def test_tables_and_lists_are_what_they_are_in_the_repository(site: Path) -> None:
    for path in sorted(site.rglob("*.html")):
        prose = re.sub(r"<pre.*?</pre>", "", path.read_text("utf-8"), flags=re.DOTALL)
        assert re.findall(r"^(?:<p>)?(?:[-*] |\| ?-|```).*", prose, re.MULTILINE) == [], path.name
        assert re.findall(r"<code>[^<]*\\\|[^<]*</code>", prose) == [], path.name


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        ('<a href="gone.html">', "gone.html leads nowhere"),
        ('<a href="#gone">', "#gone names no heading"),
        ('<a href="../outside.html">', "../outside.html leads nowhere"),
        ('<img src="gone.png">', "gone.png leads nowhere"),
        ('<script src="https://cdn.example/a.js">', "asks https://cdn.example/a.js"),
        ('<img srcset="//cdn.example/a.png 2x">', "asks //cdn.example/a.png"),
        ('<link rel="stylesheet" href="https://fonts.example/a.css">', "asks https://fonts.example/a.css"),
        ('<p style="background: url(https://cdn.example/a.png)">', "asks https://cdn.example/a.png"),
    ],
)
def test_what_is_wrong_with_a_page_is_found(tmp_path: Path, html: str, problem: str) -> None:
    (tmp_path / "index.html").write_text(html, "utf-8")
    (found,) = problems_of(tmp_path)
    assert problem in found


def test_a_style_sheet_that_asks_elsewhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("@font-face{src:url('https://fonts.example/a.woff2')}", "utf-8")
    assert problems_of(tmp_path) == ["a.css: asks https://fonts.example/a.woff2"]


def test_a_link_of_a_page_to_a_file_that_is_not_there_ends_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# A\n[b](b.md)\n", "utf-8")
    monkeypatch.setattr(staging, "ROOT", tmp_path)
    monkeypatch.setattr(staging, "BESIDE", ())
    with pytest.raises(BrokenLinkError, match=r"docs/index\.md: b\.md"):
        stage(tmp_path / "staged")


def test_what_stands_in_code_is_no_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# A\n`[b](b.md)` and [`c`](index.md)\n```\n[d](d.md)\n```\n", "utf-8")
    monkeypatch.setattr(staging, "ROOT", tmp_path)
    monkeypatch.setattr(staging, "BESIDE", ())
    assert stage(tmp_path / "staged") == 1


def test_a_build_that_fails_leaves_the_site_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "index.html").write_text("before", "utf-8")
    (tmp_path / "zensical.toml").write_text("[project]\n", "utf-8")
    monkeypatch.setattr(building, "ROOT", tmp_path)
    with pytest.raises(building.BuildFailedError, match="site_name"):
        build(tmp_path)
    assert (tmp_path / "index.html").read_text("utf-8") == "before"
