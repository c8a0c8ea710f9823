# SPDX-License-Identifier: Apache-2.0
"""The operator's own endpoint, for those who send mail themselves: JSON, signed as Standard Webhooks 1.0.0 has it."""

from email.message import EmailMessage
from http import HTTPStatus

import msgspec

from counterfoil_service.core.leaf import rfc3339
from counterfoil_service.crypto.webhook_signature import signed_headers
from counterfoil_service.http_post import Answer
from counterfoil_service.mail.transports import TryLater, Undeliverable, mail_id
from counterfoil_service.mail.transports.http_transport import Request
from counterfoil_service.mail.transports.parts import headers_of, html_of, text_of
from counterfoil_service.settings.mail_providers import MailProvider

_TYPE = "mail.send"


class Hook:
    """Satisfies `Api`. The id is the mail's own, so a receiver tells a repetition by it."""

    name = "hook"

    def __init__(self, provider: MailProvider) -> None:
        self._url = provider.endpoint
        self._key = provider.key

    def request(self, message: EmailMessage, recipient: str, now: int) -> Request:
        """All that there is to send."""
        name = mail_id(message)
        data = {
            "mail_id": name,
            "from": str(message["From"]),
            "to": recipient,
            "subject": str(message["Subject"]),
            "text": text_of(message),
            "html": html_of(message),
            "headers": headers_of(message),
        }
        body = msgspec.json.encode({"type": _TYPE, "timestamp": rfc3339(now), "data": data})
        headers = {"Content-Type": "application/json", **signed_headers(self._key, f"mail_{name}", body, now)}
        return Request(self._url, headers, body)

    def judge(self, answer: Answer) -> Exception | None:
        """422 is the one way to say that this mail will never be taken."""
        code = f"hook_{answer.status}"
        return Undeliverable(code) if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY else TryLater(code)
