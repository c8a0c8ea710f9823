# SPDX-License-Identifier: Apache-2.0
"""What strangers ask for counts against the owner's own devices, too."""

from attack.planted.scan import put

ROW = "A13"
WEAKNESS = "a known device shares the mailbox's budget with strangers"


def plant() -> None:
    """Nobody is known."""
    put("operations.start_login", "_is_known", lambda _: False)
