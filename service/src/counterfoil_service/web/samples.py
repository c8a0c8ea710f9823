# SPDX-License-Identifier: Apache-2.0
"""Every page in every variant, with made-up facts: an operator's templates are tried with them before anybody else is.

Names in them hold what stands for markup, so that a template which forgets to escape is found out.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from counterfoil_service.core.opener import nearness_words
from counterfoil_service.operations.describe_link import STANDINGS
from counterfoil_service.web.browser import pages as browser
from counterfoil_service.web.pages import DecidedPage, ErrorPage, HandOverPage, LinkPage, NoticePage, OpenedIn, Pages

APPLICATION: Final = "Ledger & <i>Line</i>"
DEVICE: Final = "Ada's <i>laptop</i>"
ADDRESS: Final = "a••@example.com"
PLACE: Final = "Example Net & Co"
SECRET: Final = "kXoT4oVnW0u1cB7Yl9sQe2hRz5mGdJ8aPfN3-_iKvCw"  # noqa: S105 - nobody's
ACTION: Final = "/l"
CODE: Final = "WDJ-BMJ"
TARGET: Final = "com.example.ledger:/back?code=Qx"
REFERENCE: Final = "5f0c2a9b7e1d4c38"
AT: Final = 1_763_733_780_000_000
"""21 November 2025, 14:03 UTC."""

_LINK = LinkPage(
    application_name=APPLICATION,
    device_label=DEVICE,
    asked_seconds_ago=190,
    masked_address=ADDRESS,
    origin=PLACE,
    standing="known",
    secret=SECRET,
    action=ACTION,
)
_DECIDED = DecidedPage(application_name=APPLICATION, device_label=DEVICE, secret=SECRET, action=ACTION)
_NOTICE = NoticePage(
    application_name=APPLICATION,
    device_label=DEVICE,
    signed_in_at=AT,
    changed_at=None,
    masked_address=ADDRESS,
    secret=SECRET,
    action="/n",
)
_SIGN_IN = browser.SignInPage(application_name=APPLICATION, address="", sealed="SEALED", csrf="CSRF", action="/sign-in")
_WAITING = browser.WaitingPage(application_name=APPLICATION, user_code=CODE, seconds_left=65, restart="/sign-in")
_SESSION = browser.SessionRow(
    id="S1",
    application_name=APPLICATION,
    device_label=DEVICE,
    began_at=AT,
    last_used_at=AT + 3_600_000_000,
    current=False,
)
_DEVICE = browser.DeviceRow(
    id="D1",
    application_name=APPLICATION,
    label=DEVICE,
    first_seen_at=AT,
    last_seen_at=AT + 3_600_000_000,
    waiting=True,
    current=True,
)
_SIGN_INS = [
    browser.SignInRow(application_name=APPLICATION, device_label=label, began_at=AT, ended=ended)
    for label, ended in ((DEVICE, True), (None, False))
]
_ACCOUNT = browser.AccountPage(
    address="ada@example.com",
    sessions=[_SESSION, msgspec.structs.replace(_SESSION, id="S2", device_label=None)],
    devices=[_DEVICE, msgspec.structs.replace(_DEVICE, id="D2", label=None)],
    sign_ins=_SIGN_INS,
    csrf="CSRF",
    action="/account",
    fresh=False,
    done=None,
)
_ENDED = ("signed_in", "consumed", "denied", "locked", "expired", "cancelled", "elsewhere")


def every_page(pages: Pages) -> Iterator[tuple[str, str, str]]:
    """Template, variant and HTML of each."""
    for variant, page in _links():
        yield "link.html", variant, pages.link(page)
        if page.device_label is not None:
            yield "link.html", f"{variant}, nameless", pages.link(msgspec.structs.replace(page, device_label=None))
    for label in (DEVICE, None):
        decided = msgspec.structs.replace(_DECIDED, device_label=label)
        variant = "named" if label else "nameless"
        yield "approved.html", variant, pages.approved(decided)
        yield "rejected.html", variant, pages.rejected(decided)
        yield "reported.html", variant, pages.reported(APPLICATION, label)
        for changed_at in (None, AT):
            notice = msgspec.structs.replace(_NOTICE, device_label=label, changed_at=changed_at)
            yield "notice.html", variant if changed_at is None else f"{variant} and changed", pages.notice(notice)
        yield "notice_ended.html", variant, pages.notice_ended(msgspec.structs.replace(_NOTICE, device_label=label))
    yield "hand_over.html", "", pages.hand_over(HandOverPage(application_name=APPLICATION, target=TARGET))
    yield "dead.html", "", pages.dead()
    yield "notice_dead.html", "", pages.notice_dead()
    yield "check_mail.html", "", pages.check_mail()
    yield "locked.html", "", pages.locked()
    failed = ErrorPage(status=503, title="Something went wrong", message="MESSAGE", request_id=REFERENCE)
    for translated in (True, False):
        error = msgspec.structs.replace(failed, translated=translated)
        yield "error.html", "translated" if translated else "in English", pages.error(error)
    for variant, shown in _browser_pages():
        yield shown.template, variant, pages.show(shown)


def _links() -> Iterator[tuple[str, LinkPage]]:
    message = "That code does not match. Look at the screen of the device you are signing in on, and type it again."
    near = nearness_words("other_country")
    for standing in STANDINGS:
        yield standing, msgspec.structs.replace(_LINK, standing=standing)
    changes: dict[str, dict[str, object]] = {
        "nameless from nowhere": {"device_label": None, "origin": None},
        "opened by a browser": {"opener": OpenedIn("In-app browser on Android", near)},
        "opened by somebody": {"opener": OpenedIn(None, near)},
        "wrong code": {"message": message},
        "may return": {"may_return": True},
        "may return, wrong code": {"may_return": True, "message": message},
        "same browser": {"same_browser": True},
        "same device only": {"same_device_only": True, "may_return": True},
        "same device only, and not here": {"same_device_only": True, "message": message},
        "asked long ago": {"asked_seconds_ago": 7200},
        "asked just now": {"asked_seconds_ago": 0},
    }
    for variant, change in changes.items():
        yield variant, msgspec.structs.replace(_LINK, **change)


def _browser_pages() -> Iterator[tuple[str, browser.BrowserPage]]:
    for name in (APPLICATION, None):
        whose = "of an application" if name else "of our own"
        sign_in = msgspec.structs.replace(_SIGN_IN, application_name=name)
        yield whose, sign_in
        yield f"{whose}, refused", msgspec.structs.replace(sign_in, address="ada@", message="MESSAGE", ui_locales="de")
        yield f"{whose}, again", msgspec.structs.replace(sign_in, again=True)
        waiting = msgspec.structs.replace(_WAITING, application_name=name)
        yield whose, waiting
        yield f"{whose}, without a code", msgspec.structs.replace(waiting, user_code=None)
        for state in _ENDED:
            if (name, state) != (None, "signed_in"):
                ended = browser.SignInEndedPage(application_name=name, state=state, restart="/sign-in")
                yield f"{state}, {whose}", ended
    yield "", browser.TappedPage(target="/sign-in/01JD4Q0V9W")
    yield "", browser.ContinuePage(application_name=APPLICATION, target=TARGET)
    yield "", browser.SignedOutPage(sign_in="/sign-in")
    for done in (None, "session", "others", "device"):
        yield done or "as it is", msgspec.structs.replace(_ACCOUNT, done=done, fresh=done is not None)
    yield "empty", msgspec.structs.replace(_ACCOUNT, sessions=_ACCOUNT.sessions[:1], devices=[], sign_ins=[])
