# SPDX-License-Identifier: Apache-2.0
"""JSON lines: each line, without its LF, is byte for byte what was hashed, so the export is itself the evidence."""

from counterfoil_service.core.exports.exported import Exported
from counterfoil_service.core.leaf import leaf_bytes


def jsonl(exported: Exported) -> str:
    """One canonical leaf, to be written as UTF-8. Personal fields stay sealed: they are no part of what was hashed.

    A line ends at LF alone. Programs that also end lines at U+2028 or U+0085 split a leaf that holds one.
    """
    return leaf_bytes(exported.leaf).decode()
