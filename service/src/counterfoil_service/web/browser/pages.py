# SPDX-License-Identifier: Apache-2.0
"""What the browser pages show, each by the template of its name."""

from typing import ClassVar

from msgspec import Struct


class BrowserPage(Struct, frozen=True, kw_only=True):
    """One page."""

    template: ClassVar[str]

    def __repr__(self) -> str:
        # Some fields are secrets or somebody's address, which no log may ever show.
        return f"{type(self).__name__}(...)"


class SignInPage(BrowserPage, frozen=True, kw_only=True):
    """Asks for an address. `sealed` is where the sign-in leads; `again` says that a fresh one is needed.

    `ui_locales` is the language that was asked for by name.
    """

    template = "sign_in.html"
    application_name: str | None
    address: str
    sealed: str
    csrf: str
    action: str
    again: bool = False
    message: str | None = None
    ui_locales: str | None = None


class WaitingPage(BrowserPage, frozen=True, kw_only=True):
    """Waits for the link to be opened. `restart` is where another address can be typed; no code: none is taken."""

    template = "waiting.html"
    application_name: str | None
    user_code: str | None
    seconds_left: int
    restart: str


class TappedPage(BrowserPage, frozen=True, kw_only=True):
    """After one tap in the browser that asked: goes on to `target`, a path of ours, as a step of its own."""

    template = "tapped.html"
    target: str


class ContinuePage(BrowserPage, frozen=True, kw_only=True):
    """Signed in; `target` leads on to the application, with the code in it."""

    template = "continue.html"
    application_name: str
    target: str


class SignInEndedPage(BrowserPage, frozen=True, kw_only=True):
    """A sign-in that waits no more; `state` is its own, or `signed_in` in another tab, or `elsewhere`: not here."""

    template = "sign_in_ended.html"
    application_name: str | None
    state: str
    restart: str


class SignedOutPage(BrowserPage, frozen=True, kw_only=True):
    """After signing out."""

    template = "signed_out.html"
    sign_in: str


class SessionRow(Struct, frozen=True, kw_only=True):
    """Times are in microseconds UTC."""

    id: str
    application_name: str
    device_label: str | None
    began_at: int
    last_used_at: int
    current: bool


class DeviceRow(Struct, frozen=True, kw_only=True):
    """`waiting` for somebody to let it in."""

    id: str
    application_name: str
    label: str | None
    first_seen_at: int
    last_seen_at: int
    waiting: bool
    current: bool


class SignInRow(Struct, frozen=True, kw_only=True):
    """One of the last sign-ins."""

    application_name: str
    device_label: str | None
    began_at: int
    ended: bool


class AccountPage(BrowserPage, frozen=True, kw_only=True):
    """A person's own page. `fresh`: the sign-in is recent enough to end something; `done` is what was."""

    template = "account.html"
    address: str
    sessions: list[SessionRow]
    devices: list[DeviceRow]
    sign_ins: list[SignInRow]
    csrf: str
    action: str
    fresh: bool
    done: str | None
