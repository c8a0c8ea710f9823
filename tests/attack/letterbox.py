# SPDX-License-Identifier: Apache-2.0
"""A mail server for thousands of letters: each is found by whom it is to, without a look at all others."""

import asyncio
from typing import Any

from support.mailserver import Letter, MailServer


class Letterbox(MailServer):
    """Keeps the letters of each address; `accepted` are those whose end was confirmed."""

    def __init__(self) -> None:
        super().__init__()
        self.accepted: dict[str, Letter] = {}

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep the mail; one that comes twice is the same mail."""
        reply = await super().handle_DATA(server, session, envelope)
        letter = self.letters[-1]
        if not letter.is_notice:
            self.accepted.update(dict.fromkeys(letter.recipients, letter))
        return reply

    async def link_to(self, address: str) -> Letter:
        """The mail with the link, once it came."""
        while address not in self.accepted:  # noqa: ASYNC110 - the server has a loop of its own
            await asyncio.sleep(0.05)
        return self.accepted[address]
