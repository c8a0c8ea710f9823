# SPDX-License-Identifier: Apache-2.0
"""A redirect that begins like a registered one is taken for it."""

ROW = "A15"
WEAKNESS = "redirect URIs are compared by their beginning"


def plant() -> None:
    """`startswith`, and a free port."""
    import re

    from counterfoil_service.core import redirects

    match = redirects.match

    def begins(registered: tuple[str, ...], requested: str) -> str:
        plain = re.sub(r"^(http://127\.0\.0\.1):[0-9]+", r"\1", requested)
        return requested if plain.startswith(registered) else match(registered, requested)

    redirects.match = begins  # type: ignore[assignment]  # that is the weakness
