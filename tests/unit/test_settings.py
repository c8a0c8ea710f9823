# SPDX-License-Identifier: Apache-2.0
"""Settings: every problem at once, each with its way out, and no secret in any of it."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from counterfoil_service import settings
from counterfoil_service.core import budget
from counterfoil_service.settings import Secret, SettingsError

GOOD = {"COUNTERFOIL_PUBLIC_URL": "https://id.example", "COUNTERFOIL_SECRET_KEY": "5e" * 32}
PASSWORD = "hunter2"


def problems(**variables: str) -> list[str]:
    """What is wrong with the good settings once these are added, by their names without the prefix."""
    with pytest.raises(SettingsError) as caught:
        settings.load(GOOD | {f"COUNTERFOIL_{name}": value for name, value in variables.items()})
    assert str(caught.value) == "\n".join(caught.value.problems)
    return caught.value.problems


def problem(**variables: str) -> str:
    """The one problem there is."""
    (only,) = problems(**variables)
    return only


def loaded(**variables: str) -> settings.Settings:
    return settings.load(GOOD | {f"COUNTERFOIL_{name}": value for name, value in variables.items()})


def test_an_issuer_and_a_key_are_enough() -> None:
    made = loaded()
    assert made.public_url == "https://id.example"
    assert made.database_url.reveal() == "sqlite:///counterfoil.db"
    assert made.mail_url.reveal() == "none:"
    assert made.sender == "Counterfoil <no-reply@id.example>"
    assert (made.link_ttl, made.sign_up, made.budgets, made.trusted_proxies) == (600, "open", budget.DEFAULTS, ())


def test_everything_may_be_set() -> None:
    made = loaded(
        DATABASE_URL="postgresql://u:p@db/counterfoil",
        MAIL_URL="smtps://u:p@mail.example:465",
        MAIL_FROM="Desk <sign-in@desk.example>",
        TRUSTED_PROXIES="10.0.0.0/8, fd00::/8,192.0.2.1",
        LINK_TTL="3600",
        SIGN_UP="invited",
        FOUR_EYES="erase,relay",
        BUDGETS="address_range=30/60",
    )
    assert made.database_url == Secret("postgresql://u:p@db/counterfoil")
    assert made.sender == "Desk <sign-in@desk.example>"
    assert made.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("fd00::/8"), ip_network("192.0.2.1/32"))
    assert (made.link_ttl, made.sign_up, made.budgets.address_range.count) == (3600, "invited", 30)
    assert (made.four_eyes, loaded().four_eyes) == (("relay", "erase"), ())


def test_every_problem_is_told_at_once_with_its_way_out() -> None:
    with pytest.raises(SettingsError) as caught:
        settings.load({"COUNTERFOIL_LINK_TTL": "4", "COUNTERFOIL_SIGN_UP": "closed", "COUNTERFOIL_MAIL_FORM": "a@b"})
    told = caught.value.problems
    named = ["MAIL_FORM", "PUBLIC_URL", "SECRET_KEY", "LINK_TTL", "SIGN_UP"]
    assert [line.split(maxsplit=1)[0].rstrip(":") for line in told] == [f"COUNTERFOIL_{name}" for name in named]
    for name, line in zip(named[1:], told[1:], strict=True):
        assert settings._WAYS_OUT[name] in line
    assert "openssl rand -hex 32" in told[2]


def test_an_empty_variable_is_no_variable() -> None:
    assert loaded(MAIL_URL="", LINK_TTL="", BUDGETS="", DATABASE_URL_FILE="") == loaded()
    assert "is required" in problem(SECRET_KEY="")


BAD: list[tuple[str, str, str]] = [
    ("PUBLIC_URL", "id.example", "absolute"),
    ("PUBLIC_URL", "ftp://id.example", "absolute"),
    ("PUBLIC_URL", "https://", "absolute"),
    ("PUBLIC_URL", "https:///path", "absolute"),
    ("PUBLIC_URL", "http://id.example", "loopback"),
    ("PUBLIC_URL", "http://127.0.0.1.evil.example", "loopback"),
    ("PUBLIC_URL", "http://localhost.evil.example", "loopback"),
    ("PUBLIC_URL", "https://id.example/", "slash"),
    ("PUBLIC_URL", "https://id.example/auth/", "slash"),
    ("PUBLIC_URL", "https://id.example?", "query"),
    ("PUBLIC_URL", "https://id.example?a=b", "query"),
    ("PUBLIC_URL", "https://id.example#", "query"),
    ("PUBLIC_URL", "https://user@id.example", "user"),
    ("PUBLIC_URL", "https://@id.example", "user"),
    ("PUBLIC_URL", "https://id.example:99999", "not a URL"),
    ("PUBLIC_URL", "https://id.example:port", "not a URL"),
    ("PUBLIC_URL", "https://id.example:", "port"),
    ("PUBLIC_URL", "https://[::1", "not a URL"),
    ("PUBLIC_URL", "https://bücher.example", "ASCII"),
    ("PUBLIC_URL", "https://id.example/a b", "ASCII"),
    ("PUBLIC_URL", " https://id.example", "ASCII"),
    ("PUBLIC_URL", "https://id.example\n", "ASCII"),
    ("PUBLIC_URL", "https://id.example/\x01", "ASCII"),
    ("PUBLIC_URL", "https://id.example/\x7f", "ASCII"),
    ("PUBLIC_URL", "https://id.example/'x", "ASCII"),
    ("PUBLIC_URL", "https://id.example/{x}", "ASCII"),
    ("SECRET_KEY", "x" * 31, "at least 32 characters, has 31"),
    ("DATABASE_URL", "counterfoil.db", "sqlite:///"),
    ("DATABASE_URL", "sqlite:///", "sqlite:///"),
    ("DATABASE_URL", "sqlite://counterfoil.db", "sqlite:///"),
    ("DATABASE_URL", "sqlite:///:memory:", "memory"),
    ("DATABASE_URL", "mysql://u:p@db/x", "sqlite:///"),
    ("REDIS_URL", "cache:6379", "redis://"),
    ("REDIS_URL", "redis://", "name a host"),
    ("REDIS_URL", "memcached://cache", "valkeys://"),
    ("IPV4_RANGE", "16", "24 or 32"),
    ("DATABASE_URL", "postgresql+asyncpg://u:p@db/x", "sqlite:///"),
    ("MAIL_URL", "mail.example:25", "smtp://"),
    ("MAIL_URL", "smtp:", "smtp://"),
    ("MAIL_URL", "smtp://", "smtp://"),
    ("MAIL_URL", "smtp://:587", "smtp://"),
    ("MAIL_URL", "smtp://mail.example:port", "not a URL"),
    ("MAIL_URL", "smtp://mail.example:70000", "not a URL"),
    ("MAIL_URL", "file:", "smtp://"),
    ("MAIL_URL", "http://mail.example", "smtp://"),
    ("MAIL_FROM", "@", "address"),
    ("MAIL_FROM", "Desk <sign-in@>", "address"),
    ("MAIL_FROM", "@desk.example", "address"),
    ("MAIL_FROM", "a@b.example\nBcc: c@d.example", "line break"),
    ("MAIL_FROM", "a@b.example\r", "line break"),
    ("MAIL_FROM", "a@b.example\x7f", "line break"),
    ("MAIL_FROM", "a\u2028@b.example", "line break"),
    ("TRUSTED_PROXIES", "10.0.0.1/8", "host bits"),
    ("TRUSTED_PROXIES", "proxy.example", "CIDR"),
    ("TRUSTED_PROXIES", "10.0.0.0/33", "CIDR"),
    ("TRUSTED_PROXIES", "10.0.0.0/8 fd00::/8", "CIDR"),
    ("MMDB_FILES", "/no/such/file.mmdb", "'/no/such/file.mmdb'"),
    ("MMDB_FILES", "/", "no file"),
    ("MMDB_FILES", "/dev/null", "no file"),
    ("MMDB_FILES", "a\0b", "no file"),
    ("MMDB_FILES", "x" * 5000, "no file"),
    ("MMDB_FILES", "a\nCOUNTERFOIL_X: forged", "'a\\nCOUNTERFOIL_X: forged'"),
    ("LINK_TTL", "4", "5 to 3600"),
    ("LINK_TTL", "3601", "5 to 3600"),
    ("LINK_TTL", "600s", "5 to 3600"),
    ("LINK_TTL", " 600", "5 to 3600"),
    ("LINK_TTL", "٦٠٠", "5 to 3600"),
    ("LINK_TTL", "1" * 5000, "5 to 3600"),
    ("SIGN_UP", "Open", "open or invited"),
    ("FOUR_EYES", "relay,disable", "relay or erase"),
    ("BUDGETS", "mails=1/1", "not a budget"),
    ("BUDGETS", "address_range=1", "name=count/seconds"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "rule"), BAD)
def test_a_bad_value_is_refused_by_its_rule_and_with_its_way_out(name: str, value: str, rule: str) -> None:
    told = problem(**{name: value})
    assert told.startswith(f"COUNTERFOIL_{name}: ")
    assert rule in told
    assert told.endswith(settings._WAYS_OUT[name])


@pytest.mark.parametrize(
    "url",
    [
        "https://id.example",
        "https://id.example/auth",
        "https://id.example:8443",
        "https://xn--bcher-kva.example",
        "https://[2001:db8::1]:8443",
        "http://127.0.0.1:8080",
        "http://[::1]:8080",
        "http://localhost",
    ],
)
def test_an_issuer_is_kept_byte_for_byte(url: str) -> None:
    assert loaded(PUBLIC_URL=url).public_url == url


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAIL_URL", f"smtp://user:{PASSWORD}/x@mail.example:587"),
        ("MAIL_URL", f"smtp://user:{PASSWORD}?x@mail.example:587"),
        ("MAIL_URL", f"smtp://user:{PASSWORD}[@mail.example:587"),
        ("MAIL_URL", f"smtp://user:{PASSWORD}\u2100@mail.example:587"),
        ("MAIL_URL", f"smtp://user:{PASSWORD}@mail.example:port"),
        ("MAIL_URL", f"smtps//user:{PASSWORD}@mail.example"),
        ("DATABASE_URL", f"postgresql://user:{PASSWORD}/x@db/counterfoil"),
        ("DATABASE_URL", f"mysql://user:{PASSWORD}@db/counterfoil"),
        ("REDIS_URL", f"http://user:{PASSWORD}@cache/0"),
        ("SECRET_KEY", PASSWORD),
        ("PUBLIC_URL", f"https://user:{PASSWORD}@id.example"),
        ("PUBLIC_URL", f"https://user:{PASSWORD}/x@id.example"),
    ],
)
def test_no_problem_quotes_what_may_be_a_secret(name: str, value: str) -> None:
    for line in problems(**{name: value}):
        assert PASSWORD not in line
        assert PASSWORD[:4] not in line


def test_a_postgresql_url_may_name_a_socket_several_hosts_or_a_query() -> None:
    for url in (
        "postgresql://postgres:@/counterfoil?host=/run/postgresql",
        "postgresql://u:p%2Fx@db1:5432,db2:5432/counterfoil",
        "postgres://u:p@db/counterfoil?application_name=a@b",
    ):
        assert loaded(DATABASE_URL=url).database_url.reveal() == url


def test_files_of_places_are_named_one_after_another_and_each_must_be_there(tmp_path: Path) -> None:
    country, asn, missing = (tmp_path / f"{name}.mmdb" for name in ("my country", "asn", "missing"))
    country.touch()
    asn.symlink_to(country)
    assert loaded().mmdb_files == loaded(MMDB_FILES="").mmdb_files == loaded(MMDB_FILES=" , ").mmdb_files == ()
    assert loaded(MMDB_FILES=f" {country} ,{asn},").mmdb_files == (country, asn)
    told = problem(MMDB_FILES=f"{country},{missing},{tmp_path}")
    assert str(missing) in told
    assert repr(str(tmp_path)) in told
    assert str(country) not in told


def test_secrets_show_in_no_repr_text_or_format() -> None:
    made = loaded(
        SECRET_KEY=PASSWORD * 8, MAIL_URL=f"smtp://u:{PASSWORD}@m", DATABASE_URL=f"postgresql://u:{PASSWORD}@d/x"
    )
    shown = f"{made} {made!r} {made.secret_key} {made.secret_key!r} {[made.mail_url]} {made.database_url}"
    assert PASSWORD not in shown
    assert "***" in shown


def test_secrets_are_equal_by_their_text_and_nothing_else() -> None:
    assert Secret("a") == Secret("a")
    assert hash(Secret("a")) == hash(Secret("a"))
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"


def test_a_secret_may_come_from_a_mounted_file_without_its_line_end(tmp_path: Path) -> None:
    mounted = tmp_path / "key"
    mounted.write_text("s" * 40 + " \r\n")
    variables = {"COUNTERFOIL_PUBLIC_URL": "https://id.example", "COUNTERFOIL_SECRET_KEY_FILE": str(mounted)}
    assert settings.load(variables).secret_key.reveal() == "s" * 40 + " "


def test_a_value_and_its_file_together_are_a_problem(tmp_path: Path) -> None:
    mounted = tmp_path / "key"
    mounted.write_text("s" * 40)
    assert "both set" in problem(SECRET_KEY_FILE=str(mounted))


@pytest.mark.parametrize("content", [None, b"\xff\xfe" * 20])
def test_a_file_that_cannot_be_read_is_one_problem_that_names_the_variable(
    tmp_path: Path, content: bytes | None
) -> None:
    mounted = tmp_path / "hunter2"
    if content is not None:
        mounted.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        settings.load({"COUNTERFOIL_PUBLIC_URL": "https://id.example", "COUNTERFOIL_SECRET_KEY_FILE": str(mounted)})
    (told,) = caught.value.problems
    assert told.startswith("COUNTERFOIL_SECRET_KEY_FILE names a file that cannot be read")


def test_an_empty_file_is_not_taken_for_an_unset_variable(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("\n")
    with pytest.raises(SettingsError, match="has 0"):
        settings.load(
            {"COUNTERFOIL_PUBLIC_URL": "https://id.example", "COUNTERFOIL_SECRET_KEY_FILE": str(tmp_path / "key")}
        )


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PUBLIC_URI", "PUBLIC_URL"),
        ("SECRETKEY", "SECRET_KEY"),
        ("SECRET", "SECRET_KEY"),
        ("DATABSE_URL", "DATABASE_URL"),
        ("MAIL_FORM", "MAIL_FROM"),
        ("BUDGET", "BUDGETS"),
        ("LINKTTL", "LINK_TTL"),
        ("SIGNUP", "SIGN_UP"),
        ("TRUSTED_PROXY", "TRUSTED_PROXIES"),
        ("MMDB_FILE", "MMDB_FILES"),
        ("SECRET_KEY_FLIE", "SECRET_KEY_FILE"),
    ],
)
def test_a_misspelt_name_is_answered_with_the_one_meant(name: str, meant: str) -> None:
    assert problem(**{name: "x"}) == f"COUNTERFOIL_{name} is not a setting: did you mean COUNTERFOIL_{meant}?"


@pytest.mark.parametrize(
    "name",
    [
        "BACKUP_FOLDER",
        "SERVICE_HOST",
        "SERVICE_PORT",
        "SERVICE_PORT_HTTP",
        "PORT",
        "PORT_8080_TCP",
        "PORT_8080_TCP_PROTO",
        "PORT_8080_TCP_ADDR",
    ],
)
def test_what_an_orchestrator_injects_is_left_alone(name: str) -> None:
    assert loaded(**{name: "tcp://10.0.0.1:8080"}) == loaded()


def test_names_without_the_prefix_are_not_ours() -> None:
    assert settings.load(GOOD | {"PUBLIC_URL": "x", "SECRET_KEY": "x", "counterfoil_link_ttl": "x"}) == loaded()


def test_every_setting_has_a_field_and_a_way_out() -> None:
    assert [name.lower() for name in settings._WAYS_OUT] == list(settings.Settings.__struct_fields__)


def test_a_development_file_is_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("# a comment\n\nexport A=1\nB = 'two=2' \nC=\"3\"\nnonsense\nD=\n")
    assert settings.read_dotenv(path) == {"A": "1", "B": "two=2", "C": "3", "D": ""}
    assert settings.read_dotenv(tmp_path / "none") == {}
