# SPDX-License-Identifier: Apache-2.0
"""Sessions over days: rotated, restarted, shared, copied, stolen, put to sleep, and ended by operators."""

import shutil
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from counterfoil_client import FileStore, MemoryStore, Session, SessionEnded
from journeys.conftest import OpenDesktop, OpenService
from journeys.databases import execute, rows
from journeys.desktop import (
    CLIENT_ID,
    USERINFO,
    Asked,
    ClientKind,
    Desktop,
    aged,
    let_the_token_end,
    let_the_token_get_old,
)
from journeys.proxy import Proxy
from journeys.verified import verified
from support.background import LoopThread
from support.mailserver import MailServer
from support.phone import Phone
from support.processes import RunningService

KINDS: tuple[ClientKind, ...] = ("sync", "async")
ROTATIONS = 10
HOURS_PASS = (
    "UPDATE sessions SET created_at = created_at - 18000000000, last_used_at = last_used_at - 18000000000",
    "UPDATE refresh_tokens SET created_at = created_at - 18000000000",
)
SECOND_PROCESS = """
import sys, httpx2
from counterfoil_client import Client, FileStore
issuer, client_id, directory = sys.argv[1:]
with Client(issuer, client_id, store=FileStore(directory)) as client:
    session = client.load_session()
    with httpx2.Client(auth=session.auth, trust_env=False) as http:
        print(http.get(f"{issuer}/oauth/userinfo").raise_for_status().json()["sub"])
"""


def signed_in(terminal: Desktop, mail: MailServer, phone: Phone, address: str) -> tuple[Session, Asked]:
    """A whole sign-in by typed code."""
    asked = terminal.ask(address)
    assert phone.approve(mail.letter_to(address).link, asked.user_code) == 200
    return asked.session(), asked


def refreshed(terminal: Desktop, session: Session) -> str:
    """The next access token, used once."""
    let_the_token_end(session)
    assert terminal.sub(session) == session.subject
    return session.access_token


def test_ten_rotations_outlive_a_killed_service_and_end_at_an_operators_word(
    new_service: OpenService, mail: MailServer, phone: Phone, desktop: OpenDesktop, address: str
) -> None:
    with new_service() as service:
        terminals = [desktop(service, kind) for kind in KINDS]
        held = [
            (terminal, signed_in(terminal, mail, phone, f"{n}{address}")[0]) for n, terminal in enumerate(terminals)
        ]
        for turn in range(ROTATIONS):
            for terminal, session in held:
                before = (session.access_token, session.refresh_token)
                claims = verified(service, refreshed(terminal, session))
                assert (claims["sid"], claims["sub"]) == (session.session_id, session.subject)
                assert claims["cnf"] == {"jkt": terminal.jkt}
                assert {session.access_token, session.refresh_token}.isdisjoint(before)
            if turn == ROTATIONS // 2:
                service.kill()
                service.start()

        assert "Sessions ended: 2" in service.told("sessions", "revoke", "--every", "--yes")
        for terminal, session in held:
            assert terminal.is_out(session)
            assert terminal.load() is None


def test_an_answer_that_was_lost_before_a_long_sleep_signs_nobody_out(
    new_service: OpenService, mail: MailServer, phone: Phone, desktop: OpenDesktop, loop: LoopThread, address: str
) -> None:
    with Proxy(loop) as proxy, new_service(public_url=proxy.url) as service:
        url = service.settings["database_url"]
        proxy.targets = [service.port]
        terminals = [desktop(service, kind) for kind in KINDS]
        held = [
            (terminal, signed_in(terminal, mail, phone, f"{n}{address}")[0]) for n, terminal in enumerate(terminals)
        ]
        for number, (terminal, session) in enumerate(held, 1):
            before = session.refresh_token
            let_the_token_get_old(session)
            proxy.losses = number
            assert terminal.sub(session) == session.subject, "a token that still works bridges the gap"
            assert proxy.lost == number
            assert session.refresh_token == before

        for statement in HOURS_PASS:
            execute(url, statement)
        for terminal, session in held:
            refreshed(terminal, session)
            refreshed(terminal, session)
            told = _events(url, session)
            assert told.count(("session.refreshed", "lost_answer")) == 1
            assert {name for name, _ in told} == {"session.created", "session.refreshed"}


