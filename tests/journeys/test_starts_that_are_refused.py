# SPDX-License-Identifier: Apache-2.0
"""A service that cannot run as it was set up says so in a sentence that tells the way out, and ends."""

import os
import socket
from pathlib import Path

from journeys.conftest import OpenService
from journeys.databases import Databases
from support.mailserver import MailServer
from support.postgres import PostgresServer
from support.processes import RunningService


def test_a_second_service_on_one_sqlite_file(databases: Databases, mail: MailServer, tmp_path: Path) -> None:
    url = databases.fresh("sqlite", tmp_path)
    with RunningService(tmp_path / "one", database_url=url, mail_url=mail.url):
        told = RunningService(tmp_path / "two", database_url=url).refused_start()
    assert "another `counterfoil serve` runs on" in told
    assert "PostgreSQL" in told


def test_a_postgresql_database_that_nobody_migrated(postgres_server: PostgresServer, tmp_path: Path) -> None:
    told = RunningService(tmp_path, database_url=postgres_server.fresh_database()).refused_start()
    assert "`counterfoil migrate`" in told


def test_a_postgresql_server_that_does_not_answer(tmp_path: Path) -> None:
    url = "postgresql://somebody:hunter2@127.0.0.1:1/nowhere"
    told = RunningService(tmp_path, database_url=url).refused_start()
    assert "PostgreSQL does not answer at COUNTERFOIL_DATABASE_URL" in told
    assert "hunter2" not in told


def test_another_secret_key_than_the_one_of_the_database(new_service: OpenService) -> None:
    service = new_service()
    with service:
        pass
    other = RunningService(service.folder, **service.settings | {"secret_key": "7a" * 32})
    told = other.refused_start()
    assert "COUNTERFOIL_SECRET_KEY is not the key this database was made with: use that key, or a new database" in told
    assert "7a7a" not in told


def test_a_port_that_is_taken(databases: Databases, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        service = RunningService(tmp_path, port, database_url=databases.fresh("sqlite", tmp_path))
        told = service.refused_start()
    assert f"cannot listen on 127.0.0.1 port {service.port}" in told
    assert "choose another --host or --port" in told


def test_a_database_folder_that_cannot_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "sealed"
    folder.mkdir(mode=0o500)
    # Nothing is sealed to root, but for what the kernel keeps.
    place = Path("/proc") if os.geteuid() == 0 else folder
    told = RunningService(tmp_path, database_url=f"sqlite:///{place / 'counterfoil.db'}").refused_start()
    assert "make its folder exist and writable" in told


def test_a_database_folder_that_does_not_exist(tmp_path: Path) -> None:
    told = RunningService(tmp_path, database_url=f"sqlite:///{tmp_path / 'no' / 'counterfoil.db'}").refused_start()
    assert "folder" in told
    assert "exist" in told


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "counterfoil.db").write_text("not a database at all, but long enough to look like one. " * 40)
    told = RunningService(tmp_path, database_url=f"sqlite:///{tmp_path / 'counterfoil.db'}").refused_start()
    assert "check COUNTERFOIL_DATABASE_URL" in told


def test_several_bad_settings_are_told_together(tmp_path: Path) -> None:
    service = RunningService(
        tmp_path,
        public_url="http://id.example",
        secret_key="short",
        link_ttl="4",
        mail_url="pigeon:",
        budgets="everything=1/1",
        databse_url="sqlite:///x.db",
    )
    told = service.refused_start()
    for words in (
        "COUNTERFOIL_PUBLIC_URL: http is for loopback addresses only",
        "COUNTERFOIL_SECRET_KEY: must have at least 32 characters, has 5",
        "openssl rand -hex 32",
        "COUNTERFOIL_LINK_TTL: must be whole seconds from 5 to 3600",
        "COUNTERFOIL_MAIL_URL: must be smtp://",
        "'everything' is not a budget",
        "COUNTERFOIL_DATABSE_URL is not a setting: did you mean COUNTERFOIL_DATABASE_URL?",
    ):
        assert words in told
    assert "short" not in told.replace("shorter", "")


def test_no_settings_at_all(tmp_path: Path) -> None:
    told = RunningService(tmp_path, public_url=None, secret_key=None).refused_start()
    assert "COUNTERFOIL_PUBLIC_URL is required" in told
    assert "COUNTERFOIL_SECRET_KEY is required" in told
