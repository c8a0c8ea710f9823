# SPDX-License-Identifier: Apache-2.0
"""Ask for a link. Never repeated by itself: a lost answer may have sent a mail, and a second one confuses a person."""

import math
import socket
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus

from counterfoil_client import _replies
from counterfoil_client._effects import Flow
from counterfoil_client._flows.channel import Channel, reached
from counterfoil_client._flows.login import OpenLogin, fingerprint_form
from counterfoil_client._redirect import SECRET_BYTES, WayHome
from counterfoil_client._wire import LoginStarted
from counterfoil_client.errors import ConfigurationError, RateLimited, UnexpectedResponse
from counterfoil_client.stores import DeviceKey

_MAX_LABEL = 64
_MAX_ADDRESS = 320


@dataclass(frozen=True, slots=True)
class LoginWish:
    """What the application asks for; empty values are left out."""

    email: str = field(repr=False)
    device_label: str | None = None
    scope: str | None = None
    resource: str | None = None
    ui_locales: str | None = None

    def form(self, client_id: str) -> tuple[tuple[str, str], ...]:
        """The form fields, checked and in a fixed order."""
        if not 1 <= len(self.email) <= _MAX_ADDRESS or not self.email.isprintable():
            raise ConfigurationError("email must be one line of 1 to 320 printable characters")
        label = socket.gethostname() if self.device_label is None else self.device_label
        optional = {
            "scope": _plain("scope", self.scope),
            "resource": _plain("resource", self.resource),
            "ui_locales": _plain("ui_locales", self.ui_locales),
            "device_label": clean_label(label),
        }
        required = (("client_id", client_id), ("login_hint", self.email))
        return required + tuple((name, value) for name, value in optional.items() if value)


def start_login(
    channel: Channel,
    key: DeviceKey,
    wish: LoginWish,
    redirect_uri: str | None = None,
    fingerprint: str | None = None,
) -> Flow[OpenLogin]:
    """Ask the service to mail a link; return the login it opened, which may come home by `redirect_uri`."""
    form = wish.form(channel.client_id) + fingerprint_form(fingerprint)
    way_home = None if redirect_uri is None else _way_home(channel, redirect_uri)
    form += () if way_home is None else way_home.form()
    metadata = yield from channel.discover()
    _obey(channel)
    response = yield from reached(channel.post(key, metadata.device_authorization_endpoint, form))
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        channel.ask_again_at = channel.surroundings.monotonic() + (_replies.retry_after(response) or 0)
    login = _open(channel, key, _replies.expect(response, LoginStarted))
    login.way_home = way_home
    login.device_fingerprint = fingerprint
    return login


def _obey(channel: Channel) -> None:
    """Ask the service for nothing before the time that it named: it would say the same again."""
    left = channel.ask_again_at - channel.surroundings.monotonic()
    if left > 0:
        raise RateLimited(math.ceil(left))


def clean_label(text: str) -> str:
    """A name that shows on one line as it reads: no control or bidirectional characters, 64 at most."""
    return "".join(character for character in text if character.isprintable()).strip()[:_MAX_LABEL].rstrip()


def _open(channel: Channel, key: DeviceKey, started: LoginStarted) -> OpenLogin:
    if not started.user_code.isprintable() or not started.user_code.strip():
        raise UnexpectedResponse("The service gave a user code that cannot be shown.")
    now = channel.surroundings.monotonic()
    return OpenLogin(
        key=key,
        device_code=started.device_code,
        user_code=started.user_code,
        login_id=started.login_id,
        verification_uri=channel.issuer.own(started.verification_uri, "verification_uri"),
        expires_at=channel.surroundings.now() + timedelta(seconds=started.expires_in),
        deadline=now + started.expires_in,
        next_poll_at=now,
        interval=started.interval,
        poll_wait_max=started.poll_wait_max,
    )


def _way_home(channel: Channel, redirect_uri: str) -> WayHome:
    state, verifier = (channel.surroundings.entropy(SECRET_BYTES) for _ in range(2))
    return WayHome.make(redirect_uri, channel.issuer.text, state, verifier)


def _plain(name: str, value: str | None) -> str | None:
    if value is not None and not (value.isascii() and value.isprintable()):
        raise ConfigurationError(f"{name} must be printable ASCII")
    return value
