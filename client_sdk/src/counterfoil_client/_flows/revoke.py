# SPDX-License-Identifier: Apache-2.0
"""Sign out: the service's revocation endpoint, given the refresh token and a proof of its key (RFC 7009)."""

from http import HTTPStatus

from counterfoil_client import _replies
from counterfoil_client._effects import Flow
from counterfoil_client._flows.channel import Channel
from counterfoil_client._session_state import SessionState


def revoke_session(channel: Channel, state: SessionState, *, tries: int = 3) -> Flow[None]:
    """End the session at the service. The body of the answer means nothing, and 200 also stands for "unknown"."""
    held = state.held
    token, kind = (
        (held.access_token, "access_token") if held.refresh_token is None else (held.refresh_token, "refresh_token")
    )
    metadata = yield from channel.discover()
    form = (("client_id", channel.client_id), ("token", token), ("token_type_hint", kind))
    response = yield from channel.insist(lambda: channel.post(state.key, metadata.revocation_endpoint, form), tries)
    if response.status != HTTPStatus.OK:
        _replies.fail(response, _replies.trouble(response), token)
