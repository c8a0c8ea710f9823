# SPDX-License-Identifier: Apache-2.0
"""When a pair of tokens is replaced, and what a failure to replace it means. No I/O: both keepers decide by this."""

import contextlib
from collections.abc import Generator
from enum import Enum, auto

from counterfoil_client._pace import backoff
from counterfoil_client._session_state import SessionState
from counterfoil_client._surroundings import Surroundings
from counterfoil_client.errors import (
    CounterfoilError,
    KeyStoreError,
    RateLimited,
    ServiceUnreachable,
    SessionEnded,
)
from counterfoil_client.stores import StoredSession

_YOUNG = 10.0


class Need(Enum):
    """How urgently a pair must be replaced."""

    NONE = auto()
    SOON = auto()
    """The token still works: whatever goes wrong is tried again later."""
    NOW = auto()
    """Nothing works without a new one."""

    @property
    def tries(self) -> int:
        """How often to ask the service while it does not answer."""
        return 3 if self is Need.NOW else 1


def need(state: SessionState, refused: str | None, surroundings: Surroundings) -> Need:
    """Weigh the clock, what a resource said, and how the last tries went; `SessionEnded` once it is over."""
    if state.ended:
        raise SessionEnded
    held, now = state.held, surroundings.now()
    if now >= held.expires_at:
        return Need.NOW
    if held.refresh_token is None:
        return Need.NONE
    if held.access_token == refused:
        return Need.NONE if _is_young(state, surroundings) else Need.NOW
    is_due = now >= held.refresh_at and surroundings.monotonic() >= state.quiet_until
    return Need.SOON if is_due else Need.NONE


def take(state: SessionState, newer: StoredSession, surroundings: Surroundings) -> None:
    """Use this pair from now on."""
    state.held = newer
    state.renewed_at = surroundings.monotonic()


def failed_since(state: SessionState, asked: float) -> bool:
    """Whether somebody else has failed while we waited for a turn; then the service need not hear it from us too."""
    return state.failed_at is not None and state.failed_at > asked


@contextlib.contextmanager
def bearing_failure(state: SessionState, urgency: Need, surroundings: Surroundings) -> Generator[None]:
    """Let a failure pass while the token works, and keep quiet for a while; a store that fails is always told."""
    try:
        yield
    except SessionEnded:
        state.ended = True
        raise
    except KeyStoreError:
        raise
    except CounterfoilError as error:
        state.failures += 1
        state.failed_at = surroundings.monotonic()
        asked_for = error.retry_after if isinstance(error, RateLimited | ServiceUnreachable) else None
        state.quiet_until = state.failed_at + max(backoff(state.failures, surroundings.jitter()), asked_for or 0)
        if urgency is Need.NOW:
            raise
    else:
        state.failures = 0
        state.failed_at = None


def _is_young(state: SessionState, surroundings: Surroundings) -> bool:
    """Whether the token has only just come: a resource that refuses such a one refuses the next one as well."""
    return state.renewed_at is not None and surroundings.monotonic() < state.renewed_at + _YOUNG
