# SPDX-License-Identifier: Apache-2.0
"""An alert by webhook, signed as Standard Webhooks 1.0.0 has it."""

from typing import Final

import msgspec

from counterfoil_service.core.alert_words import words_of
from counterfoil_service.core.alerting import party_of
from counterfoil_service.core.leaf import rfc3339
from counterfoil_service.db.alerts import Alert
from counterfoil_service.operations.claim_pushes import ClaimedPush
from counterfoil_service.operations.settle_push import NeverTold, PushOutcome, TellLater, Told
from counterfoil_service.webhook_post import Hook, check_url, post_signed

TIMEOUT_SECONDS = 15
_TYPE: Final = "alert.raised"


class WebhookPush:
    """Satisfies `PushSender`. `console` is the address of the alerts' pages.

    A `ValueError` for a URL that no request could carry; it does not show it.
    """

    def __init__(self, hook: Hook, console: str) -> None:
        check_url(hook.url)
        self._hook = hook
        self._console = console

    async def send(self, claimed: ClaimedPush, now: int) -> PushOutcome:
        """One POST. Its id is the push's alone; how often it happened is told as it is by now."""
        body = body_of(claimed.alert, self._console)
        refused = await post_signed(self._hook, claimed.push.id, body, now=now, seconds=TIMEOUT_SECONDS)
        if refused is None:
            return Told()
        return NeverTold("gone") if refused.gone else TellLater(refused.code, refused.wait or 0)


def body_of(alert: Alert, console: str) -> bytes:
    """What is known without an address: ids, and where the rest is shown to who may see it."""
    words = words_of(alert.kind)
    references = {
        "reason": alert.reason,
        "login": alert.login_id,
        "application": alert.application_id,
        "session": alert.session_id,
        "person": alert.subject,
        **dict([party] if (party := party_of(alert.kind, alert.about)) else []),
    }
    data = {
        "alert": alert.id,
        "kind": alert.kind,
        "title": words.title,
        "meaning": words.meaning,
        "advice": words.advice,
        "times": alert.times,
        "raised_at": rfc3339(alert.raised_at),
        "last_at": rfc3339(alert.last_at),
        "url": f"{console}/{alert.id}",
        **{name: value for name, value in references.items() if value is not None},
    }
    return msgspec.json.encode({"type": _TYPE, "timestamp": rfc3339(alert.raised_at), "data": data})
