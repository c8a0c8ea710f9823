# SPDX-License-Identifier: Apache-2.0
"""What the handlers share: made once by the composition root, found through the request's application."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from litestar import Request

from counterfoil_service.crypto.keys import Keys
from counterfoil_service.crypto.nonces import Nonces
from counterfoil_service.db.engine import Clock, Database
from counterfoil_service.limiting.limiter import Limiter
from counterfoil_service.limiting.shared import Shared
from counterfoil_service.settings import Settings
from counterfoil_service.waiting import Hub
from counterfoil_service.web.known_applications import KnownApplications
from counterfoil_service.web.mail_codes import MailCodes
from counterfoil_service.web.mail_hooks.hooks import MailHooks
from counterfoil_service.web.open_streams import OpenStreams
from counterfoil_service.web.pace import Paces
from counterfoil_service.web.pages import Pages
from counterfoil_service.web.places import Places
from counterfoil_service.web.secret_checks import SecretChecks
from counterfoil_service.web.signers import Signers

AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """`wake_mail` tells this process's outbox worker that a row is due; other replicas look by themselves.

    `mail_circuits` are the mail providers by name, each with whether this process leaves it alone for now.
    """

    settings: Settings
    clock: Clock
    database: Database
    applications: KnownApplications
    keys: Keys
    hub: Hub
    nonces: Nonces
    shared: Shared
    limiter: Limiter
    paces: Paces
    signers: Signers
    secret_checks: SecretChecks
    mail_codes: MailCodes
    mail_hooks: MailHooks
    places: Places
    pages: Pages
    wake_mail: Callable[[], None]
    mail_circuits: Callable[[], Sequence[tuple[str, bool]]]
    open_streams: OpenStreams = field(default_factory=OpenStreams)


def services_of(request: AnyRequest) -> Services:
    """The services of the application that serves this request."""
    services: Services = request.app.state.services
    return services
