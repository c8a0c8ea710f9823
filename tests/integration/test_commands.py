# SPDX-License-Identifier: Apache-2.0
"""The commands as an operator types them, each in a process of its own."""

import asyncio
import json
import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.mail_providers import ENCODED, PROVIDERS, SECRET, FakeProvider
from support.mmdb import COUNTRIES, NETWORKS, aged, write_mmdb
from support.processes import RunningService, free_port
from support.receivers import listening


@pytest.fixture
def here(tmp_path: Path) -> RunningService:
    """A folder with settings and nothing started."""
    return RunningService(tmp_path)


def _rows(here: RunningService, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(here.folder / "counterfoil.db")) as connection:
        return connection.execute(sql).fetchall()


def _finding(here: RunningService, subject: str) -> tuple[str, str]:
    found = json.loads(here.cli("doctor", "--json").stdout)["findings"]
    return next((each["verdict"], each["text"]) for each in found if each["subject"] == subject)


def test_an_application_is_added_listed_shown_and_removed(here: RunningService) -> None:
    added = json.loads(here.told("applications", "add", "Desk App", "--client-id", "desk-app", "--json"))
    assert added["client_id"] == "desk-app"
    assert "client_secret" not in added
    assert json.loads(here.told("applications", "list", "--json")) == [added]
    assert json.loads(here.told("applications", "show", "desk-app", "--json")) == added
    assert here.cli("applications", "add", "Twin", "--client-id", "desk-app").returncode == 1
    here.told("applications", "remove", "desk-app")
    assert json.loads(here.told("applications", "list", "--json")) == []
    assert "no application" in here.cli("applications", "show", "desk-app").stderr
    assert "see `applications list`" in here.cli("applications", "remove", "desk-app").stderr


