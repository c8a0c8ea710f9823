# SPDX-License-Identifier: Apache-2.0
"""`/console/alerts`: what wants a look, in words, and who said why it can be closed."""

from typing import Final
from urllib.parse import urlencode

import msgspec
from litestar import Response, post, route
from litestar.enums import HttpMethod
from litestar.params import FromPath

from counterfoil_service.core.alert_words import AlertWords, words_of
from counterfoil_service.core.alerting import KINDS, AlertCursor, is_about_others, party_of
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.identifiers import is_ulid
from counterfoil_service.core.mail_words import trouble
from counterfoil_service.core.relaying import MAX_REASON
from counterfoil_service.core.timeline import SECOND
from counterfoil_service.db.alert_pushes import Push
from counterfoil_service.operations.acknowledge_alerts import AcknowledgeAlerts, acknowledge_alerts
from counterfoil_service.operations.describe_alerts import (
    AlertsAsked,
    AlertsPage,
    DescribedAlert,
    describe_alert,
    describe_alerts,
)
from counterfoil_service.web.browser.answers import go_to_path, path_of
from counterfoil_service.web.browser.query import Query
from counterfoil_service.web.console.access import Visitor, act, admit, read_form_of, view
from counterfoil_service.web.console.audit_query import utc
from counterfoil_service.web.console.done import as_sentence, done_of, go_back
from counterfoil_service.web.console.frame import CONSOLE_PATH, ConsolePage, show
from counterfoil_service.web.forms import Form
from counterfoil_service.web.services import AnyRequest, services_of

READ: Final = [HttpMethod.GET, HttpMethod.HEAD]
PAGE: Final = 25
ALERTS_PATH: Final = f"{CONSOLE_PATH}/alerts"
_DONE: Final = {
    "acknowledged": "Acknowledged, with your name and reason.",
    "before": "Nothing was changed: somebody else had acknowledged it already.",
}


_SEE_BELOW: Final = "Nothing was acknowledged: see below."


class ShownPush(msgspec.Struct, frozen=True):
    """Who was told, or not; `why` is the trouble in words. `configured`: the settings still name them."""

    push: Push
    why: str
    configured: bool

    @property
    def target(self) -> str:
        """An address alone, or a URL."""
        return self.push.target.removeprefix("mailto:")


class ShownAlert(msgspec.Struct, frozen=True):
    """One as the templates read it."""

    described: DescribedAlert
    words: AlertWords
    pushed: list[ShownPush]

    @property
    def party(self) -> tuple[str, str] | None:
        """The device, receiver or provider that it is about."""
        return party_of(self.described.alert.kind, self.described.alert.about)

    @property
    def events(self) -> str:
        """The audit log's query of what raised it."""
        alert = self.described.alert
        return "?" + urlencode(
            {"name": alert.kind, "since": utc(alert.raised_at), "until": utc(alert.last_at + SECOND)}
        )

    @property
    def is_many(self) -> bool:
        """Whether it counts what is about others, of whom there are too many for an alert each."""
        return is_about_others(self.described.alert.about)


class Listed(msgspec.Struct, frozen=True):
    """What a list shows: as its address says, or as a form carried it on."""

    everything: bool
    kind: str | None
    after: AlertCursor | None

    @classmethod
    def of(cls, form: Form) -> "Listed":
        """Whatever cannot be read is left out."""
        kind, after = form.get("kind"), form.get("after")
        return cls(
            form.get("show") == "all",
            kind if kind in KINDS else None,
            None if after is None else AlertCursor.parse(after),
        )

    def query(self, **more: str) -> str:
        """For a link to it."""
        parts = {"show": "all" if self.everything else None, "kind": self.kind, **more}
        text = urlencode({name: value for name, value in parts.items() if value})
        return f"?{text}" if text else ""


class AlertListPage(ConsolePage, frozen=True, kw_only=True):
    """The list. With one kind chosen an operator may acknowledge several, and `words` say once what they all mean.

    `unfit` is what is wrong with the choice of them, `error` with the reason.
    """

    template = "alerts.html"
    section = "/alerts"
    listed: Listed
    alerts: list[ShownAlert]
    following: str | None
    kinds: list[tuple[str, str]]
    words: AlertWords | None
    unfit: str = ""
    chosen: frozenset[str] = frozenset()
    reason: str = ""
    error: str = ""
    longest: int = MAX_REASON


class AlertPage(ConsolePage, frozen=True, kw_only=True):
    """One of them."""

    template = "alert.html"
    section = "/alerts"
    alert: ShownAlert
    reason: str = ""
    error: str = ""
    longest: int = MAX_REASON


