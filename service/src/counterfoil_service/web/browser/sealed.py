# SPDX-License-Identifier: Apache-2.0
"""Where a sign-in leads. While the person types an address it travels in the page's form, sealed for this browser.

So the service remembers nothing for whoever only looks, and nobody can slip another browser a request of his own.
"""

import msgspec

from counterfoil_service.core.destination import Destination
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.identifiers import base64url, unbase64url
from counterfoil_service.core.login import SECOND
from counterfoil_service.core.words import N_
from counterfoil_service.crypto.keys import CannotUnseal, framed, seal, unseal
from counterfoil_service.web.services import AnyRequest, services_of

SEALED_SECONDS = 600


class _Sealed(msgspec.Struct, frozen=True):
    """`at` is in microseconds UTC."""

    destination: Destination
    at: int


def seal_destination(request: AnyRequest, destination: Destination, browser: str) -> str:
    """For the form's hidden field."""
    services = services_of(request)
    plain = msgspec.json.encode(_Sealed(destination, services.clock()))
    entropy = services.database.context().entropy
    return base64url(seal(services.keys.seal_request, plain, associated=_place(browser), entropy=entropy))


def open_destination(request: AnyRequest, sealed: str, browser: str) -> Destination:
    """What was sealed for this browser in the last ten minutes; else a Refusal."""
    services = services_of(request)
    try:
        plain = unseal(services.keys.seal_request, unbase64url(sealed), associated=_place(browser))
    except (CannotUnseal, ValueError):
        raise _too_old() from None
    opened = msgspec.json.decode(plain, type=_Sealed)
    if services.clock() >= opened.at + SEALED_SECONDS * SECOND:
        raise _too_old()
    return opened.destination


def _place(browser: str) -> bytes:
    return framed(b"sign-in", browser.encode())


def _too_old() -> Refusal:
    return Refusal(
        ErrorCode.INVALID_REQUEST,
        N_("This sign-in page is too old. Go back to where you wanted to sign in and start again"),
    )
