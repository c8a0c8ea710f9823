# SPDX-License-Identifier: Apache-2.0
"""Which mail providers may tell what became of a mail, and how each is known: `provider=secret`, comma-separated."""

import re

import msgspec

from counterfoil_service.core.mail_report import PROVIDERS, Provider
from counterfoil_service.settings.parsers import is_webhook_key
from counterfoil_service.settings.secret import Secret

_MIN_SECRET_LENGTH = 16
_TOPIC_ARN = re.compile(
    r"arn:aws(?:-cn|-us-gov)?:sns:[a-z]{2}(?:-[a-z]{1,20}){1,3}-[0-9]:[0-9]{12}:[A-Za-z0-9_-]{1,256}"
)
_VISIBLE = re.compile(r"[!-~]+")
_RULES: "dict[Provider, str]" = {
    "hook": "hook= must be followed by whsec_ and base64 of 24 to 64 bytes",
    "mailgun": f"mailgun= must be followed by the HTTP webhook signing key, {_MIN_SECRET_LENGTH} characters or more",
    "postmark": f"postmark= must be followed by USER:PASSWORD, the password of {_MIN_SECRET_LENGTH} characters or more",
    "resend": "resend= must be followed by whsec_ and base64 of 24 to 64 bytes",
    "ses": "ses= must be followed by the ARN of an SNS topic that is no FIFO topic",
}


class MailWebhook(msgspec.Struct, frozen=True):
    """`secret` is the key, USER:PASSWORD of Postmark, the topic's ARN of SES."""

    provider: Provider
    secret: Secret


def read_mail_webhooks(text: str) -> tuple[MailWebhook, ...]:
    """Every provider with each of its secrets; a ValueError names the rule and shows none of them."""
    webhooks = tuple(_webhook(part.strip()) for part in text.split(",") if part.strip())
    if len({(each.provider, each.secret) for each in webhooks}) != len(webhooks):
        raise ValueError("must name each secret of a provider once")
    return webhooks


def _webhook(text: str) -> MailWebhook:
    name, _, secret = text.partition("=")
    if name not in PROVIDERS:
        raise ValueError(f"must be PROVIDER=SECRET, the provider one of {', '.join(PROVIDERS)}")
    provider: Provider = name
    if not _fits(provider, secret):
        raise ValueError(_RULES[provider])
    return MailWebhook(provider, Secret(secret))


def _fits(provider: Provider, secret: str) -> bool:
    match provider:
        case "hook" | "resend":
            return is_webhook_key(secret)
        case "ses":
            return _TOPIC_ARN.fullmatch(secret) is not None
        case "postmark":
            user, _, password = secret.partition(":")
            return bool(user) and len(password) >= _MIN_SECRET_LENGTH and _VISIBLE.fullmatch(secret) is not None
        case "mailgun":
            return len(secret) >= _MIN_SECRET_LENGTH and _VISIBLE.fullmatch(secret) is not None
