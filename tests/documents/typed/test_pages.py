# SPDX-License-Identifier: Apache-2.0
"""What a document shows to be typed is typed, in its order, in one shell."""

import re
from pathlib import Path

import pytest

from documents.signed_in import Person
from documents.typed_pages import ALONE, BY_HAND, ON_POSTGRESQL, UPGRADE, typed_alone
from support.documented import script_of, type_all
from support.postgres import PostgresServer
from support.processes import RunningService, free_port


@pytest.mark.parametrize("page", ALONE)
def test_what_is_shown_can_be_typed(page: str, tmp_path: Path) -> None:
    typed_alone(page, tmp_path)


@pytest.mark.parametrize("page", ON_POSTGRESQL)
def test_what_is_shown_for_postgresql_can_be_typed(page: str, tmp_path: Path, postgres_server: PostgresServer) -> None:
    url = postgres_server.fresh_database()
    typed_alone(page, tmp_path, {"postgresql://counterfoil@db.example.com/counterfoil": f"'{url}'"})
    postgres_server.drop(url)


def test_a_link_is_given_by_hand_as_shown(tmp_path: Path) -> None:
    service = RunningService(tmp_path)
    service.told("applications", "add", "Desk App", "--client-id", "desk-app")
    with service, Person(service, "ada@example.com") as ada:
        login = ada.ask()
        replaced = {"01KAG0Q3W4M9T6E2X8D5B7N1CV": login.login_id}
        said = type_all(script_of(BY_HAND), service, free_port(), {}, replaced)
        link = re.search(r"http://\S+/l/[\w-]+", said)
        assert link is not None, said
        assert ada.approve(link[0], login.user_code) == 200
        assert login.wait(timeout=30).subject


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_what_was_registered_outlives_a_step_back_and_the_upgrade(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url: str = "sqlite:///counterfoil.db" if engine == "sqlite" else request.getfixturevalue("postgres_url")
    service = RunningService(tmp_path, database_url=url)
    service.told("applications", "add", "Desk App", "--client-id", "desk-app")
    said = type_all(script_of(UPGRADE), service, free_port(), {}, {})
    schemas = re.findall(r"The schema is at (\d+)", said)
    assert schemas[0] == schemas[-1] > schemas[1] == "0008"
    assert "desk-app" in service.told("applications", "list", "--json")
    service.told("audit", "verify", "--against", "before-the-upgrade")
