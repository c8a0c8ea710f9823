# SPDX-License-Identifier: Apache-2.0
"""A device's attributes and what changed about them, in words."""

from collections.abc import Mapping

import msgspec

from counterfoil_service.core.audit_event import AuditEvent
from counterfoil_service.core.evidence import MACHINE, Band

ATTRIBUTE_WORDS: dict[str, str] = {
    MACHINE: "machine identifier",
    "cpu": "processor",
    "product": "product name",
    "environment": "container or virtual machine",
    "architecture": "architecture",
    "os": "operating system",
    "cpu_count": "number of processors",
    "hostname": "host name",
    "display": "displays",
    "memory": "memory",
    "key_storage": "key storage",
    "locale": "language",
    "os_version": "version of the operating system",
    "timezone": "time zone",
    "app": "version of the application",
}


class Finding(msgspec.Struct, frozen=True):
    """How a device differs from what it was, in words."""

    differing: tuple[str, ...]
    missing: tuple[str, ...]

    @classmethod
    def of_event(cls, event: AuditEvent) -> "Finding":
        """That of a `device.changed`."""
        return cls(_words(event.fields.get("differing", "")), _words(event.fields.get("missing", "")))


def finding_of(told: str) -> Finding:
    """What `Comparison.finding` says."""
    differing, _, missing = told.partition("/")
    return Finding(_words(differing), _words(missing))


def followed_words(event: AuditEvent) -> str:
    """What came of a `device.changed`, in a sentence or two."""
    fields = event.fields
    told = " The person was told by mail." if fields.get("told") else " The person was not told by mail."
    if fields["band"] == Band.NORMAL:
        return "That much changes on any machine: nothing was done."
    if fields["at"] == "sign_in":
        return f"Nothing was refused, as the person approved that sign-in.{told}"
    if fields["band"] == Band.NOTIFY:
        return f"Its tokens were renewed.{told}"
    return "It was refused and signed out: only a fresh sign-in lets it in again."


def other_machine(fields: Mapping[str, str | int]) -> str:
    """How a machine differs from the one that asked, behind "came"."""
    differing, missing = _named(fields, "differing"), _named(fields, "missing")
    if not differing and not missing:
        return "with another fingerprint"
    if not differing:
        return f"without its fingerprint ({missing})"
    rest = f", without {missing}" if missing else ""
    return f"from another machine (different: {differing}{rest})"


def changed_device(event: AuditEvent) -> str:
    """What a comparison found, and what came of it."""
    fields = event.fields
    differing, missing = _named(fields, "differing"), _named(fields, "missing")
    parts = [f"different: {differing}"] if differing else []
    parts += [f"missing: {missing}"] if missing else []
    found = f"{'; '.join(parts) or 'nothing'} (score {fields['score']} of 100)"
    if fields["band"] == Band.NORMAL:
        return f"The device has drifted, as devices do: {found}."
    told = "; a mail tells the person" if fields.get("told") else ""
    if fields["at"] == "sign_in":
        return f"ALERT: the key is known, but the device looks like another: {found}, noticed at this sign-in{told}."
    if fields["band"] == Band.NOTIFY:
        return f"ALERT: the device looks like another: {found}. Its tokens were renewed{told}."
    return f"ALERT: the key came from another machine: {found}. Refused; a fresh sign-in is needed."


def _named(fields: Mapping[str, str | int], name: str) -> str:
    return ", ".join(_words(fields.get(name, "")))


def _words(names: str | int) -> tuple[str, ...]:
    return tuple(ATTRIBUTE_WORDS[name] for name in str(names).split())
