# SPDX-License-Identifier: Apache-2.0
"""A worker for each sink of the settings."""

import ssl

from counterfoil_service.audit.sinks.sender import Sender
from counterfoil_service.audit.sinks.syslog import SyslogSender
from counterfoil_service.audit.sinks.webhook import WebhookSender
from counterfoil_service.audit.sinks.worker import SinkWorker
from counterfoil_service.db.engine import Database
from counterfoil_service.operations.log_key import log_key
from counterfoil_service.settings import Sink


def sink_workers(database: Database) -> list[SinkWorker]:
    """They verify certificates by the system's CAs, which `SSL_CERT_FILE` replaces.

    A `ValueError` for a sink to which nothing could ever be sent; it shows no URL.
    """
    context = database.context()
    tls = ssl.create_default_context()
    origin = log_key(context.keys, context.settings).name
    return [SinkWorker(database, sink.name, open_sender(sink, origin, tls)) for sink in context.settings.audit_sinks]


def open_sender(sink: Sink, origin: str, tls: ssl.SSLContext) -> Sender:
    """What speaks to this sink; `origin` is the log's name."""
    # A ValueError for a host that no resolver could be asked for.
    sink.host.encode("idna")
    if sink.key is not None:
        return WebhookSender(sink.name, sink.key, origin, tls)
    return SyslogSender(sink.host, sink.port, sink.enterprise, tls if sink.tls else None)
