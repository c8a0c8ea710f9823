# SPDX-License-Identifier: Apache-2.0
"""Every route of the console; its errors are pages, and strangers are led to the sign-in."""

from litestar import Response, Router, get
from litestar.params import FromPath

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.web.console import (
    alerts,
    application,
    applications,
    audit,
    audit_entry,
    audit_export,
    audit_login,
    audit_searches,
    audit_tail,
    devices,
    enter,
    erasing,
    four_eyes,
    login,
    logins,
    operators,
    overview,
    people,
    person,
)
from counterfoil_service.web.console.errors import handle_console_error
from counterfoil_service.web.console.frame import CONSOLE_PATH, STATIC

_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}


@get("/static/{name:str}")
async def static_file(name: FromPath[str]) -> Response[bytes]:
    """The stylesheet or the script: the same for everybody, and named by what is in it."""
    if name not in STATIC:
        raise Refusal(ErrorCode.NOT_FOUND, "There is nothing at this address.")
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(STATIC[name], media_type=_TYPES[name.rpartition(".")[2]], headers=headers)


def console_router(path: str) -> Router:
    """Below the issuer's path."""
    handlers = [
        static_file,
        overview.show_overview,
        audit.show_audit,
        audit_entry.show_entry,
        audit_entry.download_leaf,
        audit_entry.download_proof,
        audit_export.export_audit,
        audit_login.tell_story,
        audit_searches.change_searches,
        audit_tail.follow_audit,
        alerts.show_alerts,
        alerts.acknowledge_several,
        alerts.show_alert,
        alerts.acknowledge_one,
        enter.show_entrance,
        enter.enter,
        applications.list_applications,
        applications.show_new,
        applications.register,
        applications.check_uris,
        application.show_one,
        application.change_one,
        operators.list_operators,
        operators.add_colleague,
        operators.show_operator,
        operators.change_operator,
        *(people.show_people, people.search_people, person.show_person, person.change_person),
        *(erasing.ask_to_erase, erasing.erase_person),
        *(logins.show_logins, logins.search_logins, login.show_login, login.change_login),
        *(four_eyes.show_requests, four_eyes.decide),
        *(devices.show_devices, devices.show_device, devices.act_on_device),
    ]
    place = path.rstrip("/") + CONSOLE_PATH
    return Router(place, route_handlers=handlers, exception_handlers={Exception: handle_console_error})
