# SPDX-License-Identifier: Apache-2.0
"""Check what an operator set up, and say what to do about each finding."""

import asyncio
import datetime as dt
import time
from collections.abc import AsyncIterator
from typing import Literal
from urllib.parse import urlsplit

import click
from rich.console import Console

from counterfoil_service.cli.database import WRONG_SCHEMA, cause_of, settings_or_fail
from counterfoil_service.cli.doctor_mail import check_dns, send_test
from counterfoil_service.cli.doctor_redis import check_redis
from counterfoil_service.cli.doctor_templates import check_templates
from counterfoil_service.cli.mmdb import check_file
from counterfoil_service.cli.output import json_option, show_json
from counterfoil_service.core import budget
from counterfoil_service.core.errors import Refusal
from counterfoil_service.db import alert_pushes, applications, clock, operators
from counterfoil_service.db.engine import Database
from counterfoil_service.db.open import open_database, sqlite_path
from counterfoil_service.db.unlock import WrongSecretKeyError, check_key
from counterfoil_service.operations.describe_sinks import SinkState, describe_sinks
from counterfoil_service.settings import RECOMMENDED_LINK_TTL, Settings
from counterfoil_service.settings.mail_providers import MailProvider, read_mail_providers

MAX_CLOCK_DIFFERENCE_SECONDS = 1
MAX_SINK_DELAY_SECONDS = 300
CONNECT_SECONDS = 5
_ALERTS = "ALERTS"
MIN_OPERATORS = 2

_TRACKING = {
    "resend": "; see that open and click tracking is off for the domain there, as no mail can say so",
    "postmark": "; see that open tracking is off for the server there, as no mail can overrule it",
}

Verdict = Literal["ok", "warning", "error"]
Finding = dict[str, str]
_MARKS = {"ok": "[green]ok[/]     ", "warning": "[yellow]warning[/]", "error": "[red]error[/]  "}


