# SPDX-License-Identifier: Apache-2.0
"""Mails show labels as they come: mail programs make links of them."""

from attack.planted.scan import put

ROW = "A30"
WEAKNESS = "mails show a stranger's words unchanged"


def plant() -> None:
    """Nothing is made harmless."""
    put("mail.render", "harmless", lambda name: name)
