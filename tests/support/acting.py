# SPDX-License-Identifier: Apache-2.0
"""The people of a login one floor below HTTP: each verb is one operation on the stage's own database."""

import os
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import text

from counterfoil_service.core import email_address
from counterfoil_service.core.application import Application
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.grant import Grant
from counterfoil_service.core.identifiers import base64url
from counterfoil_service.crypto.dpop import Proof
from counterfoil_service.crypto.keys import digest, keyed, unseal
from counterfoil_service.db import logins, suppressions
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.suppressions import Suppression
from counterfoil_service.db.tables import metadata
from counterfoil_service.operations.approve_login import Approval, ApproveLogin, approve_login
from counterfoil_service.operations.cancel_login import CancelLogin, cancel_login
from counterfoil_service.operations.collect_login import CollectLogin, collect_login
from counterfoil_service.operations.issue_code import CodeIssued, IssueCode, issue_code
from counterfoil_service.operations.link_request import StartLogin
from counterfoil_service.operations.opener import Opener
from counterfoil_service.operations.redeem_code import RedeemCode, redeem_code
from counterfoil_service.operations.reject_login import RejectLogin, reject_login
from counterfoil_service.operations.start_login import LoginStarted, start_login
from support.stage import Stage
from support.way_home import LOOPBACK, VERIFIER, fields_of

OPENER = Opener(method="POST", source="198.51.100.7", source_range="198.51.100.0/24", user_agent="Phone/1.0")
WRONG_CODE = "BBBBBB"
DESK_APP = Application("desk-app", "Desk App", ("email",), (), "required", "optional", 0)
TABLES = sorted(metadata.tables)

Snapshot = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Begun:
    """A login and everything that anybody may know of it."""

    login_id: str
    device_code: str
    code: str
    secret: str
    jkt: str | None


def jkt_of(key: str) -> str:
    """A thumbprint for a key of this name."""
    return base64url(sha256(key.encode()).digest())


def proof_of(key: str) -> Proof:
    """A fresh proof by the key of this name, as if it had been checked."""
    return Proof(jkt=jkt_of(key), replay_key=os.urandom(32), issued_at=0)


def command(address: str = "ada@example.com", key: str | None = "laptop", **changes: Any) -> StartLogin:
    """A request for a link."""
    values: dict[str, Any] = {
        "application_id": "desk-app",
        "address": email_address.parse(address),
        "proof": None if key is None else proof_of(key),
        "scope": None,
        "resource": None,
        "device_label": None,
        "evidence": None,
        "source": "192.0.2.10",
        "source_range": "192.0.2.0/24",
        "user_agent": "Desk/1.0",
    }
    return StartLogin(**(values | changes))


async def ask(stage: Stage, address: str = "ada@example.com", key: str | None = "laptop", **changes: Any) -> Begun:
    """Ask for a link, and look up the secret that the mail will carry."""
    asked = command(address, key, **changes)
    started: LoginStarted = await stage.database.write(start_login, asked)
    return Begun(
        started.login_id,
        started.device_code,
        started.user_code.replace("-", ""),
        await secret_of(stage, started.login_id),
        asked.proof.jkt if asked.proof else None,
    )


async def secret_of(stage: Stage, login_id: str) -> str:
    """What the outbox row holds sealed, a decoy's too."""
    sql = "SELECT id, sealed_secret FROM outbox WHERE login_id = :id AND kind <> 'notice'"
    ((mail_id, sealed),) = await query(stage, sql, id=login_id)
    return unseal(stage.service.services.keys.seal_outbox, sealed, associated=mail_id.encode()).decode()


async def approve(stage: Stage, begun: Begun, code: str | None = None) -> Approval:
    """Type a code on the link page: the right one unless told otherwise."""
    return await stage.database.write(approve_login, ApproveLogin(begun.secret, code or begun.code, OPENER))


async def miss(stage: Stage, begun: Begun) -> Approval:
    """Type a wrong code."""
    return await approve(stage, begun, WRONG_CODE if begun.code != WRONG_CODE else "CCCCCC")


async def reject(stage: Stage, begun: Begun) -> bool:
    """Press Reject."""
    return await stage.database.write(reject_login, RejectLogin(begun.secret, OPENER))