def test_a_second_process_goes_on_where_the_first_one_is(
    service: RunningService,
    mail: MailServer,
    phone: Phone,
    desktop: OpenDesktop,
    either_kind: ClientKind,
    address: str,
    tmp_path: Path,
) -> None:
    store = FileStore(tmp_path / "store")
    terminal = desktop(service, either_kind, store=store)
    session, _ = signed_in(terminal, mail, phone, address)
    for _ in range(2):
        issuer = service.public_url
        stored = store.load_session(issuer, CLIENT_ID)
        assert stored is not None
        store.save_session(issuer, CLIENT_ID, aged(stored))
        told = subprocess.run(
            [sys.executable, "-c", SECOND_PROCESS, issuer, CLIENT_ID, str(tmp_path / "store")],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert told.stdout.strip() == session.subject, told.stderr
        refreshed(terminal, session)
    names = [name for name, _ in _events(service.settings["database_url"], session)]
    assert names == ["session.created", *["session.refreshed"] * 2], "each rotation of one was taken over by the other"


def test_whoever_copies_key_and_tokens_ends_the_session_for_both(
    service: RunningService,
    mail: MailServer,
    phone: Phone,
    desktop: OpenDesktop,
    either_kind: ClientKind,
    address: str,
    tmp_path: Path,
) -> None:
    owner = desktop(service, either_kind, store=FileStore(tmp_path / "hers"))
    session, asked = signed_in(owner, mail, phone, address)
    shutil.copytree(tmp_path / "hers", tmp_path / "his")
    thief = desktop(service, either_kind, store=FileStore(tmp_path / "his"))
    stolen = thief.load()
    assert stolen is not None
    # The first refresh might be hers, whose answer was lost; the second one tells that somebody has had that answer.
    for _ in range(2):
        refreshed(thief, stolen)

    with pytest.raises(SessionEnded):
        refreshed(owner, session)
    assert thief.is_out(stolen)
    told = service.told("audit", "explain", asked.login_id)
    assert "ALERT: a token that was already used came again; the session was ended." in told
    assert f"Session {session.session_id} ended (reuse_detected)." in told


def test_tokens_without_their_key_are_worth_nothing_and_their_owner_stays_signed_in(
    service: RunningService, mail: MailServer, phone: Phone, desktop: OpenDesktop, either_kind: ClientKind, address: str
) -> None:
    store, copy = MemoryStore(), MemoryStore()
    owner = desktop(service, either_kind, store=store)
    session, _ = signed_in(owner, mail, phone, address)
    stored = store.load_session(service.public_url, CLIENT_ID)
    assert stored is not None
    copy.save_session(service.public_url, CLIENT_ID, stored)
    thief = desktop(service, either_kind, store=copy)
    stolen = thief.load()
    assert stolen is not None
    assert thief.is_out(stolen)
    bearer = {"Authorization": f"Bearer {session.access_token}"}
    assert httpx2.get(service.public_url + USERINFO, headers=bearer, trust_env=False).status_code == 401
    assert owner.sub(session) == session.subject
    refreshed(owner, session)
    names = [name for name, _ in _events(service.settings["database_url"], session)]
    assert names == ["session.created", "session.key_mismatch", "session.refreshed"]


def test_a_disabled_user_is_out_at_once(
    service: RunningService, mail: MailServer, phone: Phone, desktop: OpenDesktop, either_kind: ClientKind, address: str
) -> None:
    terminal = desktop(service, either_kind)
    session, _ = signed_in(terminal, mail, phone, address)
    assert "sessions ended: 1" in service.told("users", "disable", address)
    assert terminal.is_out(session)


def test_signing_out_ends_the_session_here_and_there(
    service: RunningService, mail: MailServer, phone: Phone, desktop: OpenDesktop, either_kind: ClientKind, address: str
) -> None:
    store = MemoryStore()
    terminal = desktop(service, either_kind, store=store)
    session, _ = signed_in(terminal, mail, phone, address)
    stored = store.load_session(service.public_url, CLIENT_ID)
    assert stored is not None
    terminal.sign_out(session)
    assert terminal.load() is None
    store.save_session(service.public_url, CLIENT_ID, aged(stored))
    assert terminal.load() is None, "the service knows it, too"


def _events(url: str, session: Session) -> list[tuple[str, str | None]]:
    """Names and reasons of what the audit log says of a session, in order."""
    sql = "SELECT name, reason FROM audit_events WHERE session_id = ? ORDER BY position"
    return [(name, reason) for name, reason in rows(url, sql, session.session_id) if name.startswith("session.")]
