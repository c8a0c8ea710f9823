# SPDX-License-Identifier: Apache-2.0
"""Resend (resend.com/docs/api-reference/emails/send-email).

Tracking is a setting of the domain there, off unless somebody switched it on; no field of a mail switches it off.
"""

from email.message import EmailMessage
from http import HTTPStatus

import msgspec

from counterfoil_service.http_post import Answer
from counterfoil_service.mail.transports import PerhapsTaken, TryLater, Undeliverable, mail_id
from counterfoil_service.mail.transports.http_transport import Request, told
from counterfoil_service.mail.transports.parts import headers_of, html_of, text_of
from counterfoil_service.settings.mail_providers import MailProvider


class Resend:
    """Satisfies `Api`. The idempotency key is the mail's id: for 24 hours the same mail is taken once."""

    name = "resend"

    def __init__(self, provider: MailProvider) -> None:
        self._url = f"{provider.endpoint}/emails"
        self._key = provider.key

    def request(self, message: EmailMessage, recipient: str, now: int) -> Request:  # noqa: ARG002 - others sign the time
        """Fields: there is no raw form."""
        name = mail_id(message)
        body = {
            "from": str(message["From"]),
            "to": [recipient],
            "subject": str(message["Subject"]),
            "text": text_of(message),
            "html": html_of(message),
            "headers": headers_of(message),
            "tags": [{"name": "mail_id", "value": name}],
        }
        headers = {
            "Authorization": f"Bearer {self._key.reveal()}",
            "Content-Type": "application/json",
            "Idempotency-Key": name,
        }
        return Request(self._url, headers, msgspec.json.encode(body))

    def judge(self, answer: Answer) -> Exception | None:
        """Errors have a name; the key and the sender are trouble of our account."""
        facts = told(answer)
        name, text = facts.get("name"), str(facts.get("message"))
        if answer.status == HTTPStatus.CONFLICT and name == "invalid_idempotent_request":
            # It has this mail from an earlier attempt; the minutes that its link has left were other ones.
            return None
        if answer.status == HTTPStatus.CONFLICT and name == "concurrent_idempotent_requests":
            return PerhapsTaken("resend_409")
        ours = name == "invalid_from_address" or "`from`" in text or "API key" in text
        invalid = answer.status == HTTPStatus.UNPROCESSABLE_ENTITY
        if (invalid or (answer.status == HTTPStatus.BAD_REQUEST and name == "validation_error")) and not ours:
            return Undeliverable(f"resend_{answer.status}")
        return TryLater(f"resend_{answer.status}")