@route("/alerts", http_method=READ)
async def show_alerts(request: AnyRequest) -> Response[str]:
    """The latest first; those that nobody has acknowledged, unless all are asked for."""
    visitor = await admit(request)
    page = await _listed_page(request, visitor, Listed.of(Query(request.scope["query_string"])))
    return await show(request, visitor, page, message=done_of(request, _DONE))


@post("/alerts")
async def acknowledge_several(request: AnyRequest) -> Response[str]:
    """Those whose boxes are ticked, all of one kind, for one reason."""
    form, visitor = await read_form_of(request)
    chosen = [each for each in (form.get(f"alert_{number}") for number in range(PAGE)) if each is not None]
    listed = Listed.of(form)
    try:
        done = await _acknowledged(request, visitor, tuple(chosen), form)
    except Refusal as refusal:
        page = await _listed_page(request, visitor, listed)
        typed, said = form.get("reason", at_most=16_384) or "", _said(refusal)
        page = msgspec.structs.replace(page, chosen=frozenset(chosen), reason=typed, **{_field(refusal): said})
        return await show(request, visitor, page, 422, _SEE_BELOW)
    return go_to_path(request, path_of(request, ALERTS_PATH) + listed.query(done=done))


@route("/alerts/{alert_id:str}", http_method=READ)
async def show_alert(request: AnyRequest, alert_id: FromPath[str]) -> Response[str]:
    """All that is known of one."""
    visitor = await admit(request)
    page = await _one_page(request, visitor, alert_id)
    return await show(request, visitor, page, message=done_of(request, _DONE))


@post("/alerts/{alert_id:str}")
async def acknowledge_one(request: AnyRequest, alert_id: FromPath[str]) -> Response[str]:
    """With a reason."""
    form, visitor = await read_form_of(request)
    try:
        done = await _acknowledged(request, visitor, (alert_id,), form)
    except Refusal as refusal:
        page = await _one_page(request, visitor, alert_id)
        typed, error = form.get("reason", at_most=16_384) or "", _said(refusal)
        page = msgspec.structs.replace(page, reason=typed, error=error)
        return await show(request, visitor, page, 422, _SEE_BELOW)
    return go_back(request, f"{ALERTS_PATH}/{alert_id}", done)


async def _acknowledged(request: AnyRequest, visitor: Visitor, ids: tuple[str, ...], form: Form) -> str:
    """The word for what was done."""
    command = AcknowledgeAlerts(ids, form.get("reason", at_most=16_384) or "")
    count: int = await act(request, visitor, acknowledge_alerts, command)
    return "acknowledged" if count else "before"


def _said(refusal: Refusal) -> str:
    """What the person can mend on the page; everything else is no matter of this page."""
    if refusal.code is not ErrorCode.INVALID_REQUEST:
        raise refusal
    return as_sentence(refusal.description)


def _field(refusal: Refusal) -> str:
    """Where on the list it is said: by the boxes, or at the reason."""
    return "unfit" if refusal.description.startswith("alert: ") else "error"


async def _listed_page(request: AnyRequest, visitor: Visitor, listed: Listed) -> AlertListPage:
    await view(request, visitor, "alerts")
    asked = AlertsAsked(unseen=not listed.everything, kind=listed.kind, after=listed.after, limit=PAGE)
    found: AlertsPage = await services_of(request).database.read(describe_alerts, asked)
    following = None if found.following is None else listed.query(after=found.following.text())
    return AlertListPage(
        title="Alerts",
        listed=listed,
        alerts=[_shown(request, each) for each in found.alerts],
        following=following,
        kinds=[(kind, words_of(kind).title) for kind in KINDS],
        words=None if listed.kind is None else words_of(listed.kind),
    )


async def _one_page(request: AnyRequest, visitor: Visitor, alert_id: str) -> AlertPage:
    found = await services_of(request).database.read(describe_alert, alert_id) if is_ulid(alert_id) else None
    if found is None:
        raise Refusal(ErrorCode.NOT_FOUND, "There is no such alert, or it was acknowledged and deleted since.")
    await view(request, visitor, "alerts", subject=found.alert.subject, login=found.alert.login_id)
    return AlertPage(title=words_of(found.alert.kind).title, alert=_shown(request, found))


def _shown(request: AnyRequest, described: DescribedAlert) -> ShownAlert:
    targets = {target.name for target in services_of(request).settings.alerts}
    pushed = [ShownPush(push, _why(push), push.target in targets) for push in described.pushes]
    return ShownAlert(described, words_of(described.alert.kind), pushed)


def _why(push: Push) -> str:
    """Of mail in the words of its stories; a webhook's trouble is a code that whoever runs it knows."""
    if push.problem is None:
        return ""
    if push.problem == "gone":
        return "it answered 410 and wants nothing more"
    if push.target.startswith("mailto:"):
        return trouble(push.problem)
    status = push.problem.removeprefix("http_")
    return f"it answered {status}" if status != push.problem else f"the error was {push.problem}"
