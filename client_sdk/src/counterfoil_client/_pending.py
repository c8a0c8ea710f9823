# SPDX-License-Identifier: Apache-2.0
"""What both kinds of pending login show: the same facts from the same place."""

import weakref
from datetime import datetime

from counterfoil_client._flows import Channel, OpenLogin
from counterfoil_client._loopback import Listener, Receive


class PendingFacts:
    """The facts of one open login."""

    def __init__(self, channel: Channel, login: OpenLogin) -> None:
        self._channel = channel
        self._login = login
        self._listener: Listener | None = None

    @property
    def user_code(self) -> str:
        """The code to show: the person types it where the link is opened."""
        return self._login.user_code

    @property
    def login_id(self) -> str:
        """A public reference for support; it carries no authority."""
        return self._login.login_id

    @property
    def expires_at(self) -> datetime:
        """When the login ends by itself: aware, in UTC."""
        return self._login.expires_at

    @property
    def verification_uri(self) -> str:
        """A page that tells the person to check the mail; it holds no secret."""
        return self._login.verification_uri

    def _listen(self, listener: Listener | None, receive: Receive) -> None:
        """Let the browser in, as long as this login is open and somebody holds it."""
        self._listener = listener
        if listener is not None:
            weakref.finalize(self, listener.dismiss)
            listener.serve(receive, self._login.deadline - self._channel.surroundings.monotonic())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.login_id} until {self.expires_at:%H:%M:%S} UTC>"
