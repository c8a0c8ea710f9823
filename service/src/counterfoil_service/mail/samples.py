# SPDX-License-Identifier: Apache-2.0
"""Every mail in every variant, with made-up facts: an operator's templates are tried with them before anybody is."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from itertools import product
from typing import Any, Final

from counterfoil_service.core.languages import ENGLISH
from counterfoil_service.core.look import Look
from counterfoil_service.mail.message import Letter
from counterfoil_service.mail.render import (
    AlertMail,
    LinkMail,
    MailTemplates,
    NoticeMail,
    render_alert_mail,
    render_link_mail,
    render_notice_mail,
    render_test_mail,
)
from counterfoil_service.operations.describe_link import STANDINGS

APPLICATION: Final = "Ledger & Line"
DEVICE: Final = "Ada's laptop"
SECRET: Final = "kXoT4oVnW0u1cB7Yl9sQe2hRz5mGdJ8aPfN3-_iKvCw"  # noqa: S105 - nobody's
LINK: Final = f"https://id.example/l/{SECRET}"
MAIL_CODE: Final = "1234 5678"
ISSUER_HOST: Final = "id.example"
LOOK: Final = Look(APPLICATION, "#f2c037")
AT: Final = datetime(2025, 11, 21, 14, 3, tzinfo=UTC)

_COMMON: Final[dict[str, Any]] = {
    "application_name": APPLICATION,
    "link": LINK,
    "recipient": "ada@example.com",
    "sender": "Counterfoil <sign-in@id.example>",
    "message_id": "<01JD4Q0V9W3T5XJ6P8Z2R7K1MN@id.example>",
    "sent_at": AT,
    "issuer_host": ISSUER_HOST,
}

_ALERT: Final[dict[str, Any]] = {
    "kind": "session.reuse_detected",
    "title": "A used token came again",
    "meaning": "A refresh token that had been used already was presented once more.",
    "advice": "Ask the person whether their device was copied.",
    "raised_at": AT,
    "last_at": AT,
    "facts": (("Event", "session.reuse_detected"), ("Application", "ledger")),
}


def every_mail(language: str, templates: MailTemplates, look: Look = LOOK) -> Iterator[tuple[str, str, EmailMessage]]:
    """Template, variant and message of each."""
    common = _COMMON | {"language": language, "look": look}
    for standing in STANDINGS:
        for minutes, label in product((1, 10), (None, DEVICE)):
            for how in ({}, {"same_device_only": True}, {"mail_code": MAIL_CODE}):
                variant = (
                    f"{standing}, {', '.join(how) or 'with a code'}, {'named' if label else 'nameless'}, {minutes} min"
                )
                mail = LinkMail(
                    asked_at=AT, expires_minutes=minutes, standing=standing, device_label=label, **how, **common
                )
                yield "link", variant, render_link_mail(mail, templates)
    if language == ENGLISH:
        for times in (1, 12):
            alert = AlertMail(device_label=None, times=times, **_ALERT, **common)
            yield "alert", "once" if times == 1 else "several times", render_alert_mail(alert, templates)
        yield "test", "as it is", render_test_mail(Letter(device_label=None, **common), templates)
    for changed in (False, True):
        for label in (DEVICE, None):
            notice = NoticeMail(signed_in_at=AT, changed=changed, device_label=label, **common)
            variant = "named" if label else "nameless"
            yield "change" if changed else "notice", variant, render_notice_mail(notice, templates)
