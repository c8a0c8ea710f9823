# SPDX-License-Identifier: Apache-2.0
"""A registered application (an OAuth client) and what it may be granted."""

import re
import unicodedata
from typing import Final, Literal

import msgspec

from counterfoil_service.core.errors import ErrorCode, Refusal

DEFAULT_SCOPES = ("email",)
_CLIENT_ID = re.compile(r"[A-Za-z0-9._~-]{1,100}")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,100}")  # scope-token of RFC 6749 §3.3
_MAX_NAME = 64
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_MAX_LOGO_TEXT = 24

Need = Literal["required", "optional", "off"]
NewDevices = Literal["allow", "notify", "refuse"]

OWN_ID = "counterfoil"
"""The service's own pages (sign-in, account) are an application too; nobody can register its id."""


class Application(msgspec.Struct, frozen=True):
    """`audiences` empty means: the issuer. `secret_hash` is argon2id; confidential applications alone have one."""

    id: str
    name: str
    scopes: tuple[str, ...]
    audiences: tuple[str, ...]
    dpop: Literal["required", "optional"]
    fingerprint: Need
    created_at: int
    secret_hash: str | None = None
    redirect_uris: tuple[str, ...] = ()
    new_devices: NewDevices = "notify"
    same_device_only: bool = False
    """A typed code is refused: only the return on the same machine, or the browser that asked, completes."""
    mail_code: bool = False
    """The mail carries eight digits, too, for the app that asked."""
    colour: str | None = None
    """Of buttons in mail and pages: `#` and six hexadecimal digits."""
    logo_text: str | None = None
    """What stands where a logo would; None: its name."""

    def __repr__(self) -> str:
        return f"Application(id={self.id!r})"

    @property
    def confidential(self) -> bool:
        """Whether it authenticates with a secret."""
        return self.secret_hash is not None


CHANGEABLE: Final = ("name", "colour", "logo_text", "redirect_uris", "audiences", "new_devices")
"""What may be changed later. All else would alter what its people and devices were promised: register another one."""

OWN = Application(OWN_ID, "Counterfoil", DEFAULT_SCOPES, (), "optional", "off", 0)
"""The service's own pages."""


def as_stored(application: Application) -> Application:
    """Its colour in lower case; None for looks that were given as nothing."""
    colour = application.colour.lower() if application.colour else None
    return msgspec.structs.replace(application, colour=colour, logo_text=application.logo_text or None)


def is_client_id(text: str) -> bool:
    """Whether an application could be registered under it."""
    return _CLIENT_ID.fullmatch(text) is not None


def check_registration(application: Application) -> None:
    """Refuse what would make a bad application, by the rule that it breaks."""
    if not is_client_id(application.id):
        raise Refusal(ErrorCode.INVALID_REQUEST, "client id: 1 to 100 characters of A-Z a-z 0-9 . _ ~ -")
    if application.id == OWN_ID:
        raise Refusal(ErrorCode.INVALID_REQUEST, f"client id: {OWN_ID} is the service itself; choose another")
    name = application.name
    if not name.strip() or len(name) > _MAX_NAME or has_unsafe_characters(name):
        raise Refusal(ErrorCode.INVALID_REQUEST, "name: 1 to 64 characters without control or direction characters")
    for scope in application.scopes:
        if not _SCOPE.fullmatch(scope):
            raise Refusal(ErrorCode.INVALID_REQUEST, "scope: printable ASCII without blanks, quotes and backslashes")
    if application.new_devices == "refuse" and application.dpop != "required":
        raise Refusal(
            ErrorCode.INVALID_REQUEST,
            "new devices: to refuse them, every device needs a key; register with --dpop required",
        )
    _check_codes(application)
    _check_looks(application)


def _check_looks(application: Application) -> None:
    if application.colour is not None and not _COLOUR.fullmatch(application.colour):
        raise Refusal(ErrorCode.INVALID_REQUEST, "colour: # and six hexadecimal digits, such as #0b5a45")
    text = application.logo_text
    if text is not None and (not text.strip() or len(text) > _MAX_LOGO_TEXT or has_unsafe_characters(text)):
        raise Refusal(
            ErrorCode.INVALID_REQUEST,
            f"logo text: 1 to {_MAX_LOGO_TEXT} characters without control or direction characters",
        )


def _check_codes(application: Application) -> None:
    if application.same_device_only and not application.redirect_uris:
        raise Refusal(
            ErrorCode.INVALID_REQUEST,
            "same device only: nobody could come home; register with --redirect-uri",
        )
    if application.mail_code and application.same_device_only:
        raise Refusal(
            ErrorCode.INVALID_REQUEST,
            "mail code: it is typed, and --same-device-only refuses what is typed; choose one of the two",
        )
    if application.mail_code and application.dpop != "required":
        raise Refusal(
            ErrorCode.INVALID_REQUEST,
            "mail code: whoever types it must prove the key that asked; register with --dpop required",
        )


def has_unsafe_characters(text: str) -> bool:
    """Control, format (direction marks among them) and separator characters: they forge lines in mail, page and log."""
    return any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in text)


def granted_scope(application: Application, requested: str | None) -> str:
    """The scope of the login: what was asked for and registered; all that is registered when nothing was asked for."""
    if requested is None:
        return " ".join(application.scopes)
    asked = tuple(dict.fromkeys(requested.split(" ")))
    if not set(asked) <= set(application.scopes):
        raise Refusal(ErrorCode.INVALID_SCOPE, "scope: only what this application is registered for may be asked for")
    return " ".join(asked)


def granted_audience(application: Application, requested: str | None, issuer: str) -> str:
    """The `aud` of the tokens: the resource asked for (RFC 8707 §2), else the application's first audience."""
    audiences = application.audiences or (issuer,)
    if requested is None:
        return audiences[0]
    if requested not in audiences:
        raise Refusal(ErrorCode.INVALID_REQUEST, "resource: must be one of the application's registered audiences")
    return requested
