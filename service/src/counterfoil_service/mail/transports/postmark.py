# SPDX-License-Identifier: Apache-2.0
"""Postmark (postmarkapp.com/developer/api/email-api)."""

from email.message import EmailMessage
from typing import Final

import msgspec

from counterfoil_service.http_post import Answer
from counterfoil_service.mail.transports import TryLater, Undeliverable, mail_id
from counterfoil_service.mail.transports.http_transport import Request, told
from counterfoil_service.mail.transports.parts import headers_of, html_of, text_of
from counterfoil_service.settings.mail_providers import MailProvider

_INVALID: Final = 300
_INACTIVE_RECIPIENT: Final = 406


class Postmark:
    """Satisfies `Api`."""

    name = "postmark"

    def __init__(self, provider: MailProvider) -> None:
        self._url = f"{provider.endpoint}/email"
        self._token = provider.key
        self._stream = provider.stream

    def request(self, message: EmailMessage, recipient: str, now: int) -> Request:  # noqa: ARG002 - others sign the time
        """Fields: there is no raw form. X-PM-KeepID keeps our Message-ID."""
        kept = headers_of(message) | {"X-PM-KeepID": "true"}
        body = {
            "From": str(message["From"]),
            "To": recipient,
            "Subject": str(message["Subject"]),
            "TextBody": text_of(message),
            "HtmlBody": html_of(message),
            "MessageStream": self._stream,
            "TrackOpens": False,
            "TrackLinks": "None",
            "Headers": [{"Name": name, "Value": value} for name, value in kept.items()],
            "Metadata": {"mail_id": mail_id(message)},
        }
        headers = {"X-Postmark-Server-Token": self._token.reveal(), "Content-Type": "application/json"}
        return Request(self._url, headers, msgspec.json.encode(body))

    def judge(self, answer: Answer) -> Exception | None:
        """The ErrorCode says more than the status, which is 422 for most of them."""
        facts = told(answer)
        code = facts.get("ErrorCode")
        # An unknown sender has the code of an invalid request, and is trouble of our account.
        invalid = code == _INVALID and "'From'" not in str(facts.get("Message"))
        if invalid or code == _INACTIVE_RECIPIENT:
            return Undeliverable(f"postmark_{code}")
        return TryLater(f"postmark_{code if isinstance(code, int) else answer.status}")
