# SPDX-License-Identifier: Apache-2.0
"""What a token answer becomes: the first pair of a new session, or the next one of a session that goes on."""

from datetime import timedelta

from counterfoil_client._flows.channel import Channel
from counterfoil_client._session_state import SessionState
from counterfoil_client._wire import TokenGranted
from counterfoil_client.errors import UnexpectedResponse
from counterfoil_client.session import Session
from counterfoil_client.stores import DeviceKey, StoredSession

_AHEAD = 30.0
_SHARE = 0.1


def opened_session(channel: Channel, key: DeviceKey, granted: TokenGranted) -> Session:
    """Return the new session, kept fresh by the client of this channel."""
    return Session(SessionState(pair(channel, granted, 0), key), channel.keeper)


def next_pair(channel: Channel, held: StoredSession, granted: TokenGranted) -> StoredSession:
    """Return the pair that follows `held`; an answer about another session is none. Silence keeps the old token."""
    if (granted.session_id, granted.sub) != (held.session_id, held.subject):
        raise UnexpectedResponse("The service gave tokens of another session.")
    return pair(channel, granted, held.generation + 1, held.refresh_token)


def pair(channel: Channel, granted: TokenGranted, generation: int, refresh_token: str | None = None) -> StoredSession:
    """Turn an answer into a pair, unless its token would work without the key [R69]."""
    if granted.token_type.lower() != "dpop":
        raise UnexpectedResponse("The service gave a token that is not bound to this device's key.")
    now = channel.surroundings.now()
    return StoredSession(
        access_token=granted.access_token,
        refresh_token=granted.refresh_token or refresh_token,
        subject=granted.sub,
        expires_at=now + timedelta(seconds=granted.expires_in),
        refresh_at=now + timedelta(seconds=granted.expires_in - min(_AHEAD, granted.expires_in * _SHARE)),
        scope=granted.scope,
        session_id=granted.session_id,
        generation=generation,
    )
