# SPDX-License-Identifier: Apache-2.0
"""The service's answers as strict shapes. Services may grow: unknown members are ignored, wrong ones refused."""

from http import HTTPStatus
from typing import Annotated, TypeVar

import msgspec

from counterfoil_client._effects import MAX_BODY, Response
from counterfoil_client.errors import UnexpectedResponse

Secret = Annotated[str, msgspec.Meta(pattern=r"^[\x21-\x7e]{1,16384}\Z")]
Reference = Annotated[str, msgspec.Meta(pattern=r"^[\x21-\x7e]{1,255}\Z")]
Url = Annotated[str, msgspec.Meta(min_length=1, max_length=2048)]
LoginLife = Annotated[int, msgspec.Meta(ge=1, le=86_400)]


class Metadata(msgspec.Struct, frozen=True):
    """RFC 8414, the part this client needs."""

    issuer: Url
    device_authorization_endpoint: Url
    token_endpoint: Url
    revocation_endpoint: Url
    mail_code_endpoint: Url | None = None


class LoginStarted(msgspec.Struct, frozen=True):
    """The answer to a request for a link."""

    device_code: Secret
    user_code: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
    verification_uri: Url
    expires_in: LoginLife
    interval: Annotated[int, msgspec.Meta(ge=1, le=3600)]
    login_id: Reference
    poll_wait_max: Annotated[int, msgspec.Meta(ge=0, le=3600)] = 0

    def __repr__(self) -> str:
        return f"LoginStarted(login_id={self.login_id!r})"


class TokenGranted(msgspec.Struct, frozen=True):
    """The answer to the poll that succeeds."""

    access_token: Secret
    token_type: Annotated[str, msgspec.Meta(max_length=32)]
    expires_in: Annotated[int, msgspec.Meta(ge=1, le=86_400)]
    scope: Annotated[str, msgspec.Meta(pattern=r"^[\x20-\x7e]{0,4096}\Z")]
    session_id: Reference
    sub: Reference
    refresh_token: Secret | None = None

    def __repr__(self) -> str:
        return f"TokenGranted(session_id={self.session_id!r})"


class CodeTaken(msgspec.Struct, frozen=True):
    """The answer to the right code of a mail: an object, whatever it may hold one day."""


class Refusal(msgspec.Struct, frozen=True):
    """An OAuth error (RFC 6749 §5.2). `reason` tells why access was denied, `tries_left` how often a code may be wrong.

    Prose is never read.
    """

    error: Annotated[str, msgspec.Meta(pattern=r"^[\x20\x21\x23-\x5b\x5d-\x7e]{1,64}\Z")]
    error_description: str = ""
    reason: Annotated[str, msgspec.Meta(max_length=64)] = ""
    tries_left: Annotated[int, msgspec.Meta(ge=0, le=1000)] | None = None


Shape = TypeVar("Shape", Metadata, LoginStarted, TokenGranted, CodeTaken, Refusal)


def decode(response: Response, shape: type[Shape], *, media: tuple[str, ...] = ("application/json",)) -> Shape:
    """Read a JSON body of this shape, or raise `UnexpectedResponse`; no other error comes out of here."""
    if response.headers.get("content-type", "").partition(";")[0].strip().lower() not in media:
        raise UnexpectedResponse("The service did not answer with JSON.")
    try:
        return msgspec.json.decode(response.body.decode(), type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        # Not chained: the body may hold a token, and a traceback must not lead to it.
        raise UnexpectedResponse(f"The service's {_NAMES[shape]} is malformed.") from None


def refuse_oversize(response: Response) -> Response:
    """Hand the response on unless it is too long, or packed (which was never asked for, and hides its length).

    An answer that says "not now" often comes from a proxy; its body is never read, so it may be anything.
    """
    if response.status == HTTPStatus.TOO_MANY_REQUESTS or response.is_trouble:
        return response
    if len(response.body) > MAX_BODY:
        raise UnexpectedResponse("The service's answer is longer than any honest one.")
    if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise UnexpectedResponse("The service's answer is compressed, which was not asked for.")
    return response


_NAMES: dict[type[msgspec.Struct], str] = {
    Metadata: "metadata",
    LoginStarted: "answer to the sign-in request",
    TokenGranted: "token answer",
    CodeTaken: "answer to the code",
    Refusal: "error answer",
}
