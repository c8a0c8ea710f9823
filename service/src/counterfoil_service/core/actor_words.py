# SPDX-License-Identifier: Apache-2.0
"""Who it was and where, as far as it is known: by a device's own words, its address, and how it looked."""

import re
from collections.abc import Callable, Mapping
from typing import Final, cast

from counterfoil_service.core.audit_event import AuditEvent
from counterfoil_service.core.countries import name_of_country
from counterfoil_service.core.opener import AUTOMATION_WORDS, Automation, Nearness, nearness_words
from counterfoil_service.core.operator import COMMAND_LINE

Personal = Mapping[str, str] | None
"""What was sealed: None means that it was erased, nothing at all that it never was kept."""

Teller = Callable[[AuditEvent, Personal], str]

ERASED: Final = "somebody whose details were erased"
UNKNOWN: Final = "somebody whose details were not kept"

_LONGEST_AGENT: Final = 100
_KINDS: Final = {
    "phone": re.compile(r"\b(?:iPhone|iPod)\b|\bAndroid\b.*\bMobile\b"),
    "tablet": re.compile(r"\b(?:iPad|Android)\b"),
    "computer": re.compile(r"\b(?:Windows NT|Macintosh|X11|CrOS)\b"),
}


def staff(event: AuditEvent) -> str:
    """`operator 01KAG0T4B7C9D2F5H8K1M4P7RS`, or whatever else acted; events of earlier releases do not name anybody."""
    operator = event.fields.get("operator")
    if operator is None:
        return "an operator"
    return "a command" if operator == COMMAND_LINE else f"operator {operator}"


def begun_by_staff(event: AuditEvent) -> str:
    """The same where a sentence begins."""
    name = staff(event)
    return name[0].upper() + name[1:]


def scene(event: AuditEvent, personal: Personal) -> str:
    """` on a phone in Germany`, to go on after a verb; empty where neither is known."""
    # What looks automated is believed no device: scanners wear a phone's name as readily as a computer's.
    kind = None if personal is None or "automation" in event.fields else _kind(personal.get("user_agent", ""))
    return (f" on a {kind}" if kind else "") + country(event)


def country(event: AuditEvent) -> str:
    """` in Germany`, or nothing."""
    code = event.fields.get("country")
    return f" in {name_of_country(str(code))}" if code else ""


def network(event: AuditEvent) -> str:
    """` (Example Net)`, or nothing."""
    return f" ({event.fields['network']})" if "network" in event.fields else ""


def details(event: AuditEvent, personal: Personal) -> str:
    """By what, from which address, and when and how near to the device that asked."""
    fields, parts = event.fields, [_named(event, personal)]
    if "seconds_since_mail" in fields:
        parts.append(f"{fields['seconds_since_mail']} s after the mail left")
    near = nearness_words(cast("Nearness", fields.get("nearness", "unknown")))
    return ", ".join([*parts, near] if near else parts)


def doubted(event: AuditEvent, personal: Personal) -> str:
    """The details, and why it looks automated if it does."""
    why = automation(event)
    return details(event, personal) + (f"; it looks automated: {why}" if why else "")


def automation(event: AuditEvent) -> str | None:
    """Why it looks automated; None where it does not."""
    label = event.fields.get("automation")
    return None if label is None else AUTOMATION_WORDS[cast("Automation", label)]


def is_named_browser(personal: Personal) -> bool:
    """Whether it says that it is a browser on a system, as people use one; scanners may say so, too."""
    return bool(personal) and " on " in (personal or {}).get("browser", "")


def caller(personal: Personal) -> str:
    """`, from 198.51.100.9 (counterfoil-client/0.1)`; empty where nothing was kept."""
    if personal is None:
        return f", from {ERASED}"
    if not personal:
        return ""
    return f", from {personal['source']} ({_agent(personal)})"


def _named(event: AuditEvent, personal: Personal) -> str:
    if personal is None:
        return ERASED
    return f"{_agent(personal)} at {personal['source']}{network(event)}" if personal else UNKNOWN


def _agent(personal: Mapping[str, str]) -> str:
    agent = personal["browser"] if is_named_browser(personal) else personal.get("user_agent") or "a nameless program"
    return agent if len(agent) <= _LONGEST_AGENT else f"{agent[: _LONGEST_AGENT - 1]}…"


def _kind(user_agent: str) -> str | None:
    return next((kind for kind, pattern in _KINDS.items() if pattern.search(user_agent)), None)
