# SPDX-License-Identifier: Apache-2.0
"""What a page or a mail is made of, as far as it can do something: elements, forms, addresses."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

_LOADING: set[str] = {
    *("audio", "base", "embed", "frame", "iframe", "image", "img", "input-image", "link", "object", "picture"),
    *("portal", "source", "track", "video"),
}
_LOADING_ATTRIBUTES = {"background", "data", "formaction", "ping", "poster", "src", "srcset", "xlink:href"}
_LOADING_STYLE = re.compile(r"url\s*\((?!#)|@import|image-set", re.IGNORECASE)


class Markup(HTMLParser):
    """One document, taken apart."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.raw: dict[str, list[str]] = {"style": [], "script": []}
        self.forms: list[tuple[str, ...]] = []
        self._form: list[str] | None = None
        self._raw = ""
        self.feed(html)
        self.close()
        self.forms.sort()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it, and what a form would send."""
        values = {name: value or "" for name, value in attrs}
        self.elements.append((tag, values))
        if tag in self.raw:
            self.raw[tag].append("")
            self._raw = tag
        if tag == "form":
            self._form = [f"{values.get('method', 'get')} to {values.get('action', '')}"]
        elif self._form is not None and tag in {"input", "button", "select", "textarea"}:
            fixed = values.get("value", "") if tag == "button" or values.get("type") == "hidden" else ""
            self._form.append(f"{tag} {values.get('name', '')} {fixed}".strip())

    def handle_endtag(self, tag: str) -> None:
        """Close a form."""
        if tag == self._raw:
            self._raw = ""
        if tag == "form" and self._form is not None:
            self.forms.append((self._form[0], *sorted(self._form[1:])))
            self._form = None

    def handle_data(self, data: str) -> None:
        """Note what browsers do not show."""
        if self._raw:
            self.raw[self._raw][-1] += data

    def addresses(self) -> list[str]:
        """Where its links lead."""
        return [attrs["href"] for tag, attrs in self.elements if tag in {"a", "area"} and "href" in attrs]

    @property
    def refreshes(self) -> list[tuple[str, str]]:
        """What it tells browsers as a header would."""
        metas = (attrs for tag, attrs in self.elements if tag == "meta" and "http-equiv" in attrs)
        return [(attrs["http-equiv"].lower(), attrs.get("content", "")) for attrs in metas]

    def hidden(self, value: str) -> int:
        """How many hidden fields hold it."""
        return [
            attrs.get("value") for tag, attrs in self.elements if tag == "input" and attrs.get("type") == "hidden"
        ].count(value)

    def loads(self) -> Iterator[str]:
        """What would be fetched from elsewhere when it is looked at, or run."""
        for tag, attrs in self.elements:
            if tag in _LOADING:
                yield f"<{tag}>"
            yield from (f"{name}=" for name in attrs if name in _LOADING_ATTRIBUTES or name.startswith("on"))
            if _LOADING_STYLE.search(attrs.get("style", "")):
                yield "a style that loads something"
        if any(_LOADING_STYLE.search(style) for style in self.raw["style"]):
            yield "a style that loads something"
