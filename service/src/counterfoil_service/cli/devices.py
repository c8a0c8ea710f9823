# SPDX-License-Identifier: Apache-2.0
"""List, enrol and forget devices."""

import click

from counterfoil_service.cli.database import run
from counterfoil_service.cli.output import json_option, moment, show_json, show_table
from counterfoil_service.cli.people import addresses, subject_of
from counterfoil_service.db import devices as rows
from counterfoil_service.db.devices import Device
from counterfoil_service.db.engine import Database
from counterfoil_service.operations.enrol_device import EnrolDevice, enrol_device
from counterfoil_service.operations.forget_device import ForgetDevice, forget_device

_COLUMNS = ("id", "user", "client_id", "label", "state", "first_seen_at", "last_seen_at")


@click.group()
def devices() -> None:
    """The devices that people sign in with. WHO is an e-mail address or a subject."""


@devices.command("list")
@click.argument("who", required=False)
@json_option
def list_devices(who: str | None, as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Every device, or those of WHO, last seen first. A label is what the device calls itself."""
    shown = run(lambda database: _listed(database, who))
    if as_json:
        show_json(shown)
    else:
        show_table(shown, _COLUMNS, "No device yet: the first sign-in with a key makes one.")


@devices.command()
@click.argument("device_id")
@json_option
def enrol(device_id: str, as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Let a waiting device in: its next sign-in succeeds."""
    device = run(lambda database: database.write(enrol_device, EnrolDevice(device_id, "operator")))
    if as_json:
        show_json(_shown(device) | {"enrolled": True})
    else:
        click.echo(f"{device.id} is known from now on: its next sign-in succeeds.")


@devices.command()
@click.argument("device_id")
@json_option
def forget(device_id: str, as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Forget a device: its sessions end, and its next sign-in is a new device's."""
    command = ForgetDevice(device_id, "forgotten_by_operator")
    ended = run(lambda database: database.write(forget_device, command))
    if as_json:
        show_json({"id": device_id, "forgotten": True, "ended": ended})
    else:
        click.echo(f"{device_id} is forgotten; sessions ended: {len(ended)}.")


async def _listed(database: Database, who: str | None) -> list[dict[str, object]]:
    subject = await subject_of(database, who)
    people = await addresses(database)
    found = await (database.read(rows.list_all) if subject is None else database.read(rows.of_user, subject))
    return [_shown(device) | {"user": people.get(device.user_id)} for device in found]


def _shown(device: Device) -> dict[str, object]:
    return {
        "id": device.id,
        "subject": device.user_id,
        "client_id": device.application_id,
        "label": device.label,
        "state": device.state,
        "key": device.key_id,
        "first_seen_at": moment(device.first_seen_at),
        "last_seen_at": moment(device.last_seen_at),
    }
