# SPDX-License-Identifier: Apache-2.0
"""The services to be killed, not started: one on a SQLite file, two replicas on PostgreSQL."""

from pathlib import Path

from journeys.databases import Databases, Engine
from support.mailserver import MailServer
from support.processes import RunningService


def victims(engine: Engine, databases: Databases, folder: Path, mail: MailServer) -> list[RunningService]:
    """All on one fresh database."""
    url = databases.fresh(engine, folder)
    # Sealed as often as may be, so that many die while they seal.
    settings = {"database_url": url, "mail_url": mail.url, "audit_delay": "1"}
    one = RunningService(folder / "one", **settings)
    if engine == "sqlite":
        return [one]
    return [one, RunningService(folder / "two", **settings, public_url=one.public_url)]
