# SPDX-License-Identifier: Apache-2.0
"""What an answer means, before anybody asks what to do about it: a value, a refusal, "not now", or nonsense."""

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import NoReturn

from counterfoil_client._effects import Response
from counterfoil_client._wire import Refusal, Shape, decode
from counterfoil_client.errors import (
    RateLimited,
    ServiceRefused,
    ServiceUnreachable,
    UnexpectedResponse,
)

_MAX_DESCRIPTION = 300
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class NotNow:
    """429 or 5xx: nothing was decided; ask again later."""

    status: int
    retry_after: int | None


def read(response: Response, shape: type[Shape]) -> Shape | Refusal | NotNow:
    """Sort an answer. Redirects, other successes and unknown status codes make no sense here [R10]."""
    if response.status == HTTPStatus.OK:
        return decode(response, shape)
    return trouble(response)


def trouble(response: Response) -> Refusal | NotNow:
    """Sort an answer that is no success."""
    if response.status == HTTPStatus.TOO_MANY_REQUESTS or response.is_trouble:
        return NotNow(response.status, retry_after(response))
    if HTTPStatus.BAD_REQUEST <= response.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return decode(response, Refusal, media=("application/json", "application/problem+json"))
    raise UnexpectedResponse(f"The service answered with status {response.status}, which makes no sense here.")


def expect(response: Response, shape: type[Shape]) -> Shape:
    """Return the value, or raise what stands in its place."""
    found = read(response, shape)
    return found if isinstance(found, shape) else fail(response, found)


def fail(response: Response, found: object, *secrets: str) -> NoReturn:
    """Raise the error for a refusal or a "not now" outside of polling."""
    if isinstance(found, Refusal):
        raise ServiceRefused(found.error, response.status, clean(found.error_description, *secrets))
    wait = found.retry_after if isinstance(found, NotNow) else None
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RateLimited(wait)
    raise ServiceUnreachable(f"The service cannot work now ({response.status}).", retry_after=wait)


def wants_nonce(response: Response) -> bool:
    """Whether this is the refusal that asks for a proof with a newer nonce (RFC 9449 §8)."""
    if response.status != HTTPStatus.BAD_REQUEST:
        return False
    refusal = trouble(response)
    return isinstance(refusal, Refusal) and refusal.error == "use_dpop_nonce"


def clean(text: str, *secrets: str) -> str:
    """Make a stranger's sentence fit for a terminal or a log: printable, short, and without what must stay secret."""
    for secret in secrets:
        text = text.replace(secret, "…")
    return "".join(character for character in text if character.isprintable())[:_MAX_DESCRIPTION]


def retry_after(response: Response) -> int | None:
    """How many seconds to wait: a number, or an HTTP date; anything else counts as not said (RFC 9110 §10.2.3)."""
    text = response.headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return min(int(text), _DAY)
    try:
        # A date is held against the answer's own Date, for the clock of this computer may be wrong.
        away = parsedate_to_datetime(text) - parsedate_to_datetime(response.headers.get("date", ""))
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0, min(int(away.total_seconds()), _DAY))
