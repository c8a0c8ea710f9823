# SPDX-License-Identifier: Apache-2.0
"""Write errors.md from the service's error table and the SDK's errors: `python docs/reference/errors.py`."""

from collections.abc import Iterator
from pathlib import Path

from counterfoil_client import errors
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.web.problems import status_of, title_of

PAGE = Path(__file__).parent / "errors.md"
HEAD = """\
<!-- Written by `python docs/reference/errors.py` from the error tables of service and SDK. -->
# Errors

Under `/oauth/` an error is JSON as RFC 6749 has it (`error`, `error_description`); everywhere else problem details
(RFC 9457) with the same two members. `instance` names the request: the same id stands in the service's log. The
sentence in `error_description` names the rule that was broken and is meant for people; programs look at `error` alone.
Link pages answer people in words, with no code.

```json
{"error":"invalid_grant","error_description":"The code is unknown, used up, or was not made for this device.",
 "instance":"5f0c1e6a9b7d2c34"}
```

## Codes of the service

"""
_MEANINGS = {
    ErrorCode.INVALID_REQUEST: (
        "a field is missing, repeated or not as it must be; the sentence says which",
        "correct the request",
    ),
    ErrorCode.INVALID_CLIENT: (
        "no such application, or its secret is wrong or missing; at `/hooks/mail/…` a report that is not genuine",
        "compare with `counterfoil applications show ID`",
    ),
    ErrorCode.INVALID_GRANT: (
        "code or token is unknown, used up, over, or was made for another key, application or fingerprint",
        "start a new sign-in; `counterfoil audit explain LOGIN_ID` says which it was",
    ),
    ErrorCode.INVALID_SCOPE: ("more than the application is registered for, or than was granted", "ask for less"),
    ErrorCode.INVALID_TOKEN: ("no living token came", "refresh it, or sign in again"),
    ErrorCode.INSUFFICIENT_SCOPE: (
        "the token does not reach so far; in the console and at the audit log, the role does not",
        "ask for the scope, or another role",
    ),
    ErrorCode.INSUFFICIENT_USER_AUTHENTICATION: (
        "the sign-in is more than five minutes old, and this asks for a fresh one (RFC 9470)",
        "sign in again",
    ),
    ErrorCode.UNAUTHORIZED_CLIENT: (
        "the application may not sign in this way",
        "register it for that, or use another way",
    ),
    ErrorCode.UNSUPPORTED_RESPONSE_TYPE: ("`response_type` is not `code`", "send `code`"),
    ErrorCode.LOGIN_REQUIRED: ("`prompt=none`, and nobody is signed in as asked for", "ask without it"),
    ErrorCode.UNSUPPORTED_GRANT_TYPE: ("a grant that this service does not know", "use one of the metadata's"),
    ErrorCode.CODE_MISMATCH: ("not the digits of the newest mail; `tries_left` counts down", "type them again"),
    ErrorCode.AUTHORIZATION_PENDING: ("nobody has decided yet", "poll again after `interval` seconds"),
    ErrorCode.SLOW_DOWN: (
        "polls came too early or overlapped (400); a budget is used up (429, with `Retry-After`)",
        "wait: five seconds more between polls, or as `Retry-After` says",
    ),
    ErrorCode.ACCESS_DENIED: (
        "somebody said no; `reason` is `denied`, `locked` or `new_device`. In the console: another role is needed",
        "start again only if the person wants to",
    ),
    ErrorCode.EXPIRED_TOKEN: ("nobody approved in time", "start again"),
    ErrorCode.INVALID_DPOP_PROOF: (
        "the proof is missing, for another request, too old, or was seen before",
        "make one for each request; set the clock right",
    ),
    ErrorCode.USE_DPOP_NONCE: ("the proof needs the nonce of the header `DPoP-Nonce`", "send it again with that nonce"),
    ErrorCode.TEMPORARILY_UNAVAILABLE: (
        "too much at once, or the database, Redis or a provider does not answer; nothing was granted",
        "try again after `Retry-After`",
    ),
    ErrorCode.SERVER_ERROR: ("a fault of the service", "look for `instance` in its log"),
    ErrorCode.NOT_FOUND: ("nothing is at this address", "compare it with [the contract](protocol.md)"),
    ErrorCode.METHOD_NOT_ALLOWED: ("this address takes another method", "see the header `Allow`"),
    ErrorCode.REQUEST_TOO_LARGE: ("the body is larger than any honest one", "send less"),
}


def page() -> str:
    """The whole page; KeyError where a code has no words here."""
    return "".join((HEAD, *_codes(), *_sdk()))


def _codes() -> Iterator[str]:
    yield "| `error` | status | title | it means | do |\n|---|---|---|---|---|\n"
    for code in ErrorCode:
        statuses = sorted({status_of(Refusal(code, "")), status_of(Refusal(code, "", retry_after=1))})
        shown, titles = ", ".join(map(str, statuses)), "; ".join(map(title_of, statuses))
        meaning, remedy = _MEANINGS[code]
        yield f"| `{code.value}` | {shown} | {titles} | {meaning} | {remedy} |\n"


def _sdk() -> Iterator[str]:
    yield (
        "\n## Errors of the SDK\n\n"
        "Each has a `hint` to show to a person. What stands in the second column catches it, too.\n\n"
        "| raised | is a | it means | `hint`, unless the service said more |\n|---|---|---|---|\n"
    )
    for error in _subclasses(errors.CounterfoilError):
        bases = ", ".join(f"`{base.__name__}`" for base in error.__bases__ if base is not Exception)
        meaning = " ".join((error.__doc__ or "").partition("\n\n")[0].split())
        hint = errors.RateLimited(None).hint if error is errors.RateLimited else error.advice
        yield f"| `{error.__name__}` | {bases} | {meaning} | {hint} |\n"


def _subclasses(error: type[errors.CounterfoilError]) -> Iterator[type[errors.CounterfoilError]]:
    for each in error.__subclasses__():
        # A program may have errors of its own that are caught so, and a test has.
        if each.__module__ == errors.__name__:
            yield each
            yield from _subclasses(each)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
