# SPDX-License-Identifier: Apache-2.0
"""Write the mails: the one that carries a sign-in link, and the one that tells of a sign-in by a new device.

As values: nothing is sent here, so a test can attack every byte of them.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from email.message import EmailMessage

import msgspec
from jinja2 import Environment

from counterfoil_service.core.languages import direction
from counterfoil_service.core.words import N_
from counterfoil_service.languages.catalogue import translations
from counterfoil_service.languages.folder import TemplateFolder
from counterfoil_service.languages.formats import moment_words
from counterfoil_service.languages.templates import bdi, environment
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


class AlertMail(Letter, frozen=True, kw_only=True):
    """All that the mail about an alert says, in English as the console; `facts` are names and ids."""

    kind: str
    title: str
    meaning: str
    advice: str
    times: int
    raised_at: datetime
    last_at: datetime
    facts: tuple[tuple[str, str], ...]


class MailTemplates:
    """Ours, and before them those of an operator's folder; compiled once for each language that somebody reads."""

    def __init__(self, overrides: TemplateFolder | None = None) -> None:
        self._overrides = overrides
        self._environments: dict[str, Environment] = {}

    def in_language(self, language: str) -> Environment:
        """Those that speak it."""
        if language not in self._environments:
            self._environments[language] = environment(__package__, language, self._overrides)
        return self._environments[language]


_OURS = MailTemplates()


def render_link_mail(mail: LinkMail, templates: MailTemplates = _OURS) -> EmailMessage:
    """The message, complete but for the envelope.

    Raises ValueError where a caller's own value is not what it must be. What strangers chose (names and labels) never
    raises; it is made harmless.
    """
    texts = translations(mail.language)
    facts = {
        "same_device_only": mail.same_device_only,
        "how": texts.gettext(_how(mail)),
        "asked_at": moment_words(mail.asked_at, mail.language),
        "minutes": max(1, mail.expires_minutes),
        "standing": texts.gettext(STANDINGS[mail.standing]),
        "mail_code": mail.mail_code,
    }
    return _rendered(mail, templates, "link", N_("Sign in to %(application)s"), facts)


def _how(mail: LinkMail) -> str:
    """What opening the link asks for."""
    if mail.same_device_only:
        return N_(
            "It takes no code: it signs you in on the computer, or in the browser, where you asked, and nowhere else."
        )
    if mail.mail_code is None:
        return N_(
            "It asks for the code on the screen of the device that asked, "
            "unless you open it in the browser where you asked. The code is never in a mail."
        )
    return N_(
        "It asks for the six letters on the screen of the device that asked, "
        "unless you open it in the browser where you asked. Those letters are never in a mail."
    )


def render_notice_mail(mail: NoticeMail, templates: MailTemplates = _OURS) -> EmailMessage:
    """The same for a notice."""
    facts = {"signed_in_at": moment_words(mail.signed_in_at, mail.language)}
    if mail.changed:
        return _rendered(mail, templates, "change", N_("A device of yours has changed at %(application)s"), facts)
    return _rendered(mail, templates, "notice", N_("New sign-in to %(application)s"), facts)


def render_test_mail(mail: Letter, templates: MailTemplates = _OURS) -> EmailMessage:
    """The same for a test of how mail leaves; its link leads to a page that does nothing."""
    return _rendered(mail, templates, "test", "Test mail of %(application)s", {})


def render_alert_mail(mail: AlertMail, templates: MailTemplates = _OURS) -> EmailMessage:
    """The same for an alert."""
    facts = {
        "title": mail.title,
        "meaning": mail.meaning,
        "advice": mail.advice,
        "times": mail.times,
        "raised_at": moment_words(mail.raised_at, mail.language),
        "last_at": moment_words(mail.last_at, mail.language),
        # Applications are called as operators like, and a mail program makes links of bare text.
        "facts": [(name, value if value == mail.kind else unlinked(value)) for name, value in mail.facts],
    }
    return _rendered(mail, templates, "alert", f"Alert of %(application)s: {mail.title}", facts)


def _rendered(
    mail: Letter, templates: MailTemplates, template: str, subject: str, facts: Mapping[str, object]
) -> EmailMessage:
    texts = translations(mail.language)
    application = harmless(mail.application_name) or texts.gettext("your app")
    device = None if mail.device_label is None else harmless(mail.device_label) or None
    subject = texts.gettext(subject) % {"application": application}
    isolated = _isolated if direction(mail.language) == "rtl" else str
    words = {
        **facts,
        "link": mail.link,
        "subject": subject,
        "look": msgspec.structs.replace(mail.look, label=harmless(mail.look.label) or application),
    }
    ours = templates.in_language(mail.language)

    def part(kind: str, name: Callable[[str], str]) -> str:
        named = {
            "application": name(application),
            "device": None if device is None else name(device),
            "issuer": name(unlinked(mail.issuer_host)),
        }
        return ours.get_template(f"{template}.{kind}").render(words | named)

    return message_of(mail, subject, part("txt", isolated), part("html", bdi))


def _isolated(text: str) -> str:
    """As `<bdi>` does it where there is no markup: by FIRST STRONG ISOLATE, and what ends it."""
    return f"\u2068{text}\u2069"
