# SPDX-License-Identifier: Apache-2.0
"""The opener of a link as its request shows it."""

import asyncio
from typing import Any

from counterfoil_service.operations.opener import Opener
from counterfoil_service.web.browser.labels import label_of
from counterfoil_service.web.caller import network_of, source_of, user_agent_of
from counterfoil_service.web.services import AnyRequest, services_of

_STATE = "counterfoil_opener"
_FETCH_METADATA = ("sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest")


async def opener_of(request: AnyRequest) -> Opener:
    """What it says of itself and where it is; looked up once a request."""
    state: dict[str, Any] = request.scope["state"]
    if _STATE not in state:
        state[_STATE] = await _looked_up(request)
    opener: Opener = state[_STATE]
    return opener


async def _looked_up(request: AnyRequest) -> Opener:
    source, user_agent = source_of(request), user_agent_of(request)
    return Opener(
        method=request.method,
        source=str(source),
        source_range=network_of(request),
        user_agent=user_agent,
        # In a thread: its first use reads large rules.
        browser=await asyncio.to_thread(label_of, user_agent),
        place=services_of(request).places.place_of(source),
        fetch_metadata=any(name in request.headers for name in _FETCH_METADATA),
    )
