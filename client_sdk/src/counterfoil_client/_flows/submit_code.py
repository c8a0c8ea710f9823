# SPDX-License-Identifier: Apache-2.0
"""Send the digits of the mail, typed into the application that asked: the right ones approve the login.

Where no answer came, or one that says "not now", they are sent once more and no oftener: the service may have counted
them. Right ones find the login approved then; wrong ones take two of the five tries, as they would from a person who
saw an error and typed them again.
"""

from http import HTTPStatus
from typing import NoReturn

from counterfoil_client import _replies
from counterfoil_client._effects import Flow, Response, Wait
from counterfoil_client._flows.channel import Channel, reached
from counterfoil_client._flows.login import OpenLogin
from counterfoil_client._flows.wait import ENDINGS
from counterfoil_client._pace import backoff
from counterfoil_client._replies import NotNow
from counterfoil_client._wire import CodeTaken, Metadata, Refusal
from counterfoil_client.errors import (
    ConfigurationError,
    MalformedCode,
    RateLimited,
    ServiceUnreachable,
    UnexpectedResponse,
    WrongCode,
)

_LENGTH = 8
_TURNS = 5
_MOMENT = 1.0
_LONGEST_PAUSE = 5.0
_STATES = frozenset({"code_mismatch", "access_denied", "slow_down", *ENDINGS})


def submit_code(channel: Channel, login: OpenLogin, code: str) -> Flow[None]:
    """Return once the login is approved, or its session here already; in any other case raise why not."""
    digits = _digits(code)
    if _has_session(login):
        return
    url = _endpoint((yield from channel.discover()))
    lost = False
    for _ in range(_TURNS):
        pause = _MOMENT
        try:
            if (yield from _ask(channel, login, url, digits)):
                return
        except ServiceUnreachable as error:
            pause = max(backoff(1, channel.surroundings.jitter()), error.retry_after or 0.0)
            if lost or pause > _LONGEST_PAUSE:
                raise
            lost = True
        yield Wait(pause)
        if _has_session(login):
            return
    raise RateLimited(None)


def _digits(code: str) -> str:
    """The digits alone, as people copy them in groups. What cannot be a code is not sent, so it takes no try."""
    digits = "".join(character for character in code if not (character.isspace() or character == "-"))
    if len(digits) != _LENGTH or not (digits.isascii() and digits.isdigit()):
        raise MalformedCode
    return digits


def _has_session(login: OpenLogin) -> bool:
    """Whether the code is no longer needed; raise how the login ended, if it has without a session."""
    if login.session is None:
        login.check_open()
    return login.session is not None


def _endpoint(metadata: Metadata) -> str:
    if metadata.mail_code_endpoint is None:
        raise ConfigurationError(
            "This service takes no code of a mail.",
            hint="Open the link in the mail, and type there the code that is shown here.",
        )
    return metadata.mail_code_endpoint


def _ask(channel: Channel, login: OpenLogin, url: str, digits: str) -> Flow[bool]:
    """Send the digits once; False while the service still checks others."""
    form = (
        ("client_id", channel.client_id),
        ("device_code", login.device_code),
        ("mail_code", digits),
        *login.fingerprint_form(),
    )
    response = yield from reached(channel.post(login.key, url, form))
    found = _replies.read(response, CodeTaken)
    if isinstance(found, Refusal) and found.error in ENDINGS:
        # A wait beside this one may be collecting right now.
        yield Wait(_MOMENT)
    if _has_session(login):
        return True
    if isinstance(found, CodeTaken):
        login.failures = 0
        login.next_poll_at = channel.surroundings.monotonic()
        return True
    if isinstance(found, Refusal) and (response.status, found.error) == (HTTPStatus.BAD_REQUEST, "slow_down"):
        return False
    _fail(response, found, login, digits)


def _fail(response: Response, found: Refusal | NotNow, login: OpenLogin, digits: str) -> NoReturn:
    """Raise why not. A login that the service knows no longer is not ended here: a poll may still bring its session.

    For the same key may repeat the poll that succeeded and whose answer was lost [R44].
    """
    if isinstance(found, Refusal) and found.error in _STATES:
        if response.status != HTTPStatus.BAD_REQUEST:
            raise UnexpectedResponse(f"The service sent {found.error} with status {response.status}.")
        if found.error == "code_mismatch":
            raise WrongCode(found.tries_left)
        raise ENDINGS[found.error]() if found.error in ENDINGS else login.deny(found.reason)
    half = _LENGTH // 2
    shown = (f"{digits[:half]}{joint}{digits[half:]}" for joint in ("", " ", "-"))
    _replies.fail(response, found, login.device_code, *shown)
