# SPDX-License-Identifier: Apache-2.0
"""What an entry of the log says, value by value: called as people call it, and with a way to whatever it names."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

import msgspec

from counterfoil_service.core.application import OWN_ID, Application
from counterfoil_service.db.audit import StoredEvent
from counterfoil_service.web.console.audit_rows import STAFF_FIELDS, plain
from counterfoil_service.web.console.frame import CONSOLE_PATH, application_path

LABELS: Final = {
    "reason": "Reason",
    "login_id": "Login",
    "application_id": "Application",
    "session_id": "Session",
    "subject": "Person",
    "jkt": "Device key",
    "act": "What takes two",
    "address": "E-mail address",
    "alert": "Alert",
    "algorithm": "Algorithm",
    "at": "Where it was tried or noticed",
    "attempt": "Number of the attempt",
    "attempts": "Attempts without success",
    "automation": "Why it looks like a program",
    "band": "What the likeness leads to",
    "below": "First entry that is still there",
    "browser": "Browser",
    "by": "By whom or what",
    "confidential": "Has a secret (1 yes, 0 no)",
    "country": "Country (ISO 3166)",
    "device": "Device",
    "device_label": "Name that the device gave itself",
    "differing": "What differs",
    "entry": "First entry that does not fit",
    "filters": "Filters",
    "format": "Format",
    "from_index": "From entry",
    "granted_by": "Agreed to by",
    "is_new_logon": "Looks like another machine (1 yes, 0 no)",
    "kid": "Signing key",
    "kind": "Kind",
    "login": "Login",
    "method": "HTTP method",
    "misses": "Wrong codes so far",
    "missing": "What is not told any more",
    "name": "Name",
    "names": "What was changed",
    "nearness": "Network, beside that of the device that asked",
    "network": "Who runs the network",
    "operator": "Staff member",
    "part": "Part of the log",
    "person": "Person",
    "provider": "Mail provider",
    "refused": "Refused since the last such event",
    "reports": "Links reported within a day",
    "request": "Request",
    "requested_by": "Asked for by",
    "role": "Role",
    "score": "Likeness (0 to 100)",
    "seconds_since_mail": "Seconds since the mail left",
    "sink": "Receiver",
    "size": "Entries under the last checkpoint",
    "source": "Network address",
    "state": "State of the login",
    "stated_reason": "Reason in the operator's words",
    "token": "Token",
    "told": "A mail tells the person (1 yes, 0 no)",
    "trigger": "What was tried",
    "unanswered": "Links in a row that nobody answered",
    "user_agent": "User agent",
    "view": "What was shown",
}
"""By the names that the log has for them."""

_REFERENCES: Final = ("reason", "login_id", "application_id", "session_id", "subject", "jkt")
_IDS: Final = frozenset({*_REFERENCES, *STAFF_FIELDS, "alert", "device", "kid", "login", "person", "request", "token"})
_PAGES: Final = {
    "login_id": "/audit/logins/",
    "login": "/audit/logins/",
    "subject": "/people/",
    "person": "/people/",
    "device": "/devices/",
    "alert": "/alerts/",
}


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """`text` stands as code where it is an id; `path`, below the issuer, leads to what it is; `known_as` names that."""

    name: str
    label: str
    text: str
    is_id: bool = False
    path: str | None = None
    known_as: str | None = None

    def __repr__(self) -> str:
        return f"Fact(name={self.name!r})"


def facts_of(stored: StoredEvent, staff: Mapping[str, str], application: Application | None) -> list[Fact]:
    """What everybody may read who reads the log: what it refers to first. `staff` are addresses by ids."""
    event = stored.event
    references = {name: str(value) for name in _REFERENCES if (value := getattr(event, name)) is not None}
    facts = [_fact(name, text, staff, application) for name, text in references.items()]
    return facts + [_fact(name, str(value), staff, None) for name, value in sorted(event.fields.items())]


def personal_of(stored: StoredEvent) -> list[Fact] | None:
    """What was sealed; None where it was erased."""
    if stored.personal is None:
        return None
    return [_fact(name, text, {}, None) for name, text in sorted(stored.personal.items())]


def _fact(name: str, text: str, staff: Mapping[str, str], application: Application | None) -> Fact:
    path, known_as = None, None
    if name in STAFF_FIELDS and text in staff:
        path, known_as = f"{CONSOLE_PATH}/operators/{text}", plain(staff[text])
    elif name == "application_id":
        path, known_as = _place(application)
    elif name == "jkt":
        path = f"{CONSOLE_PATH}/audit?{urlencode({name: text})}"
    elif name in _PAGES:
        path = f"{CONSOLE_PATH}{_PAGES[name]}{quote(text, safe='')}"
    is_id = name in _IDS and not (name == "by" and path is None)
    return Fact(name=name, label=LABELS.get(name, name), text=plain(text), is_id=is_id, path=path, known_as=known_as)


def application_fact(application_id: str | None, application: Application | None) -> Fact | None:
    """Which application it was; None where none is named. One that was removed is an id and nothing else."""
    return None if application_id is None else _fact("application_id", application_id, {}, application)


def _place(application: Application | None) -> tuple[str | None, str | None]:
    """Where its page is, and its name; the service's own pages have none."""
    if application is None:
        return None, None
    return None if application.id == OWN_ID else application_path(application.id), plain(application.name)
