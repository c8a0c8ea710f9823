# SPDX-License-Identifier: Apache-2.0
"""Who watches this process: metrics and traces, each loaded where an operator wants it, and nobody else pays for it."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from counterfoil_service.observing import Observer, Observers
from counterfoil_service.settings import Settings
from counterfoil_service.web.services import Services

if TYPE_CHECKING:
    from counterfoil_service.metrics.figures import Figures
    from counterfoil_service.metrics.measuring import Measuring


class Watching:
    """`observer` is told of everything; `measuring` is None where nobody wants figures."""

    def __init__(self, settings: Settings) -> None:
        watchers: list[Observer] = []
        self.measuring = _measuring(settings)
        if self.measuring is not None:
            watchers.append(self.measuring.metrics)
        self.observer = Observers(watchers) if watchers else Observer()

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
