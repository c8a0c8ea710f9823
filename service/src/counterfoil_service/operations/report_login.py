# SPDX-License-Identifier: Apache-2.0
"""The person says "this was not me": the login is denied, what it gave is taken back, an alert is written [R36]."""

from typing import Literal

import msgspec

from counterfoil_service.core.application import OWN_ID
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.login import SECOND, State, Trigger, current_state
from counterfoil_service.core.look import OUR_LOOK, Look, look_of
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db import applications, audit, authorization_codes, devices, login_notes, logins, sessions
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.logins import Login
from counterfoil_service.operations.admit_device import key_id_of
from counterfoil_service.operations.forget_device import ForgetDevice, forget_device
from counterfoil_service.operations.opener import Opener
from counterfoil_service.operations.record_ended_sessions import record_ended_sessions

REPORT_WINDOW = 86_400 * SECOND
"""How long after its creation a login that was denied or collected may still be reported."""

_REASON = "reported"


class ReportLogin(msgspec.Struct, frozen=True):
    """The link secret is the only authority needed: whoever holds it may say no."""

    secret: str
    opener: Opener

    def __repr__(self) -> str:
        return "ReportLogin(***)"


class Reported(msgspec.Struct, frozen=True):
    """What the page may name."""

    application_name: str
    device_label: str | None
    language: str | None
    look: Look


async def report_login(tx: Transaction, command: ReportLogin, context: Context) -> Reported | None:
    """None where there was nothing to report. Said again it is written no more: all was taken back the first time."""
    login = await logins.by_link(tx, digest(command.secret))
    if login is None:
        return None
    denied = await logins.end(tx, login.id, Trigger.REJECT, now=context.now)
    login = await logins.get(tx, login.id) or login
    state = current_state(login.state, login.expires_at, context.now)
    if not denied and not _may_be_reported(login, state, context.now):
        fields = {"trigger": "report", "state": state.value}
        await _record(tx, login, EventName.LOGIN_ILLEGAL_TRANSITION, "failure", command.opener, context, fields)
        return None
    if denied:
        await _record(tx, login, EventName.LOGIN_DENIED, "success", command.opener, context, {})
        await tx.notify(login.id)
    if await login_notes.mark_reported(tx, login.id, now=context.now):
        await _record(tx, login, EventName.LOGIN_REPORTED, "failure", command.opener, context, {})
        await _take_back(tx, login, context)
    application = await applications.get(tx, login.application_id)
    name, look = (application.name, look_of(application)) if application else (login.application_id, OUR_LOOK)
    return Reported(name, login.device_label, login.language, look)


def is_reportable(login: Login, now: int) -> bool:
    """Whether "this was not me" may still be said of it, or be said again."""
    state = current_state(login.state, login.expires_at, now)
    return state in {State.PENDING, State.APPROVED} or _may_be_reported(login, state, now)


async def _take_back(tx: Transaction, login: Login, context: Context) -> None:
    # First the codes: a redemption under way holds its code, and its session is there to be ended once it lets go.
    await authorization_codes.drop_unused(tx, login.id)
    ended = await sessions.end_where(tx, now=context.now, login_id=login.id)
    await record_ended_sessions(tx, ended, context, reason=_REASON, mailbox=login.mailbox)
    await _forget_device(tx, login, context)


async def _forget_device(tx: Transaction, login: Login, context: Context) -> None:
    """Else the link page would say of the next attempt that this device has signed in before."""
    application_id, key_id = login.application_id if login.jkt else OWN_ID, key_id_of(login)
    if login.state is not State.CONSUMED or key_id is None:
        return
    device = devices.device_of(await tx.all(*devices.asking(login.mailbox, application_id, key_id)))
    if device is not None:
        await forget_device(tx, ForgetDevice(device.id, _REASON), context)


def _may_be_reported(login: Login, state: State, now: int) -> bool:
    return state in {State.DENIED, State.CONSUMED} and now < login.created_at + REPORT_WINDOW


async def _record(  # noqa: PLR0913, PLR0917 - one event, spelt out once
    tx: Transaction,
    login: Login,
    name: EventName,
    outcome: Literal["success", "failure"],
    opener: Opener,
    context: Context,
    fields: "dict[str, str]",
) -> None:
    event = AuditEvent(
        name=name,
        outcome=outcome,
        reason="dead_link" if name is EventName.LOGIN_ILLEGAL_TRANSITION else _REASON,
        login_id=login.id,
        application_id=login.application_id,
        jkt=login.jkt,
        fields=fields,
        personal=opener.personal,
    )
    await audit.append(tx, context, event, mailbox=login.mailbox)
