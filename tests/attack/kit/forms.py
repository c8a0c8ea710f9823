# SPDX-License-Identifier: Apache-2.0
"""What a program without a browser finds in a page or a mail: links, and forms with their fields and buttons."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class PageForm:
    """`hidden` and `buttons` are names and values; `typed` the names of what a person fills in."""

    action: str
    hidden: dict[str, str] = field(default_factory=dict)
    typed: list[str] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class PageReader(HTMLParser):
    """Reads one page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        """What a browser fetches by itself."""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what is of use."""
        named = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in named:
            self.links.append(named["href"])
        if tag in {"img", "script", "iframe", "link", "video", "audio", "embed", "source"}:
            self.loaded += [named[name] for name in ("src", "href", "srcset") if name in named]
        if tag == "form":
            self.forms.append(PageForm(named.get("action", "")))
        if self.forms and tag == "input":
            self._field(named)
        if self.forms and tag == "button" and "name" in named:
            self.forms[-1].buttons.append((named["name"], named.get("value", "")))

    def _field(self, named: dict[str, str]) -> None:
        if named.get("type") == "hidden":
            self.forms[-1].hidden[named.get("name", "")] = named.get("value", "")
        elif "name" in named:
            self.forms[-1].typed.append(named["name"])
