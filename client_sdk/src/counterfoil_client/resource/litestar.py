# SPDX-License-Identifier: Apache-2.0
"""Litestar: a guard that checks token, proof and scopes, and a dependency that hands the caller to a handler.

Answers renew no nonce here, as a guard sees none: `ProtectedApp` around the application does.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, cast

from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.handlers.base import BaseRouteHandler
from litestar.types import Scope

from counterfoil_client.resource import _admission
from counterfoil_client.resource.caller import Caller, Needs
from counterfoil_client.resource.caller import needs as asking
from counterfoil_client.resource.refusals import NotAuthorized
from counterfoil_client.resource.server import ResourceServer

__all__ = ["Guard", "guard", "provide_caller"]

Guard: TypeAlias = Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], Awaitable[None]]


def guard(resource: ResourceServer, *scopes: str, max_age: int | None = None) -> Guard:
    """A guard for an application, a router or a handler: `guards=[guard(resource, "notes:read")]`.

    Several in a row check one request once. WebSockets are refused.
    """
    asked = asking(*scopes, max_age=max_age)

    async def check(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        del handler
        await _check(resource, cast("_admission.Scope", connection.scope), asked)

    return check


async def _check(resource: ResourceServer, scope: _admission.Scope, needs: Needs) -> None:
    if scope["type"] != "http":
        raise HTTPException(status_code=403, detail="Only HTTP requests can carry a proof.")
    try:
        await _admission.admit(resource, scope, needs)
    except NotAuthorized as refusal:
        raise HTTPException(
            status_code=refusal.status, detail=refusal.description, headers=refusal.headers, extra=refusal.body
        ) from None


def _caller(scope: Scope) -> Caller:
    return _admission.caller_of(cast("_admission.Scope", scope))


provide_caller = Provide(_caller, sync_to_thread=False)
"""`dependencies={"caller": provide_caller}` gives a guarded handler its `caller: NamedDependency[Caller]`."""
