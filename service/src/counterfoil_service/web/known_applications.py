# SPDX-License-Identifier: Apache-2.0
"""The registered applications in memory: every call of a device names one, and they hardly ever change.

Of what decides who gets a token the secret alone may change, and whoever removes one ends all its logins and sessions
with it; a request for a link reads the row once more in its own transaction. So one that is remembered too long is
granted nothing; where the notice of a change was lost, its looks, redirects, audiences and secret are as before for ten
seconds.
"""

from counterfoil_service.core.application import Application
from counterfoil_service.core.login import SECOND
from counterfoil_service.db import applications
from counterfoil_service.db.engine import Database

RELOAD_SECONDS = 10
"""They are told of by a notice; where that was lost, read again after so long."""


class KnownApplications:
    """Those that were asked for lately. An id that nobody registered is looked up each time, and never kept."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, tuple[Application, int]] = {}

    async def get(self, application_id: str, now: int) -> Application | None:
        """By its client id."""
        known = self._known.get(application_id)
        if known is not None and 0 <= now - known[1] < RELOAD_SECONDS * SECOND:
            return known[0]
        application = await self._database.read(applications.get, application_id)
        if application is None:
            self._known.pop(application_id, None)
        else:
            self._known[application_id] = (application, now)
        return application

    def forget(self) -> None:
        """Any may have changed."""
        self._known.clear()
