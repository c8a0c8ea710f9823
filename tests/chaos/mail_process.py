# SPDX-License-Identifier: Apache-2.0
"""A mail server in a process of its own, which can be killed: it files each link under its address, then says 250."""

import asyncio
import sys
import threading
from pathlib import Path
from typing import Any

from support.mailserver import MailServer

SLOW = "slow"
"""A file beside the letters: so many seconds pass before a mail is taken."""


class Filing(MailServer):
    """`folder` holds a file for each address, with a line for each mail: the link's secret and the Message-ID."""

    def __init__(self, port: int, folder: Path) -> None:
        super().__init__()
        self.port, self._folder = port, folder

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """File the mail; one write is never half done."""
        slow = self._folder.with_name(SLOW)
        if slow.exists():
            await asyncio.sleep(float(slow.read_text("ascii")))
        reply = await super().handle_DATA(server, session, envelope)
        letter = self.letters.pop()
        if not letter.is_notice:
            for address in letter.recipients:
                with (self._folder / address).open("a", encoding="ascii") as file:
                    file.write(f"{letter.secret} {letter.message['Message-ID']}\n")
        return reply


if __name__ == "__main__":
    with Filing(int(sys.argv[1]), Path(sys.argv[2])):
        threading.Event().wait()
