# SPDX-License-Identifier: Apache-2.0
"""The secret that a mailed link is, and its spelling; a device code is made the same way.

One alphabet, one length and one accepted spelling: whatever else arrives is refused before anything is looked up.
"""

import re
from collections.abc import Callable
from typing import Final

from counterfoil_service.core.identifiers import base64url

SECRET_BYTES: Final = 32
"""256 bits of entropy (R25)."""

# 43 letters hold 258 bits; the last letter's two spare bits must be zero, or one secret had four spellings.
_WELL_FORMED: Final = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")


def make(entropy: Callable[[int], bytes]) -> str:
    """A new secret, for a link or a device code: `SECRET_BYTES` from `entropy` as 43 base64url characters."""
    return base64url(entropy(SECRET_BYTES))


def well_formed(text: str) -> bool:
    """Whether `make` could have made this text: exactly 43 characters of canonical base64url."""
    return _WELL_FORMED.fullmatch(text) is not None


def url(issuer: str, secret: str) -> str:
    """The link as mailed: `<issuer>/l/<secret>`, always from the configured issuer and never from a request (R27)."""
    return f"{issuer.removesuffix('/')}/l/{secret}"


def console_url(issuer: str, secret: str) -> str:
    """The one-time link into the console: `<issuer>/console/enter/<secret>`."""
    return f"{issuer.removesuffix('/')}/console/enter/{secret}"


def notice_url(issuer: str, secret: str) -> str:
    """The link of a notice of a new device: `<issuer>/n/<secret>`."""
    return f"{issuer.removesuffix('/')}/n/{secret}"
