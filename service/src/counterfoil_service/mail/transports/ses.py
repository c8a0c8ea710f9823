# SPDX-License-Identifier: Apache-2.0
"""Amazon SES (API v2, SendEmail), which takes the message as it was written, and writes Message-ID and Date anew."""

import base64
import re
from email.message import EmailMessage
from http import HTTPStatus
from typing import Final

import msgspec

from counterfoil_service.http_post import Answer
from counterfoil_service.mail.transports import TryLater, Undeliverable, mail_id
from counterfoil_service.mail.transports.http_transport import Request, told
from counterfoil_service.mail.transports.sigv4 import Signer
from counterfoil_service.settings.mail_providers import MailProvider

_UNTRACKED: Final = {"Tracking": {"ClickTrackingEnabled": "DISABLED", "OpenTrackingEnabled": "DISABLED"}}
_WORD: Final = re.compile(r"[A-Za-z]{1,64}")


class Ses:
    """Satisfies `Api`. No configuration set is named, and tracking is off whatever the account's default set says."""

    name = "ses"

    def __init__(self, provider: MailProvider) -> None:
        self._url = f"{provider.endpoint}/v2/email/outbound-emails"
        self._signer = Signer(provider.user, provider.key, provider.host, "ses")

    def request(self, message: EmailMessage, recipient: str, now: int) -> Request:
        """The raw form, signed for this moment."""
        content = {
            "Destination": {"ToAddresses": [recipient]},
            "Content": {"Raw": {"Data": base64.b64encode(message.as_bytes()).decode()}},
            "EmailTags": [{"Name": "mail_id", "Value": mail_id(message)}],
            "ConfigurationOverrides": _UNTRACKED,
        }
        body = msgspec.json.encode(content)
        headers = self._signer.signed("POST", self._url, {"Content-Type": "application/json"}, body, now)
        return Request(self._url, headers, body)

    def judge(self, answer: Answer) -> Exception | None:
        """Errors have a type, in a header; in a sandbox an address that was not verified is trouble of our account."""
        word = _WORD.match(answer.headers.get("x-amzn-errortype", ""))
        kind = word[0] if word else str(answer.status)
        text = str(told(answer).get("message"))
        mails_own = kind in {"MessageRejected", "BadRequestException"} and "not verified" not in text
        if answer.status == HTTPStatus.BAD_REQUEST and mails_own:
            return Undeliverable(f"ses_{kind}")
        return TryLater(f"ses_{kind}")
