# SPDX-License-Identifier: Apache-2.0
"""When to try again what did not work."""

import re
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Final

from counterfoil_service.core.login import SECOND

_DELAY_SECONDS: Final = re.compile(r"[0-9]{1,10}")


def backoff(attempts: int, *, first: int, last: int, entropy: Callable[[int], bytes]) -> int:
    """Microseconds to wait after so many attempts, at least one: `first` seconds doubled each time, `last` at most.

    The upper half of it is drawn from `entropy`, so that many senders do not return to a sick server at once.
    """
    doublings = min(attempts - 1, last.bit_length())
    ceiling = min(first << doublings, last) * SECOND
    return ceiling // 2 + int.from_bytes(entropy(4), "big") * (ceiling // 2) // 2**32


def retry_after(text: str, now: int) -> int | None:
    """Microseconds until the time that a Retry-After header names (RFC 9110 §10.2.3), 0 for one that is past.

    None for what is neither seconds nor a date; `now` in microseconds UTC.
    """
    if _DELAY_SECONDS.fullmatch(text):
        return int(text) * SECOND
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        return None
    return max(0, round(moment.timestamp()) * SECOND - now)
