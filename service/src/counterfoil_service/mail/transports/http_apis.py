# SPDX-License-Identifier: Apache-2.0
"""Which provider speaks which API."""

from collections.abc import Callable, Mapping
from typing import Final

from counterfoil_service.mail.transports.hook import Hook
from counterfoil_service.mail.transports.http_transport import Api
from counterfoil_service.mail.transports.mailgun import Mailgun
from counterfoil_service.mail.transports.postmark import Postmark
from counterfoil_service.mail.transports.resend import Resend
from counterfoil_service.mail.transports.ses import Ses
from counterfoil_service.settings.mail_providers import Kind, MailProvider

_APIS: Final[Mapping[Kind, Callable[[MailProvider], Api]]] = {
    "resend": Resend,
    "mailgun": Mailgun,
    "postmark": Postmark,
    "ses": Ses,
    "hook": Hook,
}


def api_of(provider: MailProvider) -> Api:
    """Of one that is asked by HTTP."""
    return _APIS[provider.kind](provider)
