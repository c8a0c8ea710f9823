# SPDX-License-Identifier: Apache-2.0
"""The pictures in docs/pages that show other languages and looks; a part of `just screenshots`.

They need fonts for Devanagari and Japanese, such as Debian's fonts-lohit-deva and fonts-ipafont-gothic.
"""

import html
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))

import msgspec  # noqa: E402 - found by the path above

from counterfoil_service.core.languages import LANGUAGES  # noqa: E402
from counterfoil_service.core.look import Look  # noqa: E402
from counterfoil_service.mail.render import LinkMail, render_link_mail  # noqa: E402
from counterfoil_service.web.pages import LinkPage, OpenedIn, Pages  # noqa: E402
from journeys.small_pictures import smaller  # noqa: E402
from support.background import LoopThread  # noqa: E402
from support.phone import Browser, Phone, Scheme  # noqa: E402

PICTURES = TESTS.parent / "docs" / "pages"
LABEL = "Ada's laptop"
LOOK = Look("LEDGERLINE", "#f2c037")
DESKTOP: dict[str, Any] = {"device_scale_factor": 1, "is_mobile": False, "has_touch": False}

_PAGE = LinkPage(
    application_name="Ledgerline",
    device_label=LABEL,
    asked_seconds_ago=190,
    masked_address="a••@example.com",
    origin="Germany, Deutsche Telekom AG",
    opener=OpenedIn("Chrome on Android", "in the same country as the device that asked"),
    standing="known",
    secret="A" * 43,
    action="/l",
    may_return=True,
)
_MAIL = LinkMail(
    application_name="Ledgerline",
    device_label=LABEL,
    link=f"https://id.example/l/{'A' * 43}",
    recipient="ada@example.com",
    sender="Ledgerline <sign-in@id.example>",
    message_id="<01JD4Q0V9W3T5XJ6P8Z2R7K1MN@id.example>",
    sent_at=datetime(2025, 11, 21, 14, 3, tzinfo=UTC),
    asked_at=datetime(2025, 11, 21, 14, 3, tzinfo=UTC),
    issuer_host="id.example",
    expires_minutes=10,
    standing="new",
    mail_code="1234 5678",
)


def link_page(language: str, look: Look | None = None) -> str:
    """As whoever opens the link sees it."""
    pages = Pages("", language)
    page = msgspec.structs.replace(_PAGE, origin=pages.place("DE", _PAGE.origin))
    return pages.dressed(look or Look("Ledgerline")).link(page)


def mail(language: str, look: Look | None = None) -> str:
    """The HTML part."""
    written = msgspec.structs.replace(_MAIL, language=language, look=look or Look("Ledgerline"))
    part = render_link_mail(written).get_body(("html",))
    assert part is not None
    return str(part.get_content())


def sheet(documents: list[str], columns: int, width: int = 390) -> str:
    """Several documents beside one another, each as high as it is."""
    frames = "".join(f'<iframe srcdoc="{html.escape(each)}"></iframe>' for each in documents)
    return (
        f"<!doctype html><style>body{{margin:0;display:grid;grid-template-columns:repeat({columns},{width}px);gap:12px;"
        "background:#777;justify-content:start;align-items:stretch}"
        f"iframe{{width:{width}px;border:0;background:#e4ebe7}}</style>{frames}"
    )


_AS_HIGH = """() => document.querySelectorAll('iframe').forEach((each) => {
  each.style.height = `${each.contentDocument.documentElement.scrollHeight}px`;
})"""


def pictures() -> dict[str, tuple[str, int, Scheme, dict[str, Any]]]:
    """Name, document, width, light or dark, and the screen."""
    mails = [mail(language) for language in LANGUAGES]
    looks = [mail("en", LOOK), link_page("en", LOOK)]
    return {
        "mail-languages": (sheet(mails, 4), 4 * 390 + 36, "light", DESKTOP),
        "link-arabic-phone-light": (link_page("ar"), 390, "light", {}),
        "link-arabic-desktop-dark": (link_page("ar"), 1280, "dark", DESKTOP),
        "link-german-phone-light": (link_page("de"), 390, "light", {}),
        "looks-light": (sheet(looks, 2), 2 * 390 + 12, "light", DESKTOP),
        "looks-dark": (sheet(looks, 2), 2 * 390 + 12, "dark", DESKTOP),
    }


def take(phone: Phone, document: str, width: int, scheme: Scheme) -> bytes:
    """One picture, as the browser writes it."""
    phone.run(phone.page.set_content(document))
    phone.look(width, 844, scheme)
    phone.run(phone.page.evaluate(_AS_HIGH))
    return phone.run(phone.page.screenshot(full_page=True, animations="disabled"))


def main() -> None:
    """Take them all again."""
    for language in ("hi", "ja"):
        if not subprocess.run(
            [shutil.which("fc-list") or "fc-list", f":lang={language}"], capture_output=True, check=True
        ).stdout:
            raise SystemExit(f"no font writes {language}: install fonts-lohit-deva and fonts-ipafont-gothic")
    with LoopThread() as loop, Browser(loop) as browser, browser.phone() as blank:
        for name, (document, width, scheme, options) in pictures().items():
            with browser.phone(**options) as phone:
                path = PICTURES / f"{name}.png"
                path.write_bytes(smaller(take(phone, document, width, scheme), blank))
                sys.stdout.write(f"{path.relative_to(TESTS.parent)} {path.stat().st_size // 1024} KB\n")


if __name__ == "__main__":
    main()
