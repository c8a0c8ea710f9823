# SPDX-License-Identifier: Apache-2.0
"""A made-up language whose every text stands in brackets: what stands outside of them has passed no translation."""

import re
from collections.abc import Iterator
from gettext import NullTranslations
from html.parser import HTMLParser

OPEN, CLOSE = "⟦", "⟧"
_SPOKEN_ATTRIBUTES = {"aria-label", "alt", "title", "placeholder"}


class Brackets(NullTranslations):
    """Puts them around."""

    def gettext(self, message: str) -> str:
        """One text."""
        return f"{OPEN}{message}{CLOSE}"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """One of two."""
        return self.gettext(msgid1 if n == 1 else msgid2)


def unspoken(text: str) -> str:
    """What stands outside of brackets."""
    inner = re.compile(f"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}")
    while inner.search(text):
        text = inner.sub(" ", text)
    return " ".join(text.split())


class _Reading(HTMLParser):
    """A page's words in their order, and what its attributes say to ears."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.said: list[str] = []
        self._silent = ""
        self._english = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"style", "script"}:
            self._silent = tag
        if tag == "p" and dict(attrs).get("lang") == "en":
            self._silent = tag
        self.said += [value for name, value in attrs if name in _SPOKEN_ATTRIBUTES and value]

    def handle_endtag(self, tag: str) -> None:
        if tag == self._silent:
            self._silent = ""

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


def outside(html: str) -> Iterator[str]:
    """What a page or a mail says that passed no translation: a run of words, an attribute."""
    reading = _Reading(html)
    rest = unspoken("".join(reading.words))
    if rest:
        yield rest
    yield from filter(None, map(unspoken, reading.said))
