# SPDX-License-Identifier: Apache-2.0
"""A browser that asks for a link: it has no key, and is known by a cookie of which hashes alone are stored."""

from itertools import count
from typing import Any

import msgspec

from counterfoil_service.core import user_code
from counterfoil_service.core.destination import Destination
from counterfoil_service.crypto.keys import Keys, digest, keyed


class AskingBrowser(msgspec.Struct, frozen=True):
    """`cookie` is its name of itself."""

    cookie: str
    destination: Destination

    def __repr__(self) -> str:
        return "AskingBrowser(***)"

    @property
    def name(self) -> bytes:
        """What stands for it in the database."""
        return digest(self.cookie)

    @property
    def columns(self) -> dict[str, Any]:
        """Its part of the login's row."""
        destination = self.destination
        return {
            "browser": self.name,
            "redirect_uri": destination.redirect_uri,
            "redirect_state": destination.state,
            "code_challenge": destination.code_challenge,
            "code_jkt": destination.code_jkt,
        }


def browser_user_code(keys: Keys, cookie: str, login_id: str) -> str:
    """The user code of a browser's login: the waiting page can show it again, and nobody without the cookie can."""
    blocks = count()

    def stream(length: int) -> bytes:
        block = next(blocks).to_bytes(8, "big")
        return keyed(keys.browser_code, cookie.encode(), login_id.encode(), block)[:length]

    return user_code.make(stream)
