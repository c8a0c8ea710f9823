# SPDX-License-Identifier: Apache-2.0
"""One signed message to a receiver that an operator named, as Standard Webhooks 1.0.0 has it: 2xx means taken."""

import errno
import re
import ssl
from http import HTTPStatus
from typing import Final

import msgspec

from counterfoil_service.core.retrying import retry_after
from counterfoil_service.crypto.webhook_signature import signed_headers
from counterfoil_service.http_post import post
from counterfoil_service.settings.secret import Secret

_ANSWER_BYTES: Final = 16_384
_TAKEN: Final = range(200, 300)
_VISIBLE: Final = re.compile(r"[!-~]+")


class Hook(msgspec.Struct, frozen=True):
    """Where to, the key it signs with (`whsec_` and base64), and whom it trusts."""

    url: str
    key: Secret
    tls: ssl.SSLContext

    def __repr__(self) -> str:
        return "Hook(***)"


class NotTaken(msgspec.Struct, frozen=True):
    """`code` is short and free of secrets; `wait` is for how long the receiver wants to be left alone, microseconds.

    `gone`: it answered 410 and wants nothing more, ever.
    """

    code: str
    wait: int | None = None
    gone: bool = False


def check_url(url: str) -> None:
    """A `ValueError` for a URL that no request could carry; it does not show it."""
    if not _VISIBLE.fullmatch(url):
        raise ValueError("the URL of a webhook must be visible ASCII: percent-encode what is not")


async def post_signed(hook: Hook, identifier: str, body: bytes, *, now: int, seconds: float) -> NotTaken | None:
    """One POST of JSON; None once it is taken. Time and signature are those of this attempt.

    `identifier` is what receivers tell repetitions by; `now` in microseconds UTC, `seconds` bound all of it.
    """
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Counterfoil",
        **signed_headers(hook.key, identifier, body, now),
    }
    try:
        answer = await post(hook.url, body=body, headers=headers, timeout=seconds, limit=_ANSWER_BYTES, tls=hook.tls)
    except OSError as error:
        return NotTaken(code_of(error))
    if answer.status in _TAKEN:
        return None
    if answer.status == HTTPStatus.GONE:
        return NotTaken("gone", gone=True)
    return NotTaken(f"http_{answer.status}", retry_after(answer.headers.get("retry-after", ""), now))


def code_of(error: OSError) -> str:
    """Why nobody answered, without any text that may hold a URL; of a certificate, what is wrong with it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate: {error.verify_message}"
    if type(error) is OSError and error.errno is not None:
        return errno.errorcode.get(error.errno, "OSError")
    return type(error).__name__
