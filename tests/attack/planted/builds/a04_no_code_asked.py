# SPDX-License-Identifier: Apache-2.0
"""A click is enough, as in services that ask "was it you?"."""

from types import SimpleNamespace

from attack.planted.scan import put

ROW = "A4"
WEAKNESS = "approving needs no code"


def plant() -> None:
    """What is left empty counts as the right code."""
    put("web.link_pages", "user_code", SimpleNamespace(normalise=lambda _: "BBBBBB"))
    put("operations.approve_login", "hmac", SimpleNamespace(compare_digest=lambda *_: True))
