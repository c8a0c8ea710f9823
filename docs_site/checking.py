# SPDX-License-Identifier: Apache-2.0
"""What a built site must hold: every link and anchor leads somewhere, and nothing is fetched from anywhere else."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_FETCHED = {
    "script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src", "embed": "src",
    "object": "data", "form": "action",
}  # fmt: skip
"""What a browser asks for by itself, and by which attribute; links of <head> beside them."""
_HARMLESS_RELATIONS = {"canonical", "license", "next", "prev", "alternate"}
_IN_STYLE = re.compile(r"""(?:url\(\s*["']?|@import\s+["'])((?:https?:)?//[^"')\s]+)""")


class _Page(HTMLParser):
    """What one page refers to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.anchors: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attrs if value is not None}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "link" and not _HARMLESS_RELATIONS & set(given.get("rel", "").split()):
            self.fetched.append(given.get("href", ""))
        if tag in _FETCHED and _FETCHED[tag] in given:
            self.fetched.append(given[_FETCHED[tag]])
        if "srcset" in given:
            self.fetched += [each.split()[0] for each in given["srcset"].split(",") if each.strip()]
        self.fetched += _IN_STYLE.findall(given.get("style", ""))


def problems_of(site: Path) -> list[str]:
    """Every dead link and foreign request, as sentences; none when the site is right."""
    pages = {path: _Page(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}
    found = [problem for path in pages for problem in _problems_of_page(site, path, pages)]
    for path in sorted(site.rglob("*.css")):
        name = path.relative_to(site)
        found += [f"{name}: asks {url}" for url in _IN_STYLE.findall(path.read_text("utf-8"))]
    return found


def _problems_of_page(site: Path, path: Path, pages: dict[Path, _Page]) -> list[str]:
    page, name = pages[path], path.relative_to(site)
    found = [f"{name}: asks {url}" for url in page.fetched if urlsplit(url).netloc]
    # Whatever is not there is answered with the 404 page, at any depth: its links begin at the root.
    if path.name == "404.html":
        return found
    for link in page.links + [url for url in page.fetched if not urlsplit(url).netloc]:
        split = urlsplit(link)
        if split.scheme or split.netloc:
            continue
        target = (path.parent / unquote(split.path)).resolve() if split.path else path
        if target.is_dir():
            target /= "index.html"
        if not target.is_relative_to(site.resolve()) or not target.is_file():
            found.append(f"{name}: {link} leads nowhere")
        elif split.fragment and target.suffix == ".html" and unquote(split.fragment) not in pages[target].anchors:
            found.append(f"{name}: {link} names no heading of that page")
    return found
