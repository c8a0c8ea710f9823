# SPDX-License-Identifier: Apache-2.0
"""FastAPI: a dependency that checks token, proof and scopes, and is the caller."""

from collections.abc import Awaitable, Callable

from fastapi import HTTPException, Request, Response

from counterfoil_client.resource import _admission
from counterfoil_client.resource.caller import Caller
from counterfoil_client.resource.caller import needs as asking
from counterfoil_client.resource.refusals import NotAuthorized
from counterfoil_client.resource.server import ResourceServer

__all__ = ["needs"]


def needs(
    resource: ResourceServer, *scopes: str, max_age: int | None = None
) -> Callable[[Request, Response], Awaitable[Caller]]:
    """A dependency: `caller: Annotated[Caller, Depends(needs(resource, "notes:read"))]`.

    Several of them check one request once. Answers carry a fresh `DPoP-Nonce` where nonces are required.
    """
    asked = asking(*scopes, max_age=max_age)

    async def check(request: Request, response: Response) -> Caller:
        try:
            caller = await _admission.admit(resource, request.scope, asked)
        except NotAuthorized as refusal:
            raise HTTPException(refusal.status, refusal.body, refusal.headers) from None
        nonce = resource.nonce()
        if nonce is not None:
            response.headers["DPoP-Nonce"] = nonce
        return caller

    return check
