# SPDX-License-Identifier: Apache-2.0
"""A person's own sessions and devices, for programs: list them, end one, enrol or forget one (protocol.md §6) [R87]."""

import msgspec
from litestar import Response, delete, post, route
from litestar.enums import HttpMethod
from litestar.params import FromPath

from counterfoil_service.core.application import OWN, OWN_ID
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.session import Limits, ended_by, ends_at
from counterfoil_service.db import devices, sessions
from counterfoil_service.db.devices import Device
from counterfoil_service.db.sessions import Listed
from counterfoil_service.operations.change_own_device import ChangeOwnDevice, DeviceAction, change_own_device
from counterfoil_service.operations.end_session import EndSession, end_session
from counterfoil_service.web.forms import Form, read_form
from counterfoil_service.web.limits import refusals_counted
from counterfoil_service.web.resources import Holder, holder_of
from counterfoil_service.web.services import AnyRequest, services_of
from counterfoil_service.web.wire import OwnDevice, OwnSession, moment

SESSIONS_PATH = "/me/sessions"
DEVICES_PATH = "/me/devices"
_READ = [HttpMethod.GET, HttpMethod.HEAD]


@route(SESSIONS_PATH, http_method=_READ)
async def list_sessions(request: AnyRequest) -> Response[bytes]:
    """Every living session of the person, at any application, last used first."""
    services = services_of(request)
    async with refusals_counted(request):
        holder = await holder_of(request, SESSIONS_PATH)
    limits, now = services.settings.session_limits, services.clock()
    living = [
        listed
        for listed in await services.database.read(sessions.living, holder.user.id)
        if ended_by(
            created_at=listed.session.created_at, last_used_at=listed.session.last_used_at, limits=limits, now=now
        )
        is None
    ]
    return _json({"sessions": [_own_session(listed, holder, limits) for listed in living]})


@delete(SESSIONS_PATH + "/{session_id:str}", status_code=204)
async def delete_session(request: AnyRequest, session_id: FromPath[str]) -> None:
    """End one; any other than the caller's own needs a fresh sign-in."""
    async with refusals_counted(request):
        holder = await holder_of(request, f"{SESSIONS_PATH}/{session_id}")
        await services_of(request).database.write(end_session, EndSession(session_id, holder.session, holder.proof))


@route(DEVICES_PATH, http_method=_READ)
async def list_devices(request: AnyRequest) -> Response[bytes]:
    """Every device of the person, those that wait to be enrolled among them, last seen first."""
    async with refusals_counted(request):
        holder = await holder_of(request, DEVICES_PATH)
    found = await services_of(request).database.read(devices.of_user, holder.user.id)
    return _json({"devices": [_own_device(device, holder) for device in found]})


@post(DEVICES_PATH + "/{device_id:str}", status_code=204)
async def change_device(request: AnyRequest, device_id: FromPath[str]) -> None:
    """Enrol a waiting device from a known one of the same application, or forget any; needs a fresh sign-in."""
    async with refusals_counted(request):
        holder = await holder_of(request, f"{DEVICES_PATH}/{device_id}")
        command = ChangeOwnDevice(device_id, _action(await read_form(request)), holder.session, holder.proof)
        await services_of(request).database.write(change_own_device, command)


def _action(form: Form) -> DeviceAction:
    match form.required("action"):
        case "enrol":
            return "enrol"
        case "forget":
            return "forget"
        case _:
            raise Refusal(ErrorCode.INVALID_REQUEST, "action: enrol or forget")


def _own_session(listed: Listed, holder: Holder, limits: Limits) -> OwnSession:
    session = listed.session
    ends = ends_at(created_at=session.created_at, last_used_at=session.last_used_at, limits=limits)
    return OwnSession(
        id=session.id,
        client_id=session.application_id,
        application=OWN.name if session.application_id == OWN_ID else listed.application_name,
        device_label=listed.device_label,
        created_at=moment(session.created_at),
        last_used_at=moment(session.last_used_at),
        expires_at=moment(ends),
        auth_time=moment(session.auth_time),
        current=session.id == holder.session.id,
    )


def _own_device(device: Device, holder: Holder) -> OwnDevice:
    return OwnDevice(
        id=device.id,
        client_id=device.application_id,
        label=device.label,
        state=device.state,
        first_seen_at=moment(device.first_seen_at),
        last_seen_at=moment(device.last_seen_at),
        current=device.id == holder.session.device_id,
    )


def _json(value: dict[str, list[OwnSession]] | dict[str, list[OwnDevice]]) -> Response[bytes]:
    return Response(msgspec.json.encode(value), media_type="application/json")
