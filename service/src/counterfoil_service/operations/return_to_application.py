# SPDX-License-Identifier: Apache-2.0
"""A browser that is signed in here goes on to an application at once: a code, without another mail."""

import msgspec

from counterfoil_service.core import application as rules
from counterfoil_service.core import destination as destinations
from counterfoil_service.core.destination import Destination
from counterfoil_service.db import applications, logins
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.admit_device import Admission, admit_device
from counterfoil_service.operations.describe_person import Person, describe_person
from counterfoil_service.operations.mint_code import MintCode, mint_code


class ReturnToApplication(msgspec.Struct, frozen=True):
    """`session_id` is the browser's at our own pages; that the sign-in is fresh enough was checked."""

    session_id: str
    destination: Destination


async def return_to_application(tx: Transaction, command: ReturnToApplication, context: Context) -> str | None:
    """Where the browser goes, the code in it; None when the session ended meanwhile."""
    destination, issuer = command.destination, context.settings.public_url
    person = await describe_person(tx, command.session_id, context.settings.session_limits, context.now)
    application = await applications.get(tx, destination.application_id)
    if person is None or application is None:
        return None
    destinations.check(destination, application, issuer)
    admission = await _admission(tx, application, person, context)
    minting = MintCode(
        session=person.session,
        mailbox=person.user.mailbox,
        device=admission.device,
        destination=destination,
        scope=rules.granted_scope(application, destination.scope),
        audience=rules.granted_audience(application, destination.resource, issuer),
    )
    return await mint_code(tx, minting, context)


async def _admission(tx: Transaction, application: rules.Application, person: Person, context: Context) -> Admission:
    """The device is the browser of the login that the session was born from."""
    login = await logins.get(tx, person.session.login_id)
    if login is None:
        return Admission(None, new=False, refused=False)
    return await admit_device(tx, application, person.user, login, context)
