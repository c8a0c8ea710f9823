# SPDX-License-Identifier: Apache-2.0
"""The body of a request, read whole and once: hardly anything here takes more than a form's worth."""

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.web.request_headers import header_named
from counterfoil_service.web.services import AnyRequest

MAX_BODY_BYTES = 16 * 1024


async def read_body(request: AnyRequest, *, at_most: int = MAX_BODY_BYTES) -> bytes:
    """All of it; a Refusal when it is too large, or ends before it is complete because the client hung up."""
    announced = header_named(request, b"content-length") or ""
    if announced.isdecimal() and int(announced) > at_most:
        raise _too_large(at_most)
    body = b""
    while True:
        message = await request.receive()
        if message["type"] != "http.request":
            raise Refusal(ErrorCode.INVALID_REQUEST, "the body ended before it was complete")
        body += message["body"]
        if len(body) > at_most:
            raise _too_large(at_most)
        if not message.get("more_body", False):
            return body


def _too_large(at_most: int) -> Refusal:
    return Refusal(ErrorCode.REQUEST_TOO_LARGE, f"The body may have {at_most // 1024} KiB at most.")
