# SPDX-License-Identifier: Apache-2.0
"""The login behind a device code, for whoever brings what it is bound to: application, key and machine [R61, R103]."""

from typing import Literal

import msgspec

from counterfoil_service.core.application import Application
from counterfoil_service.core.evidence import Evidence
from counterfoil_service.core.polling import invalid_grant
from counterfoil_service.crypto.dpop import Proof
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db import logins
from counterfoil_service.db.logins import Login
from counterfoil_service.operations.bound_to import mismatch_of
from counterfoil_service.operations.refuse_poll import RefusePoll, refuse_poll
from counterfoil_service.web.caller import source_of, user_agent_of
from counterfoil_service.web.limits import charge_alert
from counterfoil_service.web.proofs import required
from counterfoil_service.web.services import AnyRequest, services_of


class Bearer(msgspec.Struct, frozen=True):
    """What a request brings; the application is authenticated and the proof verified."""

    device_code: str
    application: Application
    proof: Proof | None
    evidence: Evidence | None

    def __repr__(self) -> str:
        return f"Bearer(application={self.application.id!r})"


async def bound_login(request: AnyRequest, bearer: Bearer, at: Literal["token", "mail_code"]) -> Login:
    """The login. Another key or machine: refused, nothing changed, an alert written."""
    services = services_of(request)
    login = await services.database.read(logins.by_device_code, digest(bearer.device_code))
    if login is None or login.application_id != bearer.application.id:
        raise invalid_grant()
    if login.jkt is not None:
        required(bearer.proof)
    mismatch = mismatch_of(login, bearer.proof.jkt if bearer.proof else None, bearer.evidence)
    if mismatch is not None:
        await charge_alert(request)
        command = RefusePoll(login, mismatch, at, str(source_of(request)), user_agent_of(request))
        await services.database.write(refuse_poll, command)
        raise invalid_grant()
    return login
