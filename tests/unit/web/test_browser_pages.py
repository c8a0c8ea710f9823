# SPDX-License-Identifier: Apache-2.0
"""The pages of the sign-in by browser: what they say, and what strangers' words in them can never do."""

import base64
import hashlib
import re
from typing import Any

import msgspec
import pytest

from counterfoil_service.web.browser.pages import (
    AccountPage,
    BrowserPage,
    ContinuePage,
    DeviceRow,
    SessionRow,
    SignedOutPage,
    SignInEndedPage,
    SignInPage,
    SignInRow,
    TappedPage,
    WaitingPage,
)
from counterfoil_service.web.pages import Pages

PAGES = Pages("/auth")
AT = 1_763_733_780_000_000
HOSTILE = "<script>alert(1)</script>\" onfocus='x' </bdi>\u202e{{ page }}"
STATES = ["consumed", "denied", "locked", "expired", "cancelled", "elsewhere", "signed_in"]

SIGN_IN = SignInPage(application_name="Ledgerline", address="", sealed="SEALED", csrf="TOKEN", action="/auth/sign-in")
WAITING = WaitingPage(application_name="Ledgerline", user_code="WDJ-BMJ", seconds_left=65, restart="/auth/sign-in")
ENDED = SignInEndedPage(application_name="Ledgerline", state="expired", restart="/auth/sign-in")
SESSION = SessionRow(
    id="S1", application_name="Ledgerline", device_label="Laptop", began_at=AT, last_used_at=AT, current=False
)
DEVICE = DeviceRow(
    id="D1",
    application_name="Ledgerline",
    label="Laptop",
    first_seen_at=AT,
    last_seen_at=AT,
    waiting=False,
    current=False,
)
ACCOUNT = AccountPage(
    address="ada@example.com",
    sessions=[SESSION, msgspec.structs.replace(SESSION, id="S2", current=True, device_label=None)],
    devices=[DEVICE, msgspec.structs.replace(DEVICE, id="D2", waiting=True)],
    sign_ins=[SignInRow(application_name="Ledgerline", device_label=None, began_at=AT, ended=True)],
    csrf="TOKEN",
    action="/auth/account",
    fresh=True,
    done=None,
)
EVERY_PAGE: dict[str, BrowserPage] = {
    "sign in": SIGN_IN,
    "sign in here": msgspec.structs.replace(SIGN_IN, application_name=None),
    "sign in again": msgspec.structs.replace(SIGN_IN, again=True),
    "wrong address": msgspec.structs.replace(SIGN_IN, message="That is no address."),
    "waiting": WAITING,
    "tapped": TappedPage(target="/auth/sign-in/01JD4Q0V9W"),
    "continue": ContinuePage(application_name="Ledgerline", target="com.example.ledger:/done?code=x"),
    **{f"ended: {state}": msgspec.structs.replace(ENDED, state=state) for state in STATES},
    "signed out": SignedOutPage(sign_in="/auth/sign-in"),
    "account": ACCOUNT,
    "account without a device": msgspec.structs.replace(ACCOUNT, devices=[], fresh=False, done="others"),
}
every_page = pytest.mark.parametrize("page", EVERY_PAGE.values(), ids=EVERY_PAGE)


@every_page
def test_a_page_has_one_heading_first_and_names_no_id_twice(page: BrowserPage) -> None:
    html = PAGES.show(page)
    assert html.startswith("<!doctype html>\n")
    levels = re.findall(r"<h([1-6])", html)
    assert levels[0] == "1"
    assert levels.count("1") == 1
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    for named in re.findall(r' (?:aria-labelledby|aria-describedby|for)="([^"]+)"', html):
        assert set(named.split()) <= set(ids)


@every_page
def test_only_the_waiting_page_has_a_script_which_the_policy_names(page: BrowserPage) -> None:
    scripts = re.findall(r"<script>(.*?)</script>", PAGES.show(page), re.DOTALL)
    hashes = ["sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts]
    assert hashes == ([PAGES.script_hash] if isinstance(page, WaitingPage) else [])


@every_page
def test_a_page_loads_nothing_and_styles_nothing_in_place(page: BrowserPage) -> None:
    html = PAGES.show(page)
    assert not re.search(r'<(?:link|img|iframe|object|base|embed)\b|\ssrc=|\sstyle=|\son[a-z]+="', html)
    assert "http:" not in html
    assert "https:" not in html


@every_page
def test_a_page_is_silent_in_logs(page: BrowserPage) -> None:
    assert repr(page) == f"{type(page).__name__}(...)"


@every_page
def test_a_strangers_words_are_read_and_never_run(page: BrowserPage) -> None:
    html = PAGES.show(_hostile(page))
    plain = PAGES.show(page)
    assert "<script>alert" not in html
    assert html.count("<script") == plain.count("<script")
    assert html.count("<") == plain.count("<")


def _hostile(page: BrowserPage) -> BrowserPage:
    words = {"application_name", "address", "message", "device_label", "label", "id"}
    changed: dict[str, Any] = {
        name: HOSTILE for name, value in msgspec.structs.asdict(page).items() if name in words and value is not None
    }
    if isinstance(page, AccountPage):
        rows = {"application_name": HOSTILE, "id": HOSTILE}
        changed |= {
            "sessions": [msgspec.structs.replace(row, **rows) for row in page.sessions],
            "devices": [msgspec.structs.replace(row, **rows) for row in page.devices],
        }
    return msgspec.structs.replace(page, **changed)


def test_the_time_that_is_left_is_told_in_minutes_and_seconds() -> None:
    assert '<span id="left" data-seconds="65">1:05</span>' in PAGES.show(WAITING)


def test_the_code_is_read_out_letter_by_letter() -> None:
    assert 'aria-label="W D J   B M J"' in PAGES.show(WAITING)


def test_every_form_of_the_account_carries_the_token_and_every_button_a_name_of_its_own() -> None:
    html = PAGES.show(ACCOUNT)
    assert html.count("<form") == html.count('name="csrf" value="TOKEN"') == 4
    labels = re.findall(r'aria-label="([^"]+)"', html)
    assert len(labels) == 3
    assert all(label.startswith(("End: ", "Forget: ")) for label in labels)


def test_the_session_one_sits_at_has_no_button_to_end_it_among_the_others() -> None:
    html = PAGES.show(ACCOUNT)
    assert html.count('value="end_session"') == 1
    assert 'value="S2"' not in html


def test_an_account_without_devices_says_so() -> None:
    assert "No device is known" in PAGES.show(EVERY_PAGE["account without a device"])
