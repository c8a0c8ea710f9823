# SPDX-License-Identifier: Apache-2.0
"""The audit log's entries as they were hashed."""

from counterfoil_service.core.leaf import leaf_bytes
from counterfoil_service.db.log import Entry


def bytes_of(entry: Entry) -> bytes:
    """The canonical leaf."""
    assert entry.leaf is not None
    return leaf_bytes(entry.leaf)