async def here(stage: Stage, begun: Begun) -> str | None:
    """Press "I am on the computer where I started"; the code, if there is one."""
    issued = await stage.database.write(issue_code, IssueCode(begun.secret, OPENER))
    return fields_of(issued.target)["code"] if isinstance(issued, CodeIssued) else None


async def redeem(stage: Stage, code: str, key: str = "laptop", **changes: Any) -> "Grant | ErrorCode":
    """Trade a code for a session of `desk-app`; the grant, or the error code that stands for it."""
    values: dict[str, Any] = {
        "application": DESK_APP,
        "code": code,
        "redirect_uri": LOOPBACK,
        "verifier": VERIFIER,
        "proof": proof_of(key),
        "evidence": None,
        "source": "192.0.2.10",
        "user_agent": "Desk/1.0",
        "charged": True,
    }
    try:
        outcome = await stage.database.write(redeem_code, RedeemCode(**(values | changes)))
    except Refusal as refusal:
        return refusal.code
    return outcome.code if isinstance(outcome, Refusal) else outcome


async def cancel(stage: Stage, begun: Begun, key: str = "laptop") -> None:
    """Revoke the device code."""
    await stage.database.write(cancel_login, CancelLogin("desk-app", begun.device_code, proof_of(key), charged=True))


async def collect(stage: Stage, begun: Begun, key: str = "laptop") -> Grant | None:
    """Collect, as a poll does once key, application and fingerprint were compared; None when it is denied after all."""
    outcome = await stage.database.write(collect_login, collecting(begun.login_id, proof_of(key)))
    return outcome if isinstance(outcome, Grant) else None


def collecting(login_id: str, proof: Proof | None) -> CollectLogin:
    """The command of a poll, whose caller has read the application before."""
    return CollectLogin(login_id, proof, DESK_APP)


async def collect_or_code(stage: Stage, begun: Begun, key: str = "laptop") -> "Grant | ErrorCode | None":
    """The grant, or the error code that stands for it."""
    try:
        return await collect(stage, begun, key)
    except Refusal as refusal:
        return refusal.code


async def stored(stage: Stage, begun: Begun) -> logins.Login:
    """The row."""
    login = await stage.database.read(logins.by_device_code, digest(begun.device_code))
    assert login is not None
    return login


async def query(stage: Stage, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
    """Any query with parameters."""
    statement = Statement(text(sql))
    return [tuple(row) for row in await stage.database.read(lambda tx: tx.all(statement, parameters))]


async def execute(stage: Stage, sql: str, **parameters: Any) -> None:
    """Any write, for what no operation of this release does yet."""
    statement = Statement(text(sql))
    await stage.database.transact(lambda tx: tx.run(statement, parameters))
    stage.database.on_change(None)  # as is said of what another process wrote


async def snapshot(stage: Stage) -> Snapshot:
    """Every row of every table, in an order that does not depend on the engine."""
    return {table: sorted(await stage.rows(f"SELECT * FROM {table}"), key=repr) for table in TABLES}  # noqa: S608 - our own names


async def add_user(stage: Stage, address: str, *, disabled: bool = False) -> None:
    """A verified user of this mailbox."""
    keys = stage.service.services.keys
    parsed = email_address.parse(address)
    await execute(
        stage,
        "INSERT INTO users (id, mailbox, address, created_at, verified_at, disabled_at)"
        " VALUES (:id, :mailbox, :address, :now, :now2, :disabled_at)",
        id=base64url(os.urandom(16)),
        mailbox=keyed(keys.mailbox, parsed.canonical.encode()),
        address=parsed.mailing,
        now=stage.clock(),
        now2=stage.clock(),
        disabled_at=stage.clock() if disabled else None,
    )


async def suppress(stage: Stage, address: str) -> None:
    """Mail to this address came back for good before the test began."""
    parsed = email_address.parse(address)
    mailbox = keyed(stage.service.services.keys.mailbox, parsed.canonical.encode())
    gone = Suppression(mailbox, parsed.mailing, "bounced", "hook", "0" * 26, stage.clock() - 1)
    assert await stage.database.transact(lambda tx: suppressions.suppress(tx, gone))
