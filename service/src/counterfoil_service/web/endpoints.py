# SPDX-License-Identifier: Apache-2.0
"""Endpoints that Litestar routes to and otherwise leaves alone: what it would do for each call costs as much as a poll.

They take a request and give a response, as every handler here does, and answer in JSON whatever happens.
"""

from collections.abc import Awaitable, Callable

from litestar import Request, Response, asgi
from litestar.enums import HttpMethod
from litestar.exceptions import MethodNotAllowedException
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send

from counterfoil_service.web.limits import refusals_counted
from counterfoil_service.web.problems import handle_error
from counterfoil_service.web.services import AnyRequest

Answer = Callable[[AnyRequest], Awaitable[Response[bytes]]]


def endpoint(path: str, *methods: HttpMethod) -> Callable[[Answer], ASGIRouteHandler]:
    """Route these methods of a path to a function."""
    allowed = [method.value for method in methods]

    def made(answer: Answer) -> ASGIRouteHandler:
        async def call(scope: Scope, receive: Receive, send: Send) -> None:
            request: AnyRequest = Request(scope, receive, send)
            try:
                if request.method not in allowed:
                    raise MethodNotAllowedException(headers={"Allow": ", ".join(allowed)})  # noqa: TRY301 - one way out
                async with refusals_counted(request):
                    response = await answer(request)
            except Exception as error:  # noqa: BLE001 - the error table decides what is said of it
                response = handle_error(request, error)
            await _send(response, send)

        call.__doc__ = answer.__doc__
        return asgi(path, copy_scope=False)(call)

    return made


async def _send(response: "Response[bytes]", send: Send) -> None:
    body, media_type = response.content, str(response.media_type)
    headers = [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode())]
    headers += [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()]
    await send({"type": "http.response.start", "status": response.status_code or 200, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
