# SPDX-License-Identifier: Apache-2.0
"""A mailbox gets as many mails as anybody asks for."""

from attack.planted.scan import put

ROW = "A13"
WEAKNESS = "mails to a mailbox are not counted"


def plant() -> None:
    """Never over budget."""
    put("operations.start_login", "is_over_budget", lambda *_, **__: False)
