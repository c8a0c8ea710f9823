# SPDX-License-Identifier: Apache-2.0
"""Liveness and readiness, for whatever starts and stops this process."""

from litestar import Response, route
from litestar.enums import HttpMethod

from counterfoil_service.db import secrets
from counterfoil_service.db.engine import unavailable
from counterfoil_service.web.services import AnyRequest, services_of


@route("/health/live", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def live() -> Response[bytes]:
    """The process answers."""
    return Response(b'{"status":"live"}', media_type="application/json")


@route("/health/ready", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def ready(request: AnyRequest) -> Response[bytes]:
    """The database answers, and Redis where there is one, and the process is not leaving."""
    services = services_of(request)
    if services.hub.draining:
        raise unavailable()
    await services.database.read(secrets.get, "salt")
    await services.shared.check()
    return Response(b'{"status":"ready"}', media_type="application/json")
