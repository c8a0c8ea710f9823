# SPDX-License-Identifier: Apache-2.0
"""Mailgun (documentation.mailgun.com: POST /v3/{domain}/messages.mime), which takes the message as it was written."""

import base64
import hashlib
import re
from email.message import EmailMessage
from http import HTTPStatus
from typing import Final

from counterfoil_service.http_post import Answer
from counterfoil_service.mail.transports import TryLater, Undeliverable, mail_id
from counterfoil_service.mail.transports.http_transport import Request, told
from counterfoil_service.settings.mail_providers import MailProvider

_ABOUT_US: Final = re.compile(
    r"from parameter|not allowed to send|test purposes|disabled|domain not found", re.IGNORECASE
)


class Mailgun:
    """Satisfies `Api`."""

    name = "mailgun"

    def __init__(self, provider: MailProvider) -> None:
        self._url = f"{provider.endpoint}/v3/{provider.host}/messages.mime"
        self._key = provider.key

    def request(self, message: EmailMessage, recipient: str, now: int) -> Request:  # noqa: ARG002 - others sign the time
        """A form with the message as its file."""
        fields = {
            "to": recipient,
            "o:tracking": "no",
            "o:tracking-clicks": "no",
            "o:tracking-opens": "no",
            "v:mail_id": mail_id(message),
        }
        kind, body = _form(fields, message.as_bytes())
        credentials = base64.b64encode(f"api:{self._key.reveal()}".encode()).decode()
        return Request(self._url, {"Authorization": f"Basic {credentials}", "Content-Type": kind}, body)

    def judge(self, answer: Answer) -> Exception | None:
        """400 is about the mail, but for what it says of the account or the sender."""
        about_us = _ABOUT_US.search(str(told(answer).get("message")))
        if answer.status == HTTPStatus.BAD_REQUEST and not about_us:
            return Undeliverable("mailgun_400")
        return TryLater(f"mailgun_{answer.status}")


def _form(fields: dict[str, str], message: bytes) -> tuple[str, bytes]:
    """RFC 7578: its Content-Type, and the body."""
    boundary = hashlib.sha256(message).hexdigest()
    parts = [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode() for name, value in fields.items()]
    disposition = b'Content-Disposition: form-data; name="message"; filename="message.mime"\r\n'
    parts.append(disposition + b"Content-Type: application/octet-stream\r\n\r\n" + message)
    delimiter = f"--{boundary}".encode()
    body = b"".join(delimiter + b"\r\n" + part + b"\r\n" for part in parts) + delimiter + b"--\r\n"
    return f"multipart/form-data; boundary={boundary}", body
