# SPDX-License-Identifier: Apache-2.0
"""Everything this package raises, each with a hint to act on.

CounterfoilError
|- LoginEnded              this login is over; a new one may be started
|  |- LoginDenied          somebody said no
|  |  |- LoginLocked       too many wrong codes were typed
|  |  `- DeviceNotEnrolled the application takes known devices only
|  |- LoginExpired         nobody approved it in time
|  |- LoginCancelled       this program cancelled it
|  `- LoginInvalid         the service does not know it, or knows it with another key
|- WrongCode               not the code of the newest mail; it may be typed again
|  `- MalformedCode        not even eight digits, so nothing was sent
|- SessionEnded            signed out, here or elsewhere; sign in again
|- WaitTimeout             still open; wait again
|- AlreadyWaiting          two waits for one login
|- RateLimited             come back later
|- ServiceUnreachable      no answer, or one that says "not now"
|- ServiceRefused          a refusal with the code of a standard
|- UnexpectedResponse      an answer that no honest service gives
|- UnexpectedRedirect      a URL that is not the answer to this login
|- KeyStoreError           the device key or the session cannot be read or kept
`- ConfigurationError      an argument that can never work

No message, representation or hint holds a token, a code of a mail or a device, or a key.
"""

# ruff: noqa: N818 - an application reads "except LoginDenied", and the base class says that these are errors

from typing import ClassVar

# A refusal begins with what is at fault, and of all that a person can mend the address alone.
_ABOUT_THE_ADDRESS = ("login_hint:", "This e-mail address ")


class CounterfoilError(Exception):
    """The root of them all. `str(error)` says what happened, `hint` what a person can do."""

    summary: ClassVar[str] = "The sign-in failed."
    advice: ClassVar[str] = "Start the sign-in again."

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        super().__init__(self.summary if message is None else message)
        self.hint = self.advice if hint is None else hint


class LoginEnded(CounterfoilError):
    """This login is over and never comes back; a person may start a new one."""


class LoginDenied(LoginEnded):
    """Somebody who holds the mail said no."""

    summary = "The sign-in was denied."
    advice = "If it was you, start again and approve the new mail. If not, nobody got in."


class LoginLocked(LoginDenied):
    """Too many wrong user codes were typed, so the service locked the login."""

    summary = "The sign-in was locked: the wrong code was typed too often."
    advice = "Start again, and type the new code where it is asked for."


class DeviceNotEnrolled(LoginDenied):
    """The person said yes, but the application takes known devices only, and this one waits to be enrolled."""

    summary = "This application takes known devices only, and this device is new to it."
    advice = (
        "Ask whoever runs the service to enrol this device, or enrol it from a device that has signed in before;"
        " then start again."
    )


class LoginExpired(LoginEnded):
    """Nobody approved the login in time."""

    summary = "The sign-in expired before it was approved."
    advice = "Start again, and open the newest mail soon. Look in the spam folder if there is none."


class LoginCancelled(LoginEnded):
    """This program cancelled the login."""

    summary = "The sign-in was cancelled on this device."
    advice = "Start again whenever you like."


class LoginInvalid(LoginEnded):
    """The service does not take this login from this key: it was superseded, collected, cancelled, or is another's."""

    summary = "The service no longer accepts this sign-in."
    advice = "Start again. A newer sign-in on this device replaces the one before."


class WrongCode(CounterfoilError):
    """The digits are not those of the newest mail; the login is still open.

    `tries_left` says how many more may be wrong before it is locked, or is None where the service did not say.
    """

    summary = "The code is not the one in the newest mail."
    advice = "Look into the newest mail and type its eight digits again."

    def __init__(self, tries_left: int | None = None) -> None:
        super().__init__(None if tries_left is None else f"{self.summary} Tries left: {tries_left}.")
        self.tries_left = tries_left

    def __reduce__(self) -> tuple[type["WrongCode"], tuple[int | None]]:
        return type(self), (self.tries_left,)


class MalformedCode(WrongCode):
    """What was typed is not eight digits: nothing was sent, and no try is used up."""

    summary = "The code of a mail has eight digits."


class SessionEnded(CounterfoilError):
    """The session is over: it was signed out or revoked, its time is up, or a copied token was used."""

    summary = "The session is over."
    advice = "Sign in again."


class WaitTimeout(CounterfoilError, TimeoutError):
    """The time given to `wait` is over; the login is still open."""

    summary = "Nobody approved the sign-in yet."
    advice = "Call wait() again: the sign-in is still open."


class AlreadyWaiting(CounterfoilError):
    """One login has one wait at a time."""

    summary = "Another wait() for this sign-in is running."
    advice = "Use the result of the first wait(), or cancel() the sign-in."


class RateLimited(CounterfoilError):
    """The service asks for patience; `retry_after` is in seconds, or None where it did not say."""

    summary = "The service has had too many requests."

    def __init__(self, retry_after: int | None) -> None:
        when = "Try again in a minute." if retry_after is None else f"Try again in {retry_after} seconds."
        super().__init__(hint=when)
        self.retry_after = retry_after


class ServiceUnreachable(CounterfoilError):
    """No answer came, or one that says that the service cannot work now."""

    summary = "The sign-in service cannot be reached."
    advice = "Check the network connection and try again."

    def __init__(self, message: str | None = None, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ServiceRefused(CounterfoilError):
    """The service refused with a `code`; `description` is its own sentence, cleaned for display."""

    advice = "Show this message to whoever runs this application."
    advice_by_code: ClassVar[dict[str, str]] = {
        "invalid_client": "The application is not registered with this service: check the client id.",
        "unauthorized_client": "The application may not sign in this way: ask whoever runs the service.",
        "invalid_dpop_proof": "Set the clock of this computer right and try again.",
        "invalid_scope": "The application asks for more than it is registered for.",
    }

    def __init__(self, code: str, status: int, description: str = "") -> None:
        told = f": {description}" if description else ""
        is_address = code == "invalid_request" and description.startswith(_ABOUT_THE_ADDRESS)
        hint = "Check the e-mail address and try again." if is_address else self.advice_by_code.get(code)
        super().__init__(f"The service refused with {code} ({status}){told}", hint=hint)
        self.code = code
        self.status = status
        self.description = description

    def __reduce__(self) -> tuple[type["ServiceRefused"], tuple[str, int, str]]:
        return type(self), (self.code, self.status, self.description)


class UnexpectedResponse(CounterfoilError):
    """An answer that no honest service gives; nothing in it was used."""

    summary = "The service gave an answer that makes no sense."
    advice = "Check the address of the service, and that no proxy or captive portal stands between."


class UnexpectedRedirect(CounterfoilError):
    """A URL that is not the answer to this login: another login's, another service's, or made up. It was not used."""

    summary = "The URL is not the answer to this sign-in."
    advice = "The sign-in is still open: go on waiting. Open the link in the newest mail on this computer."


class KeyStoreError(CounterfoilError):
    """The device key or the session cannot be read or kept."""

    summary = "The device key or the session cannot be read or kept."
    advice = "Give the client another key store."


class ConfigurationError(CounterfoilError, ValueError):
    """An argument that can never work, found before anything was sent."""

    advice = "Correct the argument named in the message."
