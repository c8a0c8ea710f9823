# SPDX-License-Identifier: Apache-2.0
"""Signed posts to receivers that an operator named, as Standard Webhooks 1.0.0 has them."""

import base64
import hmac
from typing import Final

from counterfoil_service.core.login import SECOND
from counterfoil_service.settings.secret import Secret

KEY_PREFIX: Final = "whsec_"


def signed_headers(key: Secret, identifier: str, body: bytes, now: int) -> dict[str, str]:
    """What goes with `body`: its id, which has no full stop in it, the time, and the signature over all three.

    `key` is `whsec_` and base64; `now` is in microseconds UTC.
    """
    seconds = str(now // SECOND)
    secret = base64.b64decode(key.reveal().removeprefix(KEY_PREFIX))
    signature = hmac.digest(secret, f"{identifier}.{seconds}.".encode() + body, "sha256")
    return {
        "webhook-id": identifier,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }
