# SPDX-License-Identifier: Apache-2.0
"""Whether Redis answers, and keeps what it is told."""

from typing import Literal
from urllib.parse import urlsplit

from counterfoil_service.core.errors import Refusal
from counterfoil_service.settings.secret import Secret

_KEEPS_ALL = "noeviction"


async def check_redis(url: Secret) -> tuple[Literal["ok", "warning", "error"], str]:
    """A verdict and its text."""
    host = urlsplit(url.reveal()).hostname
    try:
        from counterfoil_service.limiting.redis import Redis
    except ImportError:
        return "error", "install the extra, `counterfoil-service[redis]`"
    redis = Redis(url)
    try:
        await redis.check()
        policy = await redis.policy()
    except Refusal:
        return "error", f"{host} does not answer, and until it does every call is refused; check COUNTERFOIL_REDIS_URL"
    finally:
        await redis.close()
    if policy in {None, _KEEPS_ALL}:
        return "ok", f"{host} answers"
    return "warning", f"{host} forgets when it is full ({policy}), seen proofs too; set maxmemory-policy {_KEEPS_ALL}"