@click.command()
@click.option("--send-test", "address", help="Send a test mail to this address, too.")
@json_option
def doctor(address: str | None, as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Check settings, database, mail and the sender's DNS; exit status 1 when something is wrong."""
    settings = settings_or_fail()
    findings = asyncio.run(_findings(settings, address))
    if as_json:
        show_json({"findings": findings})
    else:
        console = Console(highlight=False)
        for finding in findings:
            console.print(f"{_MARKS[finding['verdict']]} {finding['subject']}: ", end="")
            console.print(finding["text"], markup=False, soft_wrap=True)
    if any(finding["verdict"] == "error" for finding in findings):
        raise SystemExit(1)


def _finding(verdict: Verdict, subject: str, text: str) -> Finding:
    return {"verdict": verdict, "subject": subject, "text": text}


async def _findings(settings: Settings, address: str | None) -> list[Finding]:
    found = [*_settings(settings), *_places(settings)]
    found += [_finding(verdict, "TEMPLATES", text) for verdict, text in check_templates(settings)]
    found += [finding async for finding in _database(settings)]
    if settings.redis_url is not None:
        verdict, text = await check_redis(settings.redis_url)
        found.append(_finding(verdict, "REDIS_URL", text))
    judged = [*await check_dns(settings), *([] if address is None else [await send_test(settings, address)])]
    mail = [*await _mail(settings), *await _alerts(settings)]
    return [*found, *mail, *(_finding(each.verdict, each.subject, each.text) for each in judged)]


def _settings(settings: Settings) -> list[Finding]:
    found = [_finding("ok", "settings", f"issuer {settings.public_url}")]
    if urlsplit(settings.public_url).scheme == "http":
        found.append(
            _finding("warning", "PUBLIC_URL", "plain http serves this machine alone; use https for anybody else")
        )
    elif not settings.trusted_proxies:
        text = "none are named: behind a TLS proxy all people would share its address and its limits; name its network"
        found.append(_finding("warning", "TRUSTED_PROXIES", text))
    if settings.link_ttl > RECOMMENDED_LINK_TTL:
        rule = "leaves NIST SP 800-63B-4 §3.1.3.2 and ASVS 6.5.5, which allow ten minutes"
        found.append(
            _finding("warning", "LINK_TTL", f"{settings.link_ttl} s {rule}; lower it to {RECOMMENDED_LINK_TTL}")
        )
    if settings.mail_code_cost.is_low:
        text = "is below 19 MiB and two passes, the least that the OWASP Password Storage Cheat Sheet names; raise it"
        found.append(_finding("warning", "MAIL_CODE_COST", text))
    found.extend(
        _finding("warning", "BUDGETS", f"{name} is looser than its default; lower it unless you know why")
        for name in budget.loosened(settings.budgets)
    )
    return found


def _places(settings: Settings) -> list[Finding]:
    now = dt.datetime.now(dt.UTC)
    checks = [check_file(path, now) for path in settings.mmdb_files]
    return [_finding(verdict, "MMDB_FILES", text) for verdict, text in checks]


async def _database(settings: Settings) -> AsyncIterator[Finding]:
    path = sqlite_path(settings.database_url.reveal())
    kind = "PostgreSQL" if path is None else "SQLite"
    if path is not None and not path.parent.is_dir():
        yield _finding("error", "database", f"its folder {path.parent} does not exist; make it")
        return
    if path is not None and not path.exists():
        yield _finding("ok", "database", f"{path} does not exist yet; `counterfoil serve` makes it")
        return
    try:
        database = await open_database(settings.database_url.reveal())
    except Exception as error:  # noqa: BLE001 - whatever the driver raises is the finding
        yield _finding("error", "database", f"{kind} does not open ({cause_of(error)}); check COUNTERFOIL_DATABASE_URL")
        return
    try:
        async for finding in _open_database(database, settings, kind):
            yield finding
    finally:
        await database.close()


async def _open_database(database: Database, settings: Settings, kind: str) -> AsyncIterator[Finding]:
    schema = await database.schema()
    if schema != "current":
        yield _finding("error", "database", f"the {kind} schema: {WRONG_SCHEMA[schema]}")
        return
    yield _finding("ok", "database", f"{kind} answers and its schema is this release's")
    try:
        used = await check_key(database, settings)
        yield _finding("ok", "SECRET_KEY", "unseals what this database holds" if used else "was not used here yet")
    except WrongSecretKeyError as error:
        yield _finding("error", "SECRET_KEY", str(error))
        return
    difference = abs(await database.read(clock.now) / 1_000_000 - time.time())
    if difference > MAX_CLOCK_DIFFERENCE_SECONDS:
        yield _finding("warning", "clock", f"differs from the database's by {difference:.1f} s; let both follow NTP")
    if not await database.read(applications.list_all):
        yield _finding(
            "warning", "applications", "none yet; `counterfoil applications add NAME --client-id ID` makes one"
        )
    staff = await database.read(operators.list_all)
    if settings.four_eyes and sum(each.role == "operator" for each in staff) < MIN_OPERATORS:
        text = "takes two operators and there are fewer: `counterfoil operators add EMAIL` adds one"
        yield _finding("warning", "FOUR_EYES", text)
    for state in await database.read(describe_sinks):
        if state.row.name in {sink.name for sink in settings.audit_sinks}:
            yield _sink(state)
    async for finding in _pushes(database, settings):
        yield finding


def _sink(state: SinkState) -> Finding:
    name, since, problem = state.row.name.partition("?")[0], state.waiting_since, state.row.problem
    late = since is not None and time.time() - since / 1_000_000 > MAX_SINK_DELAY_SECONDS
    if not late and problem is None:
        return _finding("ok", "AUDIT_SINKS", f"{name} gets the log, and lacks {state.behind} entries now")
    text = f"{name} lacks {state.behind} entries ({problem or 'too slow'}); see `counterfoil audit sinks`"
    return _finding("warning", "AUDIT_SINKS", text)


async def _alerts(settings: Settings) -> list[Finding]:
    """Whether those who are to be told can be: by mail as mail leaves at all, by webhook where somebody answers."""
    found = []
    for target in settings.alerts:
        if target.webhook is None:
            if not settings.sends_mail:
                text = "names an address, and no mail is set up: nobody is told; set COUNTERFOIL_MAIL_URL"
                found.append(_finding("error", _ALERTS, text))
            continue
        from counterfoil_service.http_post import reach

        try:
            await asyncio.wait_for(reach(target.webhook.name), CONNECT_SECONDS)
        except (OSError, TimeoutError) as error:
            text = f"{target.name} does not answer ({cause_of(error)}); check COUNTERFOIL_ALERTS"
            found.append(_finding("error", _ALERTS, text))
        else:
            found.append(
                _finding("ok", _ALERTS, f"{target.name} answers; only an alert shows whether it takes the key")
            )
    return found


async def _pushes(database: Database, settings: Settings) -> AsyncIterator[Finding]:
    for target in settings.alerts:
        waiting = await database.read(alert_pushes.waiting, target.name)
        if waiting.since is not None and time.time() - waiting.since / 1_000_000 > MAX_SINK_DELAY_SECONDS:
            shown = "an address" if target.webhook is None else target.name
            text = f"{shown} was not told of {waiting.count} alerts yet; /console/alerts says why"
            yield _finding("warning", _ALERTS, text)


async def _mail(settings: Settings) -> list[Finding]:
    providers = read_mail_providers(settings.mail_url.reveal())
    if not providers:
        text = "none is set up: each link waits for `counterfoil links relay`; set COUNTERFOIL_MAIL_URL"
        return [_finding("warning", "mail", text)]
    return [await _provider(each, settings) for each in providers]


async def _provider(provider: MailProvider, settings: Settings) -> Finding:
    if provider.kind in {"file", "console"}:
        return _finding("warning", "mail", f"{provider.kind}: is for development; set COUNTERFOIL_MAIL_URL to smtp://…")
    from counterfoil_service.http_post import reach
    from counterfoil_service.mail.transports.smtp import greet

    smtp, name = provider.kind == "smtp", provider.shown
    try:
        checked = greet(urlsplit(provider.url.reveal())) if smtp else reach(provider.endpoint)
        await asyncio.wait_for(checked, CONNECT_SECONDS)
    except (Refusal, OSError, TimeoutError) as error:
        text = f"{name} does not answer as it should ({cause_of(error)}); check COUNTERFOIL_MAIL_URL"
        return _finding("error", "mail", text)
    unchecked = "" if smtp else "; a test mail alone shows whether it takes these credentials"
    return _finding(
        "ok", "mail", f"{name} answers, sender {settings.sender}{unchecked}{_TRACKING.get(provider.kind, '')}"
    )
