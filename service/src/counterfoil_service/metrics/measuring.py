# SPDX-License-Identifier: Apache-2.0
"""All that a process has for figures, put together."""

import os
from collections.abc import Callable, Collection, Sequence

from prometheus_client import CollectorRegistry, ProcessCollector

from counterfoil_service.db.engine import Clock, Database
from counterfoil_service.metrics.figures import Figures
from counterfoil_service.metrics.prometheus import Metrics
from counterfoil_service.metrics.several import FOLDER_VARIABLE
from counterfoil_service.waiting import Hub


class Measuring:
    """`metrics` counts as soon as it is there; `registry` is what is asked for."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.metrics = Metrics(self.registry)
        if FOLDER_VARIABLE not in os.environ:
            # Of several processes nobody could say whose it is.
            ProcessCollector(registry=self.registry)

    def begin(self, routes: Collection[str], providers: Sequence[str]) -> None:
        """Once all is there that a label may name."""
        self.metrics.begin(routes, providers)

    def figures(self, database: Database, hub: Hub, circuits_open: Callable[[], int], clock: Clock) -> Figures:
        """The worker that looks up how things stand."""
        return Figures(self.registry, database, hub, circuits_open, clock)
