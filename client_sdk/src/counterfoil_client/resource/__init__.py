# SPDX-License-Identifier: Apache-2.0
"""For APIs: who sent this request? Access token, proof of possession and replay, checked with any framework or none.

`ResourceServer` is the whole of it. `verify` is the decision alone, without network and clock. Adapters import their
framework and live apart: `resource.asgi`, `resource.litestar`, `resource.fastapi`.
"""

from counterfoil_client.resource._keyset import read_key_set
from counterfoil_client.resource.caller import Caller, Needs, needs
from counterfoil_client.resource.introspection import Introspection
from counterfoil_client.resource.refusals import NotAuthorized
from counterfoil_client.resource.replay import LocalReplayMemory, Nonces, ReplayMemory, ReplayMemoryFull
from counterfoil_client.resource.server import ResourceServer
from counterfoil_client.resource.verify import Rules, verify

__all__ = [
    "Caller",
    "Introspection",
    "LocalReplayMemory",
    "Needs",
    "Nonces",
    "NotAuthorized",
    "ReplayMemory",
    "ReplayMemoryFull",
    "ResourceServer",
    "Rules",
    "needs",
    "read_key_set",
    "verify",
]
