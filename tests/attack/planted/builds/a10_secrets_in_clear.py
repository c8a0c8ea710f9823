# SPDX-License-Identifier: Apache-2.0
"""The database holds links, device codes and tokens as they are."""

from attack.planted.scan import everywhere

ROW = "A10"
WEAKNESS = "secrets are stored as they are, not as hashes"


def plant() -> None:
    """The hash is the text."""
    everywhere("crypto.keys", "digest", lambda secret: secret.encode())
