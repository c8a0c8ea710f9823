# SPDX-License-Identifier: Apache-2.0
"""No form of ours is sent from elsewhere: the origin must speak for us, and a token for the browser's own page."""

import hmac

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.identifiers import base64url
from counterfoil_service.core.words import N_
from counterfoil_service.crypto.keys import keyed
from counterfoil_service.web.browser.cookies import browser_of
from counterfoil_service.web.forms import Form, read_form
from counterfoil_service.web.same_site import CrossSite, refuse_cross_site
from counterfoil_service.web.services import AnyRequest, services_of


class NotOurForm(CrossSite):
    """A 403 with a page."""

    title = N_("This form cannot be used")

    def __init__(self) -> None:
        Refusal.__init__(
            self,
            ErrorCode.INVALID_REQUEST,
            N_(
                "It was not sent by a page that this browser opened here, or the browser keeps no cookies. Allow"
                " cookies for this site, open its page again, and use the buttons there."
            ),
        )


def csrf_token(request: AnyRequest, browser: str) -> str:
    """What every form of this browser carries; it says nothing of the cookie that it was made of."""
    return base64url(keyed(services_of(request).keys.csrf, browser.encode()))


async def read_own_form(request: AnyRequest) -> tuple[Form, str]:
    """The fields of a form that one of our pages in this browser sent, and the browser's cookie; else a 403."""
    try:
        refuse_cross_site(request)
    except CrossSite:
        raise NotOurForm from None
    browser = browser_of(request)
    if browser is None:
        raise NotOurForm
    form = await read_form(request)
    sent = form.get("csrf", at_most=16_384) or ""
    if not hmac.compare_digest(sent.encode(), csrf_token(request, browser).encode()):
        raise NotOurForm
    return form, browser
