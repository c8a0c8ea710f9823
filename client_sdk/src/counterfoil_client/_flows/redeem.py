# SPDX-License-Identifier: Apache-2.0
"""Redeem the code that a browser carried home (RFC 6749 §4.1.3 with RFC 7636, RFC 9207 and RFC 9449).

A code is sent once, whatever becomes of the answer: a second redemption ends the session that the first one made [R55].
The poll loses nothing by that, for the service lets the same key repeat it when an answer was lost [R44].
"""

from counterfoil_client import _replies
from counterfoil_client._effects import Flow, Unreachable
from counterfoil_client._flows.cancel import revoke_unclaimed
from counterfoil_client._flows.channel import Channel
from counterfoil_client._flows.granted import opened_session
from counterfoil_client._flows.login import OpenLogin
from counterfoil_client._redirect import WayHome
from counterfoil_client._replies import NotNow
from counterfoil_client._wire import TokenGranted
from counterfoil_client.errors import ConfigurationError, LoginDenied

_STILL_OPEN = frozenset({"invalid_grant", "expired_token"})


def redeem_code(channel: Channel, login: OpenLogin, url: str) -> Flow[bool]:
    """Take the URL that came home; True when there is a session now. A URL that is not this login's answer raises.

    An error in it other than `access_denied` decides nothing: the poll hears the same from the service itself.
    """
    home = login.way_home
    if home is None:
        raise ConfigurationError("this sign-in was started without redirect, so no URL can be its answer")
    carried = home.read(url)
    if login.session is not None:
        return True
    login.check_open()
    if carried.error == "access_denied":
        login.end(LoginDenied())
    if carried.code is None or not home.begin(carried.code):
        return False
    sure = False
    try:
        sure = yield from _redeem(channel, login, home, carried.code)
        if login.cancelling:
            yield from revoke_unclaimed(channel, login, tries=1)
    finally:
        home.settle(carried.code, sure=sure)
    return login.session is not None


def _redeem(channel: Channel, login: OpenLogin, home: WayHome, code: str) -> Flow[bool]:
    """Send the code; False when nobody can say what became of it."""
    metadata = yield from channel.discover()
    form = (
        ("grant_type", "authorization_code"),
        ("client_id", channel.client_id),
        ("code", code),
        ("redirect_uri", home.redirect_uri),
        ("code_verifier", home.verifier),
        *login.fingerprint_form(),
    )
    try:
        response = yield from channel.post(login.key, metadata.token_endpoint, form)
    except Unreachable:
        return False
    found = _replies.read(response, TokenGranted)
    if isinstance(found, TokenGranted):
        session = opened_session(channel, login.key, found)
        # A poll that was repeated meanwhile has newer tokens, which replaced these.
        login.session = session if login.session is None else login.session
    elif isinstance(found, NotNow):
        return False
    elif found.error == "access_denied":
        login.deny(found.reason)
    elif found.error not in _STILL_OPEN:
        _replies.fail(response, found, code, home.verifier, login.device_code)
    return True
