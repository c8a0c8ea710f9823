# SPDX-License-Identifier: Apache-2.0
"""No other site presses our buttons: both headers that browsers send must speak for us [R39]."""

from urllib.parse import urlsplit

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.words import N_
from counterfoil_service.web.services import AnyRequest, services_of

_SAME_SITE = {"same-origin", "none"}
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class CrossSite(Refusal):
    """A 403 with a page."""

    title = N_("This request came from another site")

    def __init__(self) -> None:
        words = N_("Open the link from your mail and use the buttons on that page.")
        super().__init__(ErrorCode.INVALID_REQUEST, words)


def refuse_cross_site(request: AnyRequest) -> None:
    """Both headers, where sent, must say same site; `no-referrer` pages make `Origin` null [R39]."""
    fetch_site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if fetch_site is not None and fetch_site not in _SAME_SITE:
        raise CrossSite
    if origin is not None and origin not in {"null", origin_of(services_of(request).settings.public_url)}:
        raise CrossSite


def origin_of(url: str) -> str:
    """The origin as browsers write it: lower case, without a default port (RFC 6454 §6.2)."""
    parts = urlsplit(url)
    host = parts.netloc.lower()
    return f"{parts.scheme}://{host.removesuffix(_DEFAULT_PORTS[parts.scheme])}"
