# SPDX-License-Identifier: Apache-2.0
"""Labels may hold whatever ends a line or turns its direction."""

from attack.planted.scan import put

ROW = "A30"
WEAKNESS = "labels are taken as they come"


def plant() -> None:
    """Nothing is unsafe."""
    put("web.oauth", "has_unsafe_characters", lambda _: False)