def test_an_application_has_looks_that_are_changed_and_taken_away(here: RunningService) -> None:
    looks = ("--colour", "#0B5A45", "--logo-text", "Desk", "--redirect-uri", "http://127.0.0.1/back")
    added = json.loads(here.told("applications", "add", "Desk App", "--client-id", "desk-app", *looks, "--json"))
    assert (added["colour"], added["logo_text"]) == ("#0b5a45", "Desk")
    assert json.loads(here.told("applications", "show", "desk-app", "--json")) == added

    change = ("applications", "change", "desk-app")
    told = here.told(
        *change, "--name", "Bureau", "--colour", "", "--new-devices", "allow", "--audience", "https://api.example"
    )
    assert "changed: name, colour, audiences, new_devices\n" in told
    shown = json.loads(here.told("applications", "list", "--json"))
    assert shown == [
        added | {"name": "Bureau", "colour": None, "new_devices": "allow", "audiences": ["https://api.example"]}
    ]
    changed = json.loads(here.told(*change, "--redirect-uri", "", "--audience", "", "--json"))
    assert changed == shown[0] | {"redirect_uris": [], "audiences": [], "changed": ["redirect_uris", "audiences"]}
    assert "Nothing was changed" in here.told(*change, "--name", "Bureau")
    events = _rows(here, "SELECT fields FROM audit_events WHERE name = 'application.changed' ORDER BY position")
    assert [json.loads(str(row[0]))["names"] for row in events] == [
        "name colour audiences new_devices",
        "redirect_uris audiences",
    ]


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (("desk-app",), "say what to change"),
        (("counterfoil", "--name", "Mine"), "no application 'counterfoil': the service's own"),
        (("nobody", "--name", "Mine"), "no application 'nobody': see"),
        (("desk-app", "--name", ""), "name"),
        (("desk-app", "--colour", "url(x)"), "colour"),
        (("desk-app", "--redirect-uri", "http://localhost/back"), "redirect_uri: localhost"),
        (("desk-app", "--redirect-uri", ""), "same device only"),
    ],
)
def test_a_change_that_would_make_a_bad_application_is_refused_and_nothing_is_changed(
    here: RunningService, arguments: tuple[str, ...], rule: str
) -> None:
    strict = ("--same-device-only", "--redirect-uri", "http://127.0.0.1/back")
    added = json.loads(here.told("applications", "add", "Desk App", "--client-id", "desk-app", *strict, "--json"))
    done = here.cli("applications", "change", *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {rule}")
    assert json.loads(here.told("applications", "show", "desk-app", "--json")) == added


def test_a_secret_is_shown_once_and_stored_as_argon2id_alone(here: RunningService) -> None:
    added = json.loads(here.told("applications", "add", "Web", "--client-id", "web", "--confidential", "--json"))
    assert added["client_secret"] not in here.told("applications", "show", "web", "--json")
    ((stored,),) = _rows(here, "SELECT secret_hash FROM applications")
    assert str(stored).startswith("$argon2id$")


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (("Desk", "--client-id", "a b"), "client id"),
        (("", "--client-id", "a"), "name"),
        (("De\u202esk", "--client-id", "a"), "name"),
        (("Desk", "--client-id", "a", "--colour", "green"), "colour: #"),
        (("Desk", "--client-id", "a", "--logo-text", "x" * 25), "logo text"),
        (("Desk", "--client-id", "a", "--scope", 'a"b'), "scope"),
        (("Web", "--client-id", "web", "--redirect-uri", "http://localhost/back"), "redirect_uri: localhost"),
    ],
)
def test_what_would_make_a_bad_application_is_refused_by_its_rule(
    here: RunningService, arguments: tuple[str, ...], rule: str
) -> None:
    done = here.cli("applications", "add", *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {rule}")


def test_the_first_key_signs_at_once_and_the_next_one_after_it_is_known(here: RunningService) -> None:
    first = json.loads(here.told("keys", "rotate", "--json"))
    second = json.loads(here.told("keys", "rotate", "--json"))
    assert (first["state"], second["state"]) == ("active", "published")
    assert [key["kid"] for key in json.loads(here.told("keys", "list", "--json"))] == [first["kid"], second["kid"]]


def test_a_rotation_makes_a_key_of_the_algorithm_that_is_set(tmp_path: Path) -> None:
    here = RunningService(tmp_path, signing_algorithm="RS256")
    here.told("migrate")
    first = json.loads(here.told("keys", "rotate", "--json"))
    assert (first["state"], first["algorithm"]) == ("active", "RS256")
    back = RunningService(tmp_path, here.port, signing_algorithm="ES256")
    second = json.loads(back.told("keys", "rotate", "--json"))
    assert (second["state"], second["algorithm"]) == ("published", "ES256")
    assert [key["algorithm"] for key in json.loads(back.told("keys", "list", "--json"))] == ["RS256", "ES256"]


def test_doctor_writes_nothing_and_ties_no_key_to_the_database(here: RunningService) -> None:
    here.told("migrate")
    stranger = RunningService(here.folder, here.port, secret_key="7a" * 32)
    assert _finding(stranger, "SECRET_KEY") == ("ok", "was not used here yet")
    assert _rows(here, "SELECT * FROM secrets") == []
    here.told("applications", "list")
    assert _finding(here, "SECRET_KEY")[0] == "ok"
    assert _finding(stranger, "SECRET_KEY")[0] == "error"


def test_doctor_names_what_an_operator_should_mend(tmp_path: Path) -> None:
    https = RunningService(tmp_path, public_url="https://id.example", link_ttl="900", budgets="device_key=9/60")
    assert _finding(https, "TRUSTED_PROXIES")[0] == "warning"
    assert "NIST" in _finding(https, "LINK_TTL")[1]
    assert "device_key" in _finding(https, "BUDGETS")[1]
    assert "COUNTERFOIL_MAIL_URL" in _finding(https, "mail")[1]
    nowhere = RunningService(tmp_path, database_url=f"sqlite:///{tmp_path}/no/such.db", mail_url="smtp://127.0.0.1:1")
    assert nowhere.cli("doctor").returncode == 1
    assert _finding(nowhere, "database")[0] == _finding(nowhere, "mail")[0] == "error"


async def test_doctor_reaches_each_provider_of_mail_and_shows_no_key(tmp_path: Path) -> None:
    resend, gone = FakeProvider("resend"), free_port()
    async with listening(resend.connected) as port:
        urls = [PROVIDERS["resend"].url.format(port=port), PROVIDERS["postmark"].url.format(port=port)]
        urls += [PROVIDERS["mailgun"].url.format(port=gone), f"file:{tmp_path}"]
        here = RunningService(tmp_path, mail_url=",".join(urls))
        done = await asyncio.to_thread(here.cli, "doctor", "--json")
    told = [each for each in json.loads(done.stdout)["findings"] if each["subject"] == "mail"]
    assert [each["verdict"] for each in told] == ["ok", "ok", "error", "warning"]
    assert told[0]["text"].startswith(
        "resend answers, sender Counterfoil <no-reply@127.0.0.1>; a test mail alone shows"
    )
    assert "tracking is off for the domain there" in told[0]["text"]
    assert "open tracking is off for the server there" in told[1]["text"]
    assert told[2]["text"].startswith("mailgun mg.example.com does not answer as it should (ConnectionRefusedError")
    assert resend.posts == []
    assert ENCODED not in done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr


def _told_of_files(here: RunningService) -> list[tuple[str, str]]:
    found = json.loads(here.cli("doctor", "--json").stdout)["findings"]
    return [(each["verdict"], each["text"]) for each in found if each["subject"] == "MMDB_FILES"]


def test_doctor_says_what_each_file_of_places_is_and_when_it_has_grown_old(tmp_path: Path) -> None:
    fresh = write_mmdb(tmp_path / "fresh.mmdb", COUNTRIES, "GeoLite2-Country")
    old = aged(write_mmdb(tmp_path / "old.mmdb", NETWORKS, "DBIP-ASN-\x1b[31mLite"), days=61)
    edge = aged(write_mmdb(tmp_path / "edge.mmdb", NETWORKS, "GeoLite2-ASN"), days=60)
    torn = tmp_path / "torn.mmdb"
    torn.write_bytes(fresh.read_bytes()[:200])
    ageless = aged(write_mmdb(tmp_path / "ageless.mmdb", NETWORKS), days=-(10**12))
    here = RunningService(tmp_path, mmdb_files=f"{fresh},{old},{edge},{torn},{ageless}")
    told = _told_of_files(here)
    assert [verdict for verdict, _ in told] == ["ok", "warning", "ok", "error", "error"]
    assert told[0][1] == f"{fresh} is GeoLite2-Country, built {datetime.now(UTC):%Y-%m-%d}"
    assert "of an unnamed kind" in told[1][1]
    assert "61 days ago; fetch a newer one" in told[1][1]
    assert "GeoLite2-ASN" in told[2][1]
    assert told[3][1] == f"{torn} is no MMDB file or is damaged (InvalidDatabaseError); fetch it anew"
    assert "damaged" in told[4][1]
    assert here.cli("doctor").returncode == 1
    assert _told_of_files(RunningService(tmp_path)) == []


def test_doctor_says_how_to_install_what_reads_the_files_of_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "maxminddb.py").write_text("raise ImportError('not installed')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "hidden"), prepend=os.pathsep)
    path = write_mmdb(tmp_path / "country.mmdb", COUNTRIES)
    ((verdict, text),) = _told_of_files(RunningService(tmp_path, mmdb_files=str(path)))
    assert verdict == "error"
    assert 'pip install "counterfoil-service[geoip]"' in text


def test_a_file_of_places_that_is_not_there_lets_nothing_start(tmp_path: Path) -> None:
    told = RunningService(tmp_path, mmdb_files=f"{tmp_path}/no.mmdb").refused_start()
    assert "COUNTERFOIL_MMDB_FILES: names what is no file" in told


def test_a_schema_of_a_later_release_is_refused_by_every_command(here: RunningService) -> None:
    here.told("migrate")
    with closing(sqlite3.connect(here.folder / "counterfoil.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for done in (here.cli("applications", "list"), here.cli("serve", "--port", "0")):
        assert done.returncode == 1
        assert "newer than this release" in done.stderr
        assert "Traceback" not in done.stderr
    assert "newer than this release" in _finding(here, "database")[1]


@pytest.mark.parametrize("password", ["s3cret#part", "s3cret?part", "s3cret/part", "s3cret@part", "s3cret:part"])
@pytest.mark.parametrize("arguments", [("migrate",), ("applications", "list"), ("doctor",)])
def test_no_part_of_a_password_is_printed(tmp_path: Path, password: str, arguments: tuple[str, ...]) -> None:
    here = RunningService(tmp_path, database_url=f"postgresql://u:{password}@127.0.0.1:1/db")
    done = here.cli(*arguments)
    assert done.returncode == 1
    assert "s3cret" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_link_to_a_database_is_the_same_database(here: RunningService) -> None:
    with here:
        (here.folder / "other.db").symlink_to(here.folder / "counterfoil.db")
        told = RunningService(here.folder, database_url=f"sqlite:///{here.folder}/other.db").refused_start()
    assert "another `counterfoil serve` runs on" in told


def test_explain_says_when_there_is_no_such_login(here: RunningService) -> None:
    done = here.cli("audit", "explain", "01J")
    assert done.returncode == 1
    assert "no login '01J'" in done.stderr
