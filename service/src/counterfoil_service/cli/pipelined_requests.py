# SPDX-License-Identifier: Apache-2.0
"""Requests that come before the one ahead of them is answered: all of them are told when their connection ends."""

from typing import Any

from counterfoil_service.cli.bounded_requests import BoundedHttpTools


class PipelinedHttpTools(BoundedHttpTools):
    """uvicorn's protocol, which tells only the newest request of a connection that the connection is gone.

    An earlier one, still being answered to a client that asks on and does not read, would write into nothing.
    """

    _answering: Any = None

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:  # noqa: ANN401 - uvicorn's own
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the one that is being answered, too."""
        if self._answering is not None:
            self._answering.disconnected = True
        super().connection_lost(exc)
