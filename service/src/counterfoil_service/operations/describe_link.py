# SPDX-License-Identifier: Apache-2.0
"""What the link page may say of a login. Reads alone: a GET changes nothing [R18]."""

from typing import Literal

import msgspec

from counterfoil_service.core.application import Application
from counterfoil_service.core.evidence import Band, compare, decoded
from counterfoil_service.core.login import State, current_state
from counterfoil_service.core.look import Look, look_of
from counterfoil_service.core.words import N_
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db import applications, devices, logins
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.operations.admit_device import key_id_of

Standing = Literal["new", "known", "changed"]
"""Whether the device that asks has signed this person in before; `changed`: its key has, from another machine."""


STANDINGS: dict[Standing, str] = {
    "known": N_("This device has signed in before."),
    "changed": N_("This device has signed in before, but it may be another computer now."),
    "new": N_("This device has not signed in before."),
}
"""The same words on the page and in the mail."""


class LinkView(msgspec.Struct, frozen=True):
    """A login whose link may still be used. Times are microseconds UTC."""

    login: logins.Login
    application_name: str
    same_device_only: bool
    standing: Standing
    look: Look


async def describe_link(tx: ReadTransaction, secret: str, now: int) -> LinkView | None:
    """The login behind a link secret while it is pending or approved; None for everything else, whatever the reason."""
    login = await logins.by_link(tx, digest(secret))
    if login is None or current_state(login.state, login.expires_at, now) not in {State.PENDING, State.APPROVED}:
        return None
    application, standing = await who_asks(tx, login)
    if application is None:
        return None
    return LinkView(login, application.name, application.same_device_only, standing, look_of(application))


async def who_asks(tx: ReadTransaction, login: logins.Login) -> tuple[Application | None, Standing]:
    """The application, and how its device stands to the person."""
    queries, key_id = [applications.asking(login.application_id)], key_id_of(login)
    if key_id is not None:
        queries.append(devices.asking(login.mailbox, login.application_id, key_id))
    registered, *known = await tx.gather(*queries)
    application = applications.found(login.application_id, registered)
    return application, _standing(devices.device_of(known[0]) if known else None, login)


def _standing(device: devices.Device | None, login: logins.Login) -> Standing:
    """By its key; where that is known, the fingerprint tells of a copied key, a cloned image or a moved disk."""
    if device is None or device.state != "known":
        return "new"
    compared = compare(decoded(device.fingerprint), decoded(login.fingerprint))
    return "known" if compared.band is Band.NORMAL else "changed"
