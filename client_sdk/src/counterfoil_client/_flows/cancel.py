# SPDX-License-Identifier: Apache-2.0
"""Cancel a login: the service's revocation endpoint, given the device code and a proof of its key.

A session that the browser brought and no wait has handed out is revoked in its place: nobody here knows of it.
"""

from http import HTTPStatus

from counterfoil_client import _replies
from counterfoil_client._effects import Flow
from counterfoil_client._flows.channel import Channel
from counterfoil_client._flows.login import OpenLogin
from counterfoil_client._flows.revoke import revoke_session
from counterfoil_client.errors import LoginCancelled
from counterfoil_client.session import state_of


def cancel_login(channel: Channel, login: OpenLogin, *, tries: int = 3) -> Flow[None]:
    """Tell the service, unless the login is over anyway and its session, if any, in the application's hands."""
    if login.ended is not None:
        return
    if login.session is None:
        yield from _withdraw(channel, login, tries)
    # Asked again: a code may have been redeemed while the service was told.
    yield from revoke_unclaimed(channel, login, tries)
    if login.session is None:
        login.ended = LoginCancelled()


def revoke_unclaimed(channel: Channel, login: OpenLogin, tries: int) -> Flow[None]:
    """End the session that came, unless a wait has handed it out."""
    if (session := login.session) is not None and login.claim("cancel"):
        yield from revoke_session(channel, state_of(session), tries=tries)
        login.session = None


def _withdraw(channel: Channel, login: OpenLogin, tries: int) -> Flow[None]:
    """Give the device code back. The body of the answer means nothing (RFC 7009 §2.2)."""
    metadata = yield from channel.discover()
    form = (("client_id", channel.client_id), ("token", login.device_code), ("token_type_hint", "device_code"))
    response = yield from channel.insist(lambda: channel.post(login.key, metadata.revocation_endpoint, form), tries)
    if response.status != HTTPStatus.OK:
        _replies.fail(response, _replies.trouble(response), login.device_code)
    channel.ask_again_at = 0.0  # a login that was given up does not count
