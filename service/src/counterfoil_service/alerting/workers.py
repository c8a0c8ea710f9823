# SPDX-License-Identifier: Apache-2.0
"""A worker for each target of the settings."""

import ssl
from collections.abc import Callable

from counterfoil_service.alerting.sender import PushSender
from counterfoil_service.alerting.webhook import WebhookPush
from counterfoil_service.alerting.worker import PushWorker
from counterfoil_service.db.engine import Database
from counterfoil_service.webhook_post import Hook

ByMail = Callable[[str], PushSender]
"""Makes the sender for an address: how mail leaves is known to whoever puts the parts together."""


def push_workers(database: Database, console: str, by_mail: ByMail) -> list[PushWorker]:
    """They verify certificates by the system's CAs, which `SSL_CERT_FILE` replaces.

    A `ValueError` for a target to which nothing could ever be sent; it shows no URL.
    """
    tls, workers = ssl.create_default_context(), list[PushWorker]()
    for target in database.context().settings.alerts:
        if target.webhook is None:
            sender = by_mail(target.address or "")
        else:
            # A ValueError for a host that no resolver could be asked for.
            target.webhook.host.encode("idna")
            assert target.webhook.key is not None  # noqa: S101 - `read_webhook` gives it one
            sender = WebhookPush(Hook(target.webhook.name, target.webhook.key, tls), console)
        workers.append(PushWorker(database, target.name, sender))
    return workers
