# SPDX-License-Identifier: Apache-2.0
"""What both kinds of pending login show: the same facts from the same place."""

from datetime import datetime

from counterfoil_client._flows import Channel, OpenLogin


class PendingFacts:
    """The facts of one open login."""

    def __init__(self, channel: Channel, login: OpenLogin) -> None:
        self._channel = channel
        self._login = login

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

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.login_id} until {self.expires_at:%H:%M:%S} UTC>"
