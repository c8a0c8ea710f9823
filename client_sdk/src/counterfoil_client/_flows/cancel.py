# SPDX-License-Identifier: Apache-2.0
"""Cancel a login: the service's revocation endpoint, given the device code and a proof of its key."""

from http import HTTPStatus

from counterfoil_client import _replies
from counterfoil_client._effects import Flow
from counterfoil_client._flows.channel import Channel
from counterfoil_client._flows.login import OpenLogin
from counterfoil_client.errors import LoginCancelled


def cancel_login(channel: Channel, login: OpenLogin, *, tries: int = 3) -> Flow[None]:
    """Tell the service, unless the login is over anyway. The body of the answer means nothing (RFC 7009 §2.2)."""
    if login.session is not None or login.ended is not None:
        return
    metadata = yield from channel.discover()
    form = (("client_id", channel.client_id), ("token", login.device_code), ("token_type_hint", "device_code"))
    response = yield from channel.insist(lambda: channel.post(login.key, metadata.revocation_endpoint, form), tries)
    if response.status != HTTPStatus.OK:
        _replies.fail(response, _replies.trouble(response), login.device_code)
    login.ended = LoginCancelled()
