# SPDX-License-Identifier: Apache-2.0
"""Who is told of alerts, as the operator writes it, comma-separated.

`mailto:ADDRESS` by mail; `https://HOST/PATH#whsec_BASE64` by webhook, its key behind the hash as with sinks of the log.
"""

from typing import Final

import msgspec

from counterfoil_service.core import email_address
from counterfoil_service.core.errors import Refusal
from counterfoil_service.settings.sinks import Sink, read_webhook

_MAILTO: Final = "mailto:"


class AlertTarget(msgspec.Struct, frozen=True, kw_only=True):
    """Either `address` or `webhook`. `name` is what is kept and shown of it: of a URL neither key nor query."""

    name: str
    address: str | None = None
    webhook: Sink | None = None

    def __repr__(self) -> str:
        return f"AlertTarget({'webhook' if self.webhook else 'mail'})"


def read_alert_targets(text: str) -> tuple[AlertTarget, ...]:
    """Every target, each once; a ValueError names the rule and shows no URL, as a key may be in it, and no address."""
    targets = tuple(_target(part.strip()) for part in text.split(",") if part.strip())
    if len({target.name for target in targets}) != len(targets):
        raise ValueError("must name each target once, whatever its query")
    return targets


def _target(text: str) -> AlertTarget:
    if text.startswith(_MAILTO):
        return _mailbox(text.removeprefix(_MAILTO))
    if not text.startswith(("https://", "http://")):
        raise ValueError("must begin with mailto: or https://")
    webhook = read_webhook(text)
    return AlertTarget(name=webhook.name.partition("?")[0], webhook=webhook)


def _mailbox(text: str) -> AlertTarget:
    try:
        address = email_address.parse(text).mailing
    except Refusal:
        raise ValueError("must give one address behind mailto:, such as mailto:security@example.com") from None
    return AlertTarget(name=_MAILTO + address, address=address)
