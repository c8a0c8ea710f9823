# SPDX-License-Identifier: Apache-2.0
"""Every route of the console; its errors are pages, and strangers are led to the sign-in."""

from litestar import Response, Router, get
from litestar.params import FromPath

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.web.browser.answers import go_to_path
from counterfoil_service.web.console import devices, erasing, four_eyes, login, logins, overview, people, person
from counterfoil_service.web.console.access import SignInFirst
from counterfoil_service.web.console.frame import CONSOLE_PATH, STATIC
from counterfoil_service.web.page_errors import handle_page_error
from counterfoil_service.web.services import AnyRequest

_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}


@get("/static/{name:str}")
async def static_file(name: FromPath[str]) -> Response[bytes]:
    """The stylesheet or the script: the same for everybody, and named by what is in it."""
    if name not in STATIC:
        raise Refusal(ErrorCode.NOT_FOUND, "There is nothing at this address.")
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(STATIC[name], media_type=_TYPES[name.rpartition(".")[2]], headers=headers)


def handle_console_error(request: AnyRequest, error: Exception) -> Response[str]:
    """A sign-in is no error: it leads back to where somebody wanted to go."""
    if isinstance(error, SignInFirst):
        return go_to_path(request, error.path)
    return handle_page_error(request, error)


def console_router(path: str) -> Router:
    """Below the issuer's path."""
    handlers = [
        static_file,
        overview.show_overview,
        *(people.show_people, people.search_people, person.show_person, person.change_person),
        *(erasing.ask_to_erase, erasing.erase_person),
        *(logins.show_logins, logins.search_logins, login.show_login, login.change_login),
        *(four_eyes.show_requests, four_eyes.decide),
        *(devices.show_devices, devices.show_device, devices.act_on_device),
    ]
    below = Router(CONSOLE_PATH, route_handlers=handlers)
    return Router(path, route_handlers=[below], exception_handlers={Exception: handle_console_error})
