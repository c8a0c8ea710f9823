# SPDX-License-Identifier: Apache-2.0
"""One .eml file for each mail: for tests, the demo, and mail servers that take a spool directory."""

import asyncio
import os
import re
from email.message import EmailMessage
from email.policy import SMTPUTF8
from pathlib import Path

from counterfoil_service.mail.transports import TryLater


class FileTransport:
    """Satisfies `Transport`. Files appear whole: written aside, then renamed."""

    name = "file"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def send(self, message: EmailMessage, recipient: str, seconds: float) -> None:  # noqa: ARG002 - it is in the message, and a disk is quick
        """Write `<Message-ID>.eml`, readable by the owner alone."""
        try:
            await asyncio.to_thread(self._write, message)
        except OSError:
            raise TryLater("folder_not_writable") from None

    def _write(self, message: EmailMessage) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = re.sub(r"[^A-Za-z0-9]+", "_", message["Message-ID"]).strip("_")
        aside = self.folder / f".{name}.part"
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(message.as_bytes(policy=SMTPUTF8))
        aside.replace(self.folder / f"{name}.eml")
