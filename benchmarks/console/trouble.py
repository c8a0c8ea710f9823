# SPDX-License-Identifier: Apache-2.0
"""What operators have to look into: done by the service's own operations, each at a time of its own in the past."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from benchmarks.console import names
from benchmarks.console.past import Past
from benchmarks.growth.history import HOUR, Person
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.evidence import Comparison
from counterfoil_service.db import audit, devices
from counterfoil_service.db.devices import Device
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.disable_user import disable_user
from counterfoil_service.operations.erase_user import erase_user
from counterfoil_service.operations.invite_user import invite_user
from counterfoil_service.operations.record_changed_device import ChangedDevice, record_changed_device

DISABLED, INVITED, ERASED, DIFFERING = 24, 30, 3, 14
_MANY = 40
"""More people than all this is about: a smaller service has less trouble."""
_LAST_SHARE = 6
_FINDINGS: Final = (
    Comparison(71, ("cpu", "os_version"), ()),
    Comparison(78, ("display", "hostname", "memory"), ("timezone",)),
    Comparison(0, ("machine",), ()),
    Comparison(66, ("product",), ("environment",)),
    Comparison(74, ("architecture", "cpu_count"), ()),
)
_CALLED: Final = {"source": "198.51.100.9", "user_agent": "python-requests/2.32"}
_OPENED: Final = {"source": "192.0.2.7", "user_agent": "Mozilla/5.0 (Android 16; Mobile)", "browser": "Firefox"}
_ALARMS: Final[Sequence[tuple[EventName, str, dict[str, str | int], dict[str, str], int]]] = (
    (EventName.SESSION_REUSE_DETECTED, "refresh_token", {}, _CALLED, 1),
    (EventName.WEBHOOK_REFUSED, "signature", {"provider": "postmark", "refused": 3}, {}, 5),
    (EventName.LOGIN_REPORTED, "reported", {}, _OPENED, 1),
    (EventName.LOGIN_KEY_MISMATCH, "other_key", {"at": "token"}, _CALLED, 2),
    (EventName.MAILBOX_FLOODED, "unsolicited", {"unanswered": 6, "reports": 1}, {}, 4),
    (EventName.SESSION_KEY_MISMATCH, "other_key", {"at": "token"}, _CALLED, 1),
    (EventName.AUDIT_SINK_FAILED, "http_503", {"sink": "https://siem.example/events", "attempts": 10}, {}, 1),
    (
        EventName.LOGIN_FINGERPRINT_MISMATCH,
        "fingerprint_mismatch",
        {"at": "token", "differing": "cpu product", "missing": "os"},
        _CALLED,
        1,
    ),
)
_NOBODYS: Final = frozenset({EventName.WEBHOOK_REFUSED, EventName.AUDIT_SINK_FAILED})
_WITH_SESSION: Final = frozenset({EventName.SESSION_REUSE_DETECTED, EventName.SESSION_KEY_MISMATCH})


class Alarm(msgspec.Struct, frozen=True):
    """An event that wants a look; `mailbox` is whose it is, if anybody's."""

    event: AuditEvent
    mailbox: bytes | None


class Trouble:
    """Of one service. `all_of` is one write."""

    def __init__(self, past: Past) -> None:
        self._past = past
        self._share = min(1.0, past.people / (4 * _MANY))

    async def all_of(self, tx: Transaction, _command: None, context: Context) -> None:
        """An operation."""
        for number in range(self._some(INVITED)):
            await invite_user(tx, names.address(self._past.people + number), self._at(context, number, 5 * HOUR))
        for number in range(self._some(DISABLED)):
            who = self._past.person(self._whom(number))
            await disable_user(tx, who.subject, self._at(context, number, 19 * HOUR))
        for number in range(self._some(ERASED)):
            who = self._past.person(self._whom(DISABLED + number))
            await erase_user(tx, who.subject, self._at(context, number, 50 * HOUR))
        for number in range(self._some(DIFFERING)):
            await self._differ(tx, number, self._at(context, number, 7 * HOUR))
        for number, alarm in enumerate(_ALARMS):
            for time in range(alarm[-1]):
                moment = self._at(context, number + 1, 2 * HOUR, (alarm[-1] - 1 - time) * HOUR // 8)
                raised = self._alarm(alarm, number)
                await audit.append(tx, moment, raised.event, mailbox=raised.mailbox)

    def _some(self, most: int) -> int:
        return max(1, round(most * self._share))

    def _whom(self, number: int) -> int:
        """From among everybody, and nobody twice."""
        return (number * self._past.people) // (_MANY + _LAST_SHARE) % self._past.people

    @staticmethod
    def _at(context: Context, number: int, apart: int, before: int = 0) -> Context:
        return msgspec.structs.replace(context, now=context.now - number * apart - HOUR // 3 - before)

    async def _differ(self, tx: Transaction, number: int, context: Context) -> None:
        person, found = self._past.person(self._whom(DISABLED + ERASED + number)), _FINDINGS[number % len(_FINDINGS)]
        device = Device(person.device_id, person.subject, person.application, person.jkt, "", "known", 0, 0)
        if await devices.tell(tx, device.id, found.finding, told_at=context.now):
            login_id = self._past.login(number).id
            changed = ChangedDevice(device, found, "refresh", login_id, told=True)
            await record_changed_device(tx, changed, context, person.mailbox)

    def _alarm(self, alarm: tuple[EventName, str, dict[str, str | int], dict[str, str], int], number: int) -> Alarm:
        name, reason, fields, personal, _ = alarm
        if name in _NOBODYS:
            return Alarm(_event(name, reason, fields, {}), None)
        at = next(
            each
            for each in range(self._past.size - 2 * self._past.fresh - number * 9 - 1, 0, -1)
            if self._past.session(each).ended_at is None
        )
        person = self._past.who(at)
        references = _references(self._past, at, person, session=name in _WITH_SESSION)
        return Alarm(_event(name, reason, fields, personal, **references), person.mailbox)


def _references(past: Past, number: int, person: Person, *, session: bool) -> dict[str, str]:
    login = past.login(number)
    of_session = {"session_id": past.session_id(number), "subject": person.subject} if session else {}
    return {"login_id": login.id, "application_id": person.application, "jkt": person.jkt, **of_session}


def _event(
    name: EventName,
    reason: str,
    fields: dict[str, str | int],
    personal: dict[str, str],
    **references: Any,  # noqa: ANN401 - AuditEvent's own fields
) -> AuditEvent:
    return AuditEvent(name=name, outcome="failure", reason=reason, fields=fields, personal=personal, **references)
