# SPDX-License-Identifier: Apache-2.0
"""The demo's phone for `--auto`: it opens the link and sends the page's own form, as a browser would."""

import time
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser
from pathlib import Path

from counterfoil_service.cli.demo.mailbox import link_in, read_mails
from counterfoil_service.cli.demo.service import DemoError, direct

MAIL_SECONDS = 20
TIMEOUT_SECONDS = 10
USER_AGENT = "the demo's phone"


class _Form(HTMLParser):
    """The first form's address and hidden fields."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form" and self.action is None:
            self.action = found.get("action")
        if tag == "input" and found.get("type") == "hidden":
            self.fields[found.get("name") or ""] = found.get("value") or ""


def approve(mail_folder: Path, issuer: str, user_code: str) -> None:
    """Wait for the mail, open its link, type the code; DemoError when a page does not answer as it should."""
    link = _wait_for_link(mail_folder)
    form = _Form(_fetch(link))
    if form.action is None:
        raise DemoError("the link page has no form")
    fields = form.fields | {"action": "approve", "user_code": user_code}
    _fetch(urllib.parse.urljoin(issuer, form.action), urllib.parse.urlencode(fields).encode())


def _wait_for_link(mail_folder: Path) -> str:
    deadline = time.monotonic() + MAIL_SECONDS
    while time.monotonic() < deadline:
        for mail in read_mails(mail_folder):
            link = link_in(mail)
            if link is not None and "/l/" in link:  # a notice of a new device is no way in
                return link
        time.sleep(0.05)
    raise DemoError(f"no mail came within {MAIL_SECONDS} s")


def _fetch(url: str, body: bytes | None = None) -> str:
    request = urllib.request.Request(url, body, {"User-Agent": USER_AGENT})  # noqa: S310 - the demo's own service
    try:
        with direct.open(request, timeout=TIMEOUT_SECONDS) as response:
            text: str = response.read().decode()
            return text
    except urllib.error.HTTPError as error:
        raise DemoError(f"the link page answered {error.code}") from None
