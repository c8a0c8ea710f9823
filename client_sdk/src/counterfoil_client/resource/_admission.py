# SPDX-License-Identifier: Apache-2.0
"""What the adapters share: from an ASGI scope to a caller, checked once however many of them stand in the way."""

from collections.abc import Iterable, MutableMapping
from typing import Any, TypeAlias, cast
from urllib.parse import quote

from counterfoil_client.errors import ConfigurationError
from counterfoil_client.resource.caller import Caller, Needs
from counterfoil_client.resource.server import ResourceServer

Scope: TypeAlias = MutableMapping[str, Any]
"""An ASGI scope; frameworks name it in their own ways."""

CALLER = "counterfoil"
"""Where a handler finds the caller: `scope["counterfoil"]` and `request.state.counterfoil`."""

_CHECKED_BY = "counterfoil.checked_by"


async def admit(resource: ResourceServer, scope: Scope, needs: Needs | None) -> Caller:
    """Return who sent this request, or raise `NotAuthorized`. A second check of one request asks only what is new."""
    if scope.get(_CHECKED_BY) is resource:
        caller = caller_of(scope)
        resource.demand(caller, needs)
        return caller
    lines = cast("Iterable[tuple[bytes, bytes]]", scope["headers"])
    caller = await resource.acheck(str(scope["method"]), _raw_path(scope), lines, needs=needs)
    scope[CALLER] = caller
    scope[_CHECKED_BY] = resource
    scope.setdefault("state", {})[CALLER] = caller
    return caller


def caller_of(scope: Scope) -> Caller:
    """The caller that an adapter let in; a route that nobody guards has none, which is a fault of that route."""
    caller = scope.get(CALLER)
    if not isinstance(caller, Caller):
        raise ConfigurationError("nothing checked this request: put the middleware or a guard before this route")
    return caller


def _raw_path(scope: Scope) -> str:
    """The path as it came. Without it, the decoded one is written anew, which some servers leave no choice about."""
    raw = scope.get("raw_path")
    if isinstance(raw, bytes):
        return raw.decode("latin-1")
    return quote(str(scope["path"]), safe="/:@!$&'()*+,;=~")
