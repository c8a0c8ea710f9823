# SPDX-License-Identifier: Apache-2.0
"""A browser that is signed in here goes on to an application at once: a code, without another mail."""

import msgspec

from counterfoil_service.core import application as rules
from counterfoil_service.core import destination as destinations
from counterfoil_service.core.destination import Destination
from counterfoil_service.db import applications, logins
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.admit_device import admit_device
from counterfoil_service.operations.describe_person import describe_person
from counterfoil_service.operations.mint_code import MintCode, mint_code


class ReturnToApplication(msgspec.Struct, frozen=True):
    """`session_id` is the browser's at our own pages; that the sign-in is fresh enough was checked."""

    session_id: str
    destination: Destination


async def return_to_application(tx: Transaction, command: ReturnToApplication, context: Context) -> str | None:
    """Where the browser goes, the code in it; None when the session ended meanwhile, or proves no mailbox.

    That is a session without a login, as an operator's one-time link gives: applications are told of mailed links.
    """
    destination, issuer = command.destination, context.settings.public_url
    person = await describe_person(tx, command.session_id, context.settings.session_limits, context.now)
    application = await applications.get(tx, destination.application_id)
    login = None if person is None else await logins.get(tx, person.session.login_id)
    if person is None or login is None or application is None:
        return None
    destinations.check(destination, application, issuer)
    # The device is the browser of the login that the session was born from.
    admission = await admit_device(tx, application, person.user, login, context)
    minting = MintCode(
        session=person.session,
        mailbox=person.user.mailbox,
        device=admission.device,
        destination=destination,
        scope=rules.granted_scope(application, destination.scope),
        audience=rules.granted_audience(application, destination.resource, issuer),
    )
    return await mint_code(tx, minting, context)
