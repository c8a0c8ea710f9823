# SPDX-License-Identifier: Apache-2.0
"""Who watches this process: metrics and traces, each loaded where an operator wants it, and nobody else pays for it."""

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING

from litestar.types import ASGIApp

from counterfoil_service.db.engine import Database
from counterfoil_service.observing import Observer, Observers
from counterfoil_service.settings import Settings
from counterfoil_service.web.gate import REQUEST_ID, Gate
from counterfoil_service.web.services import Services

if TYPE_CHECKING:
    from counterfoil_service.metrics.figures import Figures
    from counterfoil_service.metrics.measuring import Measuring
    from counterfoil_service.tracing.spans import Tracing


class Watching:
    """`observer` is told of everything; `measuring` is None where nobody wants figures.

    `tracing` is from `open_tracing`, which reads OpenTelemetry's own variables: no setting of ours repeats them.
    """

    def __init__(self, settings: Settings, tracing: "Tracing | None" = None) -> None:
        watchers: list[Observer] = []
        self.measuring = _measuring(settings)
        if self.measuring is not None:
            watchers.append(self.measuring.metrics)
        self.tracing = tracing
        if tracing is not None:
            watchers.append(tracing)
        self.observer = Observers(watchers) if watchers else Observer()

    def database(self, database: Database) -> Database:
        """The same, with its calls as steps of traces where there are any."""
        if self.tracing is None:
            return database
        from counterfoil_service.tracing.database import TracedDatabase

        return TracedDatabase(database, self.tracing)

    def around(self, app: ASGIApp) -> ASGIApp:
        """The application as it is served, the outermost layer."""
        gate: ASGIApp = Gate(app, self.observer)
        return gate if self.tracing is None else self.tracing.around(gate, REQUEST_ID)

    async def close(self) -> None:
        """Send what is left."""
        if self.tracing is not None:
            await asyncio.to_thread(self.tracing.close)

    def begin(self, services: Services, routes: Collection[str]) -> "list[Figures]":
        """Once the service is put together: what it may name is known. The workers that look after figures."""
        if self.measuring is None:
            return []
        providers = [name for name, _ in services.mail_circuits()]
        self.measuring.begin(routes, providers)

        def resting() -> int:
            return sum(rests for _, rests in services.mail_circuits())

        return [self.measuring.figures(services.database, services.hub, resting, services.clock)]


def _measuring(settings: Settings) -> "Measuring | None":
    if settings.metrics is None:
        return None
    from counterfoil_service.metrics.measuring import Measuring

    return Measuring()
