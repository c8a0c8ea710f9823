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
from journeys.explained import explained, let_the_mail_be_read, settled, typed
from journeys.proxy import Proxy
from journeys.verified import verified
from support.background import LoopThread
from support.mailserver import MailServer
from support.mmdb import write_mmdb
from support.phone import Browser, Phone
from support.processes import RunningService

KINDS: tuple[ClientKind, ...] = ("sync", "async")
ROTATIONS = 10
GERMANY = {"country": {"iso_code": "DE"}, "autonomous_system_organization": "Example Telecom"}
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


def signed_in(
    service: RunningService, terminal: Desktop, mail: MailServer, phone: Phone, address: str
) -> tuple[Session, Asked]:
    """A whole sign-in by typed code."""
    asked = terminal.ask(address)
    letter = mail.letter_to(address)
    let_the_mail_be_read(service, asked.login_id)
    assert phone.approve(letter.link, asked.user_code) == 200
    session = asked.session()
    settled(service, asked.login_id)
    return session, asked


def refreshed(terminal: Desktop, session: Session) -> str:
    """The next access token, used once."""
    let_the_token_end(session)
    assert terminal.sub(session) == session.subject
    return session.access_token


def test_ten_rotations_outlive_a_killed_service_and_end_at_an_operators_word(
    new_service: OpenService, mail: MailServer, browser: Browser, desktop: OpenDesktop, address: str, tmp_path: Path
) -> None:
    places = write_mmdb(tmp_path / "places.mmdb", {"91.0.0.0/10": GERMANY})
    with (
        new_service(mmdb_files=str(places), trusted_proxies="127.0.0.0/8") as service,
        browser.phone(extra_http_headers={"X-Forwarded-For": "91.10.20.30"}) as phone,
    ):
        terminals = [desktop(service, kind) for kind in KINDS]
        signed = [
            (terminal, *signed_in(service, terminal, mail, phone, f"{n}{address}"))
            for n, terminal in enumerate(terminals)
        ]
        held = [(terminal, session) for terminal, session, _ in signed]
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
        for terminal, session, asked in signed:
            assert terminal.is_out(session)
            assert terminal.load() is None
            explained(service, asked.login_id, "ten_renewals")


def test_an_answer_that_was_lost_before_a_long_sleep_signs_nobody_out(
    new_service: OpenService, mail: MailServer, phone: Phone, desktop: OpenDesktop, loop: LoopThread, address: str
) -> None:
    with Proxy(loop) as proxy, new_service(public_url=proxy.url) as service:
        url = service.settings["database_url"]
        proxy.targets = [service.port]
        terminals = [desktop(service, kind) for kind in KINDS]
        held = [
            (terminal, *signed_in(service, terminal, mail, phone, f"{n}{address}"))
            for n, terminal in enumerate(terminals)
        ]
        for number, (terminal, session, _) in enumerate(held, 1):
            before = session.refresh_token
            let_the_token_get_old(session)
            proxy.losses = number
            assert terminal.sub(session) == session.subject, "a token that still works bridges the gap"
            assert proxy.lost == number
            assert session.refresh_token == before

        for statement in HOURS_PASS:
            execute(url, statement)
        for terminal, session, asked in held:
            refreshed(terminal, session)
            refreshed(terminal, session)
            told = _events(url, session)
            assert told.count(("session.refreshed", "lost_answer")) == 1
            assert {name for name, _ in told} == {"session.created", "session.refreshed"}
            explained(service, asked.login_id, "answer_lost_before_a_sleep")


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
    session, _ = signed_in(service, terminal, mail, phone, address)
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
    session, asked = signed_in(service, owner, mail, phone, address)
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
    explained(service, asked.login_id, "copied_key_and_tokens")


def test_tokens_without_their_key_are_worth_nothing_and_their_owner_stays_signed_in(
    service: RunningService, mail: MailServer, phone: Phone, desktop: OpenDesktop, either_kind: ClientKind, address: str
) -> None:
    store, copy = MemoryStore(), MemoryStore()
    owner = desktop(service, either_kind, store=store)
    session, asked = signed_in(service, owner, mail, phone, address)
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
    explained(service, asked.login_id, "copied_tokens_without_their_key")


def test_a_disabled_user_is_out_at_once_and_an_erased_one_is_forgotten(
    service: RunningService, mail: MailServer, phone: Phone, desktop: OpenDesktop, either_kind: ClientKind, address: str
) -> None:
    terminal = desktop(service, either_kind)
    session, asked = signed_in(service, terminal, mail, phone, address)
    settled(service, asked.login_id)
    assert "sessions ended: 1" in service.told("users", "disable", address)
    assert terminal.is_out(session)
    explained(service, asked.login_id, "disabled_user")

    typed(service, "users", "erase", address, "--yes")
    explained(service, asked.login_id, "erased_user")
    typed(service, "audit", "checkpoint")
    assert "fit the checkpoint" in typed(service, "audit", "verify"), "what was erased still proves [R133]"


def test_signing_out_ends_the_session_here_and_there(
    service: RunningService, mail: MailServer, phone: Phone, desktop: OpenDesktop, either_kind: ClientKind, address: str
) -> None:
    store = MemoryStore()
    terminal = desktop(service, either_kind, store=store)
    session, asked = signed_in(service, terminal, mail, phone, address)
    stored = store.load_session(service.public_url, CLIENT_ID)
    assert stored is not None
    terminal.sign_out(session)
    assert terminal.load() is None
    store.save_session(service.public_url, CLIENT_ID, aged(stored))
    assert terminal.load() is None, "the service knows it, too"
    explained(service, asked.login_id, "signed_out")


def _events(url: str, session: Session) -> list[tuple[str, str | None]]:
    """Names and reasons of what the audit log says of a session, in order."""
    sql = "SELECT name, reason FROM audit_events WHERE session_id = ? ORDER BY position"
    return [(name, reason) for name, reason in rows(url, sql, session.session_id) if name.startswith("session.")]
