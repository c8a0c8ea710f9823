# SPDX-License-Identifier: Apache-2.0
"""Replace a pair of tokens. A lost answer costs nothing: the same key may ask again with the same refresh token.

The service gives the same successor until that has been used itself, however long it takes: so the old token stays
kept until the new pair is, and a laptop that slept between question and answer stays signed in [R82].
"""

from http import HTTPStatus

from counterfoil_client import _replies
from counterfoil_client._effects import Flow
from counterfoil_client._flows.channel import Channel
from counterfoil_client._flows.granted import next_pair
from counterfoil_client._flows.login import fingerprint_form
from counterfoil_client._replies import NotNow
from counterfoil_client._session_state import SessionState
from counterfoil_client._wire import Refusal, TokenGranted
from counterfoil_client.errors import SessionEnded
from counterfoil_client.stores import StoredSession


def refresh_session(
    channel: Channel, state: SessionState, *, tries: int, fingerprint: str | None = None
) -> Flow[StoredSession]:
    """Return the next pair; `SessionEnded` when the service gives none to this session any more.

    `fingerprint` is the device's as it is now, which may have drifted since the login.
    """
    held = state.held
    if held.refresh_token is None:
        raise SessionEnded
    form = (
        ("grant_type", "refresh_token"),
        ("client_id", channel.client_id),
        ("refresh_token", held.refresh_token),
        *fingerprint_form(fingerprint),
    )
    metadata = yield from channel.discover(tries)
    response = yield from channel.insist(lambda: channel.post(state.key, metadata.token_endpoint, form), tries)
    found = _replies.read(response, TokenGranted)
    if isinstance(found, Refusal) and (response.status, found.error) == (HTTPStatus.BAD_REQUEST, "invalid_grant"):
        raise SessionEnded
    if isinstance(found, Refusal | NotNow):
        _replies.fail(response, found, held.refresh_token, held.access_token)
    return next_pair(channel, held, found)
