# SPDX-License-Identifier: Apache-2.0
"""How long to keep away from a service in trouble: exponential, with jitter, never longer than half a minute [R15]."""

_LONGEST = 30.0


def backoff(failures: int, jitter: float) -> float:
    """Seconds after this many failures in a row: between half and the whole of 1, 2, 4 … 30."""
    return min(_LONGEST, 2.0 ** min(failures - 1, 10)) * (0.5 + jitter / 2)
