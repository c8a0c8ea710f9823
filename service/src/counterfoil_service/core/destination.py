# SPDX-License-Identifier: Apache-2.0
"""Where a browser goes once its person is signed in: back to an application with a code, or to a path of our own."""

import msgspec

from counterfoil_service.core import redirects
from counterfoil_service.core.application import OWN_ID, Application, granted_audience, granted_scope
from counterfoil_service.core.errors import ErrorCode, Refusal


class Destination(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """For our own pages `redirect_uri` is a path, and all the rest is absent."""

    application_id: str
    redirect_uri: str
    state: str | None = None
    code_challenge: str | None = None
    code_jkt: str | None = None
    scope: str | None = None
    resource: str | None = None

    def __repr__(self) -> str:
        return f"Destination(application_id={self.application_id!r})"


def own(path: str) -> Destination:
    """A path of our own origin."""
    return Destination(application_id=OWN_ID, redirect_uri=path)


def check(destination: Destination, application: Application, issuer: str) -> None:
    """Refuse what this application may not have by a browser, or nowhere."""
    if application.id == OWN_ID:
        return
    redirects.match(application.redirect_uris, destination.redirect_uri)
    if application.new_devices == "refuse":
        raise Refusal(
            ErrorCode.UNAUTHORIZED_CLIENT,
            "this application takes known devices only, and a browser has no device key: sign in with its own program",
        )
    granted_scope(application, destination.scope)
    granted_audience(application, destination.resource, issuer)
