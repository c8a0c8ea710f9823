# SPDX-License-Identifier: Apache-2.0
"""Register, list, show, change and remove applications."""

import os
from typing import Literal

import click

from counterfoil_service.app import system_clock
from counterfoil_service.cli.database import run
from counterfoil_service.cli.output import fail, json_option, moment, show_json, show_table
from counterfoil_service.core import link
from counterfoil_service.core.application import DEFAULT_SCOPES, Application, Need, NewDevices, as_stored
from counterfoil_service.crypto.argon2 import hash_secret
from counterfoil_service.db import applications as rows
from counterfoil_service.operations.add_application import add_application
from counterfoil_service.operations.change_application import ChangeApplication, change_application
from counterfoil_service.operations.remove_application import remove_application

_COLUMNS = (
    *("client_id", "name", "scopes", "audiences", "redirect_uris", "confidential"),
    *("dpop", "fingerprint", "new_devices", "same_device_only", "mail_code", "colour", "logo_text", "created_at"),
)
_NEW_DEVICES = click.Choice(["allow", "notify", "refuse"])
_colour = click.option("--colour", help="Of buttons in mail and pages: # and six hexadecimal digits.")
_logo_text = click.option("--logo-text", help="1 to 24 characters, where a logo would stand; by default its name.")


@click.group()
def applications() -> None:
    """The applications whose people sign in here."""


@applications.command()
@click.argument("name")
@click.option("--client-id", required=True, help="The OAuth client_id that the application sends.")
@click.option("--scope", "scopes", multiple=True, help="A scope it may ask for; by default `email`.")
@click.option(
    "--audience", "audiences", multiple=True, help="An API its tokens are for; by default the service itself."
)
@click.option("--confidential", is_flag=True, help="It can keep a secret; the secret is shown once.")
@click.option("--dpop", type=click.Choice(["required", "optional"]), default="required", show_default=True)
@click.option(
    "--fingerprint", type=click.Choice(["required", "optional", "off"]), default="optional", show_default=True
)
@click.option("--redirect-uri", "redirect_uris", multiple=True, help="Where a browser may be sent with a code.")
@click.option(
    "--new-devices",
    type=_NEW_DEVICES,
    default="notify",
    show_default=True,
    help="At a person's first sign-in with a device key: say nothing, mail a notice, or refuse until it is enrolled.",
)
@click.option(
    "--same-device-only",
    is_flag=True,
    help="Take no typed code: only the return on the same machine, or the browser that asked, completes.",
)
@click.option(
    "--mail-code",
    is_flag=True,
    help="Put eight digits into the mail, for the app that asked, where the link cannot be opened.",
)
@_colour
@_logo_text
@json_option
def add(  # noqa: PLR0913, PLR0917 - one parameter an option
    name: str,
    client_id: str,
    scopes: tuple[str, ...],
    audiences: tuple[str, ...],
    confidential: bool,  # noqa: FBT001 - click passes by name
    dpop: Literal["required", "optional"],
    fingerprint: Need,
    redirect_uris: tuple[str, ...],
    new_devices: NewDevices,
    same_device_only: bool,  # noqa: FBT001 - click passes by name
    mail_code: bool,  # noqa: FBT001 - click passes by name
    colour: str | None,
    logo_text: str | None,
    as_json: bool,  # noqa: FBT001 - click passes by name
) -> None:
    """Register an application called NAME."""
    secret = link.make(os.urandom) if confidential else None
    application = as_stored(
        Application(
            id=client_id,
            name=name,
            scopes=scopes or DEFAULT_SCOPES,
            audiences=audiences,
            dpop=dpop,
            fingerprint=fingerprint,
            created_at=system_clock(),
            secret_hash=hash_secret(secret) if secret else None,
            redirect_uris=redirect_uris,
            new_devices=new_devices,
            same_device_only=same_device_only,
            mail_code=mail_code,
            colour=colour,
            logo_text=logo_text,
        )
    )
    run(lambda database: database.write(add_application, application))
    shown = _shown(application) | ({"client_secret": secret} if secret else {})
    if as_json:
        show_json(shown)
        return
    show_table([shown], _COLUMNS, "")
    if secret:
        click.echo(f"client secret, shown this once: {secret}")


@applications.command("list")
@json_option
def list_applications(as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Every application."""
    shown = [_shown(application) for application in run(lambda database: database.read(rows.list_all))]
    if as_json:
        show_json(shown)
    else:
        show_table(shown, _COLUMNS, "No application yet: `counterfoil applications add NAME --client-id ID` makes one.")


@applications.command()
@click.argument("client_id")
@json_option
def show(client_id: str, as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """One application."""
    application = run(lambda database: database.read(rows.get, client_id))
    if application is None:
        fail(f"no application {client_id!r}: see `counterfoil applications list`")
    if as_json:
        show_json(_shown(application))
    else:
        show_table([_shown(application)], _COLUMNS, "")


@applications.command()
@click.argument("client_id")
@click.option("--name", help="What people read.")
@_colour
@_logo_text
@click.option("--redirect-uri", "redirect_uris", multiple=True, help="All that there are from now on.")
@click.option("--audience", "audiences", multiple=True, help="All that there are from now on.")
@click.option("--new-devices", type=_NEW_DEVICES)
@json_option
def change(  # noqa: PLR0913, PLR0917 - one parameter an option
    client_id: str,
    name: str | None,
    colour: str | None,
    logo_text: str | None,
    redirect_uris: tuple[str, ...],
    audiences: tuple[str, ...],
    new_devices: NewDevices | None,
    as_json: bool,  # noqa: FBT001 - click passes by name
) -> None:
    """Change how CLIENT_ID looks and where it may send people and tokens. An empty value takes away what there was."""
    command = ChangeApplication(
        client_id, name, colour, logo_text, _all_of(redirect_uris), _all_of(audiences), new_devices
    )
    changed = run(lambda database: database.write(change_application, command))
    if as_json:
        show_json(_shown(changed.application) | {"changed": list(changed.names)})
        return
    show_table([_shown(changed.application)], _COLUMNS, "")
    click.echo(f"changed: {', '.join(changed.names)}" if changed.names else "Nothing was changed: it is so already.")


def _all_of(given: tuple[str, ...]) -> tuple[str, ...] | None:
    """None where the option was not given; one that is empty stands for none at all."""
    return tuple(each for each in given if each) if given else None


@applications.command()
@click.argument("client_id")
@json_option
def remove(client_id: str, as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Remove an application: its open logins are denied, its sessions end."""
    run(lambda database: database.write(remove_application, client_id))
    if as_json:
        show_json({"client_id": client_id, "removed": True})
    else:
        click.echo(f"{client_id} is removed; its open logins are denied and its sessions have ended.")


def _shown(application: Application) -> dict[str, object]:
    return {
        "client_id": application.id,
        "name": application.name,
        "scopes": list(application.scopes),
        "audiences": list(application.audiences),
        "confidential": application.confidential,
        "dpop": application.dpop,
        "fingerprint": application.fingerprint,
        "redirect_uris": list(application.redirect_uris),
        "new_devices": application.new_devices,
        "same_device_only": application.same_device_only,
        "mail_code": application.mail_code,
        "colour": application.colour,
        "logo_text": application.logo_text,
        "created_at": moment(application.created_at),
    }
