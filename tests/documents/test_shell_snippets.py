# SPDX-License-Identifier: Apache-2.0
"""What a document shows to be typed is typed, in its order, in one shell; or the document says why no test does so."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from documents.signed_in import Person, sign_in
from support.documented import PAGES, ROOT, blocks, script_of, type_all
from support.mailserver import MailServer
from support.postgres import PostgresServer
from support.processes import SECRET_KEY, RunningService, free_port

ALONE = (
    "README.md",
    "docs/how-to/codes-in-the-mail.md",
    "docs/how-to/console.md",
    "docs/how-to/deep-links.md",
    "docs/how-to/key-rotation.md",
    "docs/how-to/languages-and-looks.md",
    "docs/how-to/mail.md",
    "docs/how-to/protect-a-site.md",
    "docs/how-to/reverse-proxy.md",
    "docs/how-to/siem.md",
    "docs/how-to/sign-in-for-websites.md",
    "docs/how-to/upgrade.md",
    "examples/README.md",
)
"""Pages that begin with nothing."""
ON_POSTGRESQL = ("docs/how-to/postgresql.md", "docs/how-to/several-replicas.md")
WITH_A_STORY = {
    "docs/how-to/mail-by-hand.md": "here",
    "docs/how-to/backup-and-restore.md": "test_backup.py",
    "docs/how-to/incident-leaked-database.md": "test_incidents.py",
    "docs/how-to/incident-phishing-wave.md": "test_incidents.py",
    "docs/how-to/incident-stolen-laptop.md": "test_incidents.py",
    "docs/tutorial/first-app.md": "test_first_app.py",
}
KEY_FILE = "/run/secrets/counterfoil"
TYPED = re.compile(r"^(?:\$ )?(?:counterfoil|pip|uv|curl|openssl|export|just|\./justw|python3?) ", re.MULTILINE)


def typed_alone(page: str, folder: Path, replaced: Mapping[str, str] | None = None, **settings: Any) -> str:
    key = folder / "key"
    key.write_text(SECRET_KEY, "utf-8")
    script = script_of(page)
    words = dict(replaced or {}) | ({KEY_FILE: str(key)} if KEY_FILE in script else {})
    own_key = None if "COUNTERFOIL_SECRET_KEY" in script else SECRET_KEY
    return type_all(script, RunningService(folder, secret_key=own_key, **settings), free_port(), {}, words)


@pytest.mark.parametrize("page", ALONE)
def test_what_is_shown_can_be_typed(page: str, tmp_path: Path) -> None:
    typed_alone(page, tmp_path)


@pytest.mark.parametrize("page", ON_POSTGRESQL)
def test_what_is_shown_for_postgresql_can_be_typed(page: str, tmp_path: Path, postgres_server: PostgresServer) -> None:
    url = postgres_server.fresh_database()
    typed_alone(page, tmp_path, {"postgresql://counterfoil@db.example.com/counterfoil": f"'{url}'"})
    postgres_server.drop(url)


@pytest.fixture(scope="module")
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


def test_a_link_is_given_by_hand_as_shown(tmp_path: Path) -> None:
    service = RunningService(tmp_path)
    service.told("applications", "add", "Desk App", "--client-id", "desk-app")
    with service, Person(service, "ada@example.com") as ada:
        login = ada.ask()
        replaced = {"01KAG0Q3W4M9T6E2X8D5B7N1CV": login.login_id}
        said = type_all(script_of("docs/how-to/mail-by-hand.md"), service, free_port(), {}, replaced)
        link = re.search(r"http://\S+/l/[\w-]+", said)
        assert link is not None, said
        assert ada.approve(link[0], login.user_code) == 200
        assert login.wait(timeout=30).subject


def test_somebody_signs_in_as_the_other_stories_need_it(tmp_path: Path, mail: MailServer) -> None:
    service = RunningService(tmp_path, mail_url=mail.url)
    service.told("applications", "add", "Desk App", "--client-id", "desk-app")
    with service, Person(service, "grace@example.com") as grace:
        sign_in(grace, mail)
        assert grace.is_signed_in()


def test_every_shell_block_is_run_or_says_why_not() -> None:
    run = {*ALONE, *ON_POSTGRESQL, *WITH_A_STORY}
    shown = {page for page in PAGES for block in blocks(page, "sh") if block.reason_not_to_run is None}
    assert shown == run
    reasons = [block.reason_not_to_run for page in PAGES for block in blocks(page) if block.reason_not_to_run is not None]
    assert all(len(reason) > len("not by us") for reason in reasons), reasons


def test_what_is_typed_stands_in_a_block_of_its_language() -> None:
    hidden = [
        f"{block.page}:{block.line}"
        for page in PAGES
        for block in blocks(page, "", "text", "console", "bash", "shell")
        if TYPED.search(block.text) and "Usage: " not in block.text
    ]
    assert hidden == []


def test_every_recipe_that_is_named_is_there() -> None:
    recipes = set(re.findall(r"^([a-z][a-z-]*)(?: [^:\n]*)?:(?!=)", (ROOT / "justfile").read_text("utf-8"), re.MULTILINE))
    assert {"docs", "test", "bench"} <= recipes
    for page in PAGES:
        named = set(re.findall(r"`(?:just|\./justw) ([a-z-]+)", (ROOT / page).read_text("utf-8")))
        assert named <= recipes, (page, named - recipes)


def test_configuration_that_is_shown_is_that_of_the_file_that_is_run() -> None:
    shown = [block for page in PAGES for block in blocks(page) if block.mark.startswith("from: ")]
    assert shown
    for block in shown:
        lines = iter((ROOT / block.mark.removeprefix("from: ")).read_text("utf-8").splitlines())
        whole = [line.strip() for line in lines]
        for line in block.text.splitlines():
            assert line.strip() in whole, (block.page, line)
            whole = whole[whole.index(line.strip()) + 1 :]


def test_a_script_that_fails_is_seen(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no such command"):
        type_all("counterfoil no-such\n", RunningService(tmp_path), free_port(), {}, {"no-such": "'no such command'"})
