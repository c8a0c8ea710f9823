# SPDX-License-Identifier: Apache-2.0
"""A click is enough, as in services that ask "was it you?"."""

from types import SimpleNamespace

ROW = "A4"
WEAKNESS = "approving needs no code"


def plant() -> None:
    """What is left empty counts as the right code."""
    from counterfoil_service.operations import approve_login
    from counterfoil_service.web import link_pages

    link_pages.user_code = SimpleNamespace(normalise=lambda _: "BBBBBB")  # type: ignore[assignment]  # that is the weakness
    approve_login.hmac = SimpleNamespace(compare_digest=lambda *_: True)  # type: ignore[assignment]  # as above
