# SPDX-License-Identifier: Apache-2.0
"""What an application asks of `/oauth/authorize`, checked in full before anybody signs in (RFC 6749 §4.1.1)."""

import re

import msgspec

from counterfoil_service.core import destination as destinations
from counterfoil_service.core import email_address, pkce
from counterfoil_service.core.application import Application
from counterfoil_service.core.destination import Destination
from counterfoil_service.core.email_address import EmailAddress
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.login import SECOND
from counterfoil_service.crypto.keys import Keys, keyed
from counterfoil_service.operations.describe_person import Person
from counterfoil_service.web.browser.query import Query
from counterfoil_service.web.speech import LONGEST_LOCALES

_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")
_SECONDS = re.compile(r"[0-9]{1,9}")
_MAX_ADDRESS = 1024
_PROMPTS = ({"login"}, {"none"}, set[str]())


class Asked(msgspec.Struct, frozen=True):
    """`silent` shows no page, `again` takes no sign-in that there is, `max_age` takes one this many seconds old."""

    destination: Destination
    address: EmailAddress | None
    silent: bool
    again: bool
    max_age: int | None
    ui_locales: str | None = None

    def is_met_by(self, person: Person, keys: Keys, now: int) -> bool:
        """Whether a browser that is signed in so needs no other sign-in."""
        if self.again:
            return False
        if self.max_age is not None and now > person.session.auth_time + self.max_age * SECOND:
            return False
        return self.address is None or keyed(keys.mailbox, self.address.canonical.encode()) == person.user.mailbox


def read_asked(query: Query, application: Application, redirect_uri: str, issuer: str) -> Asked:
    """The request; a Refusal may be told to the application, whose redirect URI was matched before."""
    query.refuse_repeated()
    if query.required("response_type") != "code":
        raise Refusal(ErrorCode.UNSUPPORTED_RESPONSE_TYPE, "response_type: must be code")
    if query.get("response_mode") not in {None, "query"}:
        raise Refusal(ErrorCode.INVALID_REQUEST, "response_mode: the answer comes in the query")
    destination = Destination(
        application_id=application.id,
        redirect_uri=redirect_uri,
        state=_state(query),
        code_challenge=_challenge(query),
        code_jkt=_thumbprint(query),
        scope=query.get("scope"),
        resource=query.get("resource"),
    )
    destinations.check(destination, application, issuer)
    prompt = set((query.get("prompt") or "").split())
    if prompt not in _PROMPTS:
        raise Refusal(ErrorCode.INVALID_REQUEST, "prompt: must be login or none")
    return Asked(
        destination,
        _address(query),
        "none" in prompt,
        "login" in prompt,
        _max_age(query),
        query.get("ui_locales", at_most=LONGEST_LOCALES),
    )


def _state(query: Query) -> str | None:
    state = query.get("state")
    if state is not None:
        pkce.check_state(state)
    return state


def _challenge(query: Query) -> str:
    challenge = query.required("code_challenge")
    pkce.check_challenge(challenge, query.get("code_challenge_method"))
    return challenge


def _thumbprint(query: Query) -> str | None:
    thumbprint = query.get("dpop_jkt")
    if thumbprint is not None and not _THUMBPRINT.fullmatch(thumbprint):
        raise Refusal(ErrorCode.INVALID_REQUEST, "dpop_jkt: the SHA-256 thumbprint of a key (RFC 9449, 10)")
    return thumbprint


def _address(query: Query) -> EmailAddress | None:
    hint = query.get("login_hint", at_most=_MAX_ADDRESS)
    return None if hint is None else email_address.parse(hint)


def _max_age(query: Query) -> int | None:
    text = query.get("max_age")
    if text is None:
        return None
    if not _SECONDS.fullmatch(text):
        raise Refusal(ErrorCode.INVALID_REQUEST, "max_age: whole seconds")
    return int(text)
