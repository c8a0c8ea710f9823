# SPDX-License-Identifier: Apache-2.0
"""Several processes of one `serve`: each counts in files of a folder, and the one that started them adds them up."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from typing import Final

from counterfoil_service.settings.parsers import Listening

FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"


@contextlib.contextmanager
def exposed_together(listening: Listening) -> Iterator[Callable[[int], None]]:
    """Answer for all processes that are started within; gives what is to be called with the id of one that has ended.

    What that one counted stays counted; how many polls it held does not.
    """
    with tempfile.TemporaryDirectory(prefix="counterfoil-metrics-") as folder:
        # Before the library is loaded, here and in the workers: it looks once.
        os.environ[FOLDER_VARIABLE] = folder
        from prometheus_client import CollectorRegistry
        from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

        from counterfoil_service.metrics.exposition import exposed

        registry = CollectorRegistry()
        MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]  # the library leaves it untyped
        with exposed(listening, registry):
            yield lambda pid: mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]  # the library leaves it untyped
