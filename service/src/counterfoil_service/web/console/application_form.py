# SPDX-License-Identifier: Apache-2.0
"""An application as it is typed into the console: read, checked field by field, and shown again with what is wrong."""

from typing import Any, Final

import msgspec

from counterfoil_service.core.application import DEFAULT_SCOPES, Application, as_stored
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.operations.change_application import ChangeApplication
from counterfoil_service.web.console.done import as_sentence
from counterfoil_service.web.console.policies import POLICIES, Policy
from counterfoil_service.web.console.redirect_words import Verdict, lines_of, verdicts_on
from counterfoil_service.web.forms import Form

_LONG: Final = 12_288
_FIELDS: Final = {
    "client id": "client_id",
    "name": "name",
    "scope": "scopes",
    "new devices": "new_devices",
    "same device only": "same_device_only",
    "mail code": "mail_code",
    "colour": "colour",
    "logo text": "logo_text",
    "redirect_uri": "redirect_uris",
}
"""By the word that a rule begins with: the field that it is about."""

_HERE: Final = {
    "register with --dpop required": "choose that device keys are required",
    "register with --redirect-uri": "give it a redirect URI",
    "--same-device-only": "“Same device”",
    "see `counterfoil applications list`": "somebody removed it meanwhile",
}
"""Words of the command line, as the console says them."""


def usual() -> dict[str, str]:
    """What is chosen of each policy before anybody chooses."""
    return {policy.name: policy.choices[0][0] for policy in POLICIES}


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """Everything as text, lists a line each."""

    client_id: str = ""
    name: str = ""
    scopes: str = " ".join(DEFAULT_SCOPES)
    audiences: str = ""
    redirect_uris: str = ""
    colour: str = ""
    logo_text: str = ""
    chosen: dict[str, str] = msgspec.field(default_factory=usual)

    def __repr__(self) -> str:
        return f"Typed(client_id={self.client_id!r})"

    @property
    def verdicts(self) -> list[Verdict]:
        """What is to be said of each redirect URI."""
        return verdicts_on(lines_of(self.redirect_uris))

    def application(self, created_at: int, secret_hash: str | None) -> Application:
        """As it would be stored."""
        chosen: Any = self.chosen
        return as_stored(
            Application(
                id=self.client_id,
                name=self.name,
                scopes=tuple(dict.fromkeys(self.scopes.split())) or DEFAULT_SCOPES,
                audiences=lines_of(self.audiences),
                dpop=chosen["dpop"],
                fingerprint=chosen["fingerprint"],
                created_at=created_at,
                secret_hash=secret_hash,
                redirect_uris=lines_of(self.redirect_uris),
                new_devices=chosen["new_devices"],
                same_device_only=chosen["same_device_only"] == "yes",
                mail_code=chosen["mail_code"] == "yes",
                colour=self.colour,
                logo_text=self.logo_text,
            )
        )

    def change(self, application_id: str) -> ChangeApplication:
        """All that may be changed, as the form shows all of it."""
        chosen: Any = self.chosen
        return ChangeApplication(
            application_id,
            name=self.name,
            colour=self.colour,
            logo_text=self.logo_text,
            redirect_uris=lines_of(self.redirect_uris),
            audiences=lines_of(self.audiences),
            new_devices=chosen["new_devices"],
        )


def typed_of(application: Application) -> Typed:
    """What its form shows before anybody types."""
    return Typed(
        client_id=application.id,
        name=application.name,
        scopes=" ".join(application.scopes),
        audiences="\n".join(application.audiences),
        redirect_uris="\n".join(application.redirect_uris),
        colour=application.colour or "",
        logo_text=application.logo_text or "",
        chosen={"new_devices": application.new_devices},
    )


def read_typed(form: Form) -> Typed:
    """What was sent; a choice that no page of ours offers is refused."""
    return Typed(
        client_id=(form.get("client_id") or "").strip(),
        name=(form.get("name") or "").strip(),
        scopes=form.get("scopes", at_most=_LONG) or "",
        audiences=form.get("audiences", at_most=_LONG) or "",
        redirect_uris=form.get("redirect_uris", at_most=_LONG) or "",
        colour=(form.get("colour") or "").strip(),
        logo_text=(form.get("logo_text") or "").strip(),
        chosen={policy.name: _choice(form, policy) for policy in POLICIES},
    )


def errors_of(refusal: Refusal) -> dict[str, str]:
    """The refusal at its field, in the console's words; one about no field in particular has the empty name."""
    description = refusal.description
    for command, words in _HERE.items():
        description = description.replace(command, words)
    for beginning, name in _FIELDS.items():
        if description.startswith(beginning):
            return {name: as_sentence(description.removeprefix(f"{beginning}: "))}
    return {"": as_sentence(description)}


def wrong_uris(typed: Typed) -> dict[str, str]:
    """Where some redirect URI may not be registered: every rule that is broken stands beside its line."""
    wrong = [str(verdict.line) for verdict in typed.verdicts if not verdict.ok]
    if not wrong:
        return {}
    lines = f"Line {wrong[0]} is" if len(wrong) == 1 else f"Lines {', '.join(wrong)} are"
    return {"redirect_uris": f"{lines} not allowed, see below."}


def _choice(form: Form, policy: Policy) -> str:
    values = [value for value, *_ in policy.choices]
    value = form.get(policy.name) or values[0]
    if value not in values:
        raise Refusal(ErrorCode.INVALID_REQUEST, f"{policy.name}: one of {', '.join(values)}")
    return value
