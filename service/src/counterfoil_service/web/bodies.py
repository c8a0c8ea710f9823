# SPDX-License-Identifier: Apache-2.0
"""The body of a request, read whole and once: nothing here takes more than a form's worth."""

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.web.request_headers import header_named
from counterfoil_service.web.services import AnyRequest

MAX_BODY_BYTES = 16 * 1024


async def read_body(request: AnyRequest) -> bytes:
    """All of it; a Refusal when it is too large, or ends before it is complete because the client hung up."""
    announced = header_named(request, b"content-length") or ""
    if announced.isdecimal() and int(announced) > MAX_BODY_BYTES:
        raise _too_large()
    body = b""
    while True:
        message = await request.receive()
        if message["type"] != "http.request":
            raise Refusal(ErrorCode.INVALID_REQUEST, "the body ended before it was complete")
        body += message["body"]
        if len(body) > MAX_BODY_BYTES:
            raise _too_large()
        if not message.get("more_body", False):
            return body


def _too_large() -> Refusal:
    return Refusal(ErrorCode.REQUEST_TOO_LARGE, "The body may have 16 KiB at most.")
