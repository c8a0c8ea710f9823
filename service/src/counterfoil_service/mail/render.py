# SPDX-License-Identifier: Apache-2.0
"""Write the mails: the one that carries a sign-in link, and the one that tells of a sign-in by a new device.

As values: nothing is sent here, so a test can attack every byte of them.
"""

from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from counterfoil_service.core.moments import in_words
from counterfoil_service.mail.message import Letter, message_of
from counterfoil_service.mail.words import harmless, unlinked
from counterfoil_service.operations.describe_link import STANDINGS, Standing


class LinkMail(Letter, frozen=True, kw_only=True):
    """All that the mail with a sign-in link says."""

    asked_at: datetime
    expires_minutes: int
    standing: Standing
    mail_code: str | None = None
    """As people see it: `1234 5678`."""
    same_device_only: bool = False

    def __repr__(self) -> str:
        return "LinkMail(***)"


class NoticeMail(Letter, frozen=True, kw_only=True):
    """All that the notice of a new device says; its link leads to the page that ends the session.

    `changed`: the device is a known one, and looks like another computer; `signed_in_at` is then when that was seen.
    """

    signed_in_at: datetime
    changed: bool = False


_templates = Environment(
    loader=PackageLoader(__package__),
    # The text part is not markup: there `harmless` alone stands between a label and the reader.
    autoescape=select_autoescape(enabled_extensions=("html",), default=False),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)


def render_link_mail(mail: LinkMail) -> EmailMessage:
    """The message, complete but for the envelope.

    Raises ValueError where a caller's own value is not what it must be. What strangers chose (names and labels) never
    raises; it is made harmless.
    """
    lifetime = "1 minute" if mail.expires_minutes <= 1 else f"{mail.expires_minutes} minutes"
    facts = {
        "where": "on the computer where you asked" if mail.same_device_only else "on any device",
        "how": _how(mail),
        "asked_at": in_words(mail.asked_at),
        "lifetime": lifetime,
        "standing": f"{STANDINGS[mail.standing]}.",
        "mail_code": mail.mail_code,
    }
    return _rendered(mail, "link", "Sign in to", facts)


def _how(mail: LinkMail) -> str:
    """What opening the link asks for."""
    if mail.same_device_only:
        return (
            "It takes no code: it signs you in on the computer, or in the browser, where you asked, and nowhere else."
        )
    code, they = ("code", "The code is") if mail.mail_code is None else ("six letters", "Those letters are")
    return (
        f"It asks for the {code} on the screen of the device that asked, "
        f"unless you open it in the browser where you asked. {they} never in a mail."
    )


def render_notice_mail(mail: NoticeMail) -> EmailMessage:
    """The same for a notice."""
    template, opening = ("change", "A device of yours has changed at") if mail.changed else ("notice", "New sign-in to")
    return _rendered(mail, template, opening, {"signed_in_at": in_words(mail.signed_in_at)})


def render_test_mail(mail: Letter) -> EmailMessage:
    """The same for a test of how mail leaves; its link leads to a page that does nothing."""
    return _rendered(mail, "test", "Test mail of", {})


def _rendered(mail: Letter, template: str, opening: str, facts: Mapping[str, str | None]) -> EmailMessage:
    application = harmless(mail.application_name) or "your app"
    words = {
        **facts,
        "application": application,
        "device": None if mail.device_label is None else harmless(mail.device_label) or None,
        "link": mail.link,
        "issuer": unlinked(mail.issuer_host),
        "subject": f"{opening} {application}",
    }
    text = _templates.get_template(f"{template}.txt").render(words)
    html = _templates.get_template(f"{template}.html").render(words)
    return message_of(mail, f"{opening} {application}", text, html)
