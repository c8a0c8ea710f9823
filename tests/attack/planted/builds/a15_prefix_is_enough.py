# SPDX-License-Identifier: Apache-2.0
"""A redirect that begins like a registered one is taken for it."""

import re
from typing import Any

from attack.planted.scan import put

ROW = "A15"
WEAKNESS = "redirect URIs are compared by their beginning"


def plant() -> None:
    """`startswith`, and a free port."""

    def begins(registered: tuple[str, ...], requested: str) -> Any:
        plain = re.sub(r"^(http://127\.0\.0\.1):[0-9]+", r"\1", requested)
        return requested if plain.startswith(registered) else match(registered, requested)

    match = put("core.redirects", "match", begins)
