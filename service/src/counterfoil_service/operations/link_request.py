# SPDX-License-Identifier: Apache-2.0
"""A request for a link, and what the application that it names lets it have."""

from collections.abc import Sequence

import msgspec

from counterfoil_service.core import application as rules
from counterfoil_service.core import destination, redirects
from counterfoil_service.core.application import OWN_ID, Application
from counterfoil_service.core.budget import LimitRefusal
from counterfoil_service.core.email_address import EmailAddress
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.evidence import Evidence
from counterfoil_service.core.pkce import WayHome
from counterfoil_service.core.place import NOWHERE, Place
from counterfoil_service.core.polling import needs_fingerprint
from counterfoil_service.crypto.dpop import Proof
from counterfoil_service.crypto.keys import Keys
from counterfoil_service.db import applications
from counterfoil_service.db.engine import Row
from counterfoil_service.operations.asking_browser import AskingBrowser
from counterfoil_service.operations.check_budgets import Asker, asker_of


class StartLogin(msgspec.Struct, frozen=True, kw_only=True):
    """A request for a link, its shape checked, with what the caller cannot say of itself: source and user agent.

    A device comes with a proof, a browser with its cookie.
    """

    application_id: str
    address: EmailAddress
    proof: Proof | None
    scope: str | None
    resource: str | None
    device_label: str | None
    evidence: Evidence | None
    source: str
    source_range: str
    user_agent: str
    way_home: WayHome | None = None
    browser: AskingBrowser | None = None
    place: Place = NOWHERE
    mail_code: tuple[str, str] | None = None
    """The digits to be mailed and their argon2id hash, where the application has them."""
    crowded: LimitRefusal | None = None
    """What the budgets of application and service say; a known device is let in all the same."""
    language: str | None = None
    """One of `core.languages`, of mail and page; None where nobody asked for one of them."""

    def asker(self, keys: Keys) -> Asker:
        """Whose budgets this counts against."""
        jkt, browser = self.proof.jkt if self.proof else None, self.browser.name if self.browser else None
        return asker_of(self.address, self.source_range, jkt, browser, keys)

    @property
    def device_home(self) -> str:
        """The application whose device the caller would be: browsers are known to the service's own pages."""
        return self.application_id if self.browser is None else OWN_ID

    def __repr__(self) -> str:
        return f"StartLogin(application_id={self.application_id!r})"


def granted(command: StartLogin, registered: Sequence[Row], issuer: str) -> tuple[Application, str, str]:
    """The application, and the scope and the audience that it may have."""
    application = _application(command, registered, issuer)
    scope = rules.granted_scope(application, command.scope)
    return application, scope, rules.granted_audience(application, command.resource, issuer)


def _application(command: StartLogin, registered: Sequence[Row], issuer: str) -> Application:
    application = applications.found(command.application_id, registered)
    if application is None:
        raise Refusal(ErrorCode.INVALID_CLIENT, "client_id: no application of this id is registered")
    if command.browser is not None:
        destination.check(command.browser.destination, application, issuer)
        return application
    if command.proof is None and application.dpop == "required":
        raise Refusal(
            ErrorCode.INVALID_DPOP_PROOF, "DPoP: this application must send exactly one proof (RFC 9449, 4.3)"
        )
    if command.evidence is None and application.fingerprint == "required":
        raise needs_fingerprint()
    if application.same_device_only and command.way_home is None:
        raise Refusal(
            ErrorCode.INVALID_REQUEST,
            "redirect_uri: this application signs in on the same device only; send one, with state and code_challenge",
        )
    if command.way_home is not None:
        _check_way_home(application, command.way_home, command.proof)
    return application


def _check_way_home(application: Application, way_home: WayHome, proof: Proof | None) -> None:
    if proof is None:
        raise Refusal(
            ErrorCode.INVALID_REQUEST, "redirect_uri: its code is redeemed with the key that asked; send a DPoP proof"
        )
    redirects.match(application.redirect_uris, way_home.redirect_uri)
