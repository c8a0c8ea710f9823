# SPDX-License-Identifier: Apache-2.0
"""`/console/devices`: what people sign in with, the newest first; and one of them, with what differed about it."""

from typing import ClassVar, Final

from litestar import Response, post, route
from litestar.enums import HttpMethod
from litestar.params import FromPath

from counterfoil_service.core.application import OWN, Application
from counterfoil_service.core.device_words import ATTRIBUTE_WORDS, Finding, finding_of, followed_words
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.evidence import decoded
from counterfoil_service.core.identifiers import is_ulid
from counterfoil_service.db.device_pages import ShownDevice, device_page
from counterfoil_service.operations.describe_device import DeviceView, describe_device
from counterfoil_service.web.browser.query import Query
from counterfoil_service.web.console.access import Visitor, admit, read_form_of, view
from counterfoil_service.web.console.cursors import cursor_of
from counterfoil_service.web.console.done import done_of, go_back
from counterfoil_service.web.console.frame import ConsolePage, show
from counterfoil_service.web.console.person import OVER, change_device
from counterfoil_service.web.services import AnyRequest, services_of

DEVICES_PATH: Final = "/console/devices"
AT_ONCE: Final = 50

_DONE: Final = {
    "forgotten": "The device was forgotten, and its sessions ended.",
    "enrolled": "The device is known from now on: its next sign-in succeeds.",
    "gone": "Nothing was changed: this device had been forgotten already.",
}


class DeviceListPage(ConsolePage, frozen=True, kw_only=True):
    """`differing`: those alone that look like others now."""

    template = "devices.html"
    section = "/devices"
    own: ClassVar[Application] = OWN
    differing: bool
    devices: list[ShownDevice]
    following: str | None


class DevicePage(ConsolePage, frozen=True, kw_only=True):
    """`told` is how it differs now; `found` how it did when that was last noticed, and `followed` what came of it."""

    template = "device.html"
    section = "/devices"
    own: ClassVar[Application] = OWN
    seen: DeviceView
    told: Finding | None
    found: Finding | None
    followed: str
    known: list[str]
    unknown: list[str]


@route("/devices", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def show_devices(request: AnyRequest) -> Response[str]:
    """All, or those that differ now."""
    visitor = await admit(request)
    query = Query(request.scope["query_string"])
    cursor = cursor_of(query)
    await view(request, visitor, "devices")
    differing = query.get("show") == "differing"
    found = await services_of(request).database.read(device_page, "differing" if differing else "all", cursor, AT_ONCE)
    shown = "show=differing&" if differing else ""
    following = None if found.following is None else f"?{shown}after={found.following.text()}"
    page = DeviceListPage(title="Devices", differing=differing, devices=found.devices, following=following)
    return await show(request, visitor, page, message=done_of(request, _DONE))


@route("/devices/{device_id:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def show_device(request: AnyRequest, device_id: FromPath[str]) -> Response[str]:
    """One of them."""
    visitor = await admit(request)
    return await show(request, visitor, await _page(request, visitor, device_id), message=done_of(request, _DONE))


@post("/devices/{device_id:str}", status_code=200)
async def act_on_device(request: AnyRequest, device_id: FromPath[str]) -> Response[str]:
    """Forget it, or let it in; what somebody else was faster with is said in the page."""
    form, visitor = await read_form_of(request)
    action, here = form.required("action", at_most=64), f"{DEVICES_PATH}/{device_id}"
    if not is_ulid(device_id):
        raise _no_device()
    try:
        done = await change_device(request, visitor, action, device_id, here)
    except Refusal as refusal:
        if refusal.code is not ErrorCode.INVALID_REQUEST or action not in OVER:
            raise
        if await _find(request, device_id) is None:
            return go_back(request, DEVICES_PATH, "gone")
        return await show(request, visitor, await _page(request, visitor, device_id), 422, OVER[action])
    return go_back(request, DEVICES_PATH if done == "forgotten" else here, done)


async def _find(request: AnyRequest, device_id: str) -> DeviceView | None:
    database = services_of(request).database
    return await database.read(describe_device, device_id, database.context()) if is_ulid(device_id) else None


async def _page(request: AnyRequest, visitor: Visitor, device_id: str) -> DevicePage:
    seen = await _find(request, device_id)
    if seen is None:
        raise _no_device()
    device, change = seen.shown.device, seen.change
    await view(request, visitor, "devices", subject=device.user_id, device=device.id)
    evidence = decoded(device.fingerprint)
    names = evidence.attributes if evidence is not None else {}
    return DevicePage(
        title="Device",
        seen=seen,
        told=None if device.told is None else finding_of(device.told),
        found=None if change is None else Finding.of_event(change.event),
        followed="" if change is None else followed_words(change.event),
        known=[words for name, words in ATTRIBUTE_WORDS.items() if name in names],
        unknown=[words for name, words in ATTRIBUTE_WORDS.items() if name not in names],
    )


def _no_device() -> Refusal:
    return Refusal(ErrorCode.NOT_FOUND, "No device has this id: perhaps it was forgotten.")
