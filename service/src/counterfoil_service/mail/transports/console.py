# SPDX-License-Identifier: Apache-2.0
"""Print the text part: for development alone, as it shows the link."""

import sys
from email.message import EmailMessage


class ConsoleTransport:
    """Satisfies `Transport`."""

    name = "console"

    async def send(self, message: EmailMessage, recipient: str, seconds: float) -> None:  # noqa: ARG002 - it never waits
        """Write to standard output, which is not the log."""
        part = message.get_body(("plain",))
        text = part.get_content() if part is not None else ""
        sys.stdout.write(f"\n--- mail to {recipient}: {message['Subject']}\n{text}\n---\n")
        sys.stdout.flush()
