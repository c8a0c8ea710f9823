# SPDX-License-Identifier: Apache-2.0
"""The database holds links, device codes and tokens as they are."""

ROW = "A10"
WEAKNESS = "secrets are stored as they are, not as hashes"


def plant() -> None:
    """The hash is the text."""
    from attack.planted.scan import everywhere
    from counterfoil_service.crypto import keys

    everywhere(keys.digest, lambda secret: secret.encode())
