# SPDX-License-Identifier: Apache-2.0
"""Places by the operator's files: renewed, damaged, gone, or none at all; a look-up never raises."""

import builtins
import ipaddress
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import maxminddb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counterfoil_service.core.place import NOWHERE, Place
from counterfoil_service.web import places
from counterfoil_service.web.places import CHECK_SECONDS, Places
from support.mmdb import BRITAIN, COUNTRIES, JAPAN, LONDON, LONDON_6, NETWORKS, TOKYO, open_files, write_mmdb

BRITISH = Place("GB", "United Kingdom", None)
JAPANESE = Place("JP", "Japan", None)
AT_HOME = Place("GB", "United Kingdom", "Andrews & Arnold")


class Clock:
    """A monotonic clock that a test turns."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float = CHECK_SECONDS) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def country(tmp_path: Path) -> Path:
    return write_mmdb(tmp_path / "country.mmdb", COUNTRIES)


@pytest.fixture
def asn(tmp_path: Path) -> Path:
    return write_mmdb(tmp_path / "asn.mmdb", NETWORKS, "GeoLite2-ASN")


Opener = Callable[..., Places]


@pytest.fixture
def opened(clock: Clock) -> Iterator[Opener]:
    """Makes places of some files, and closes them after the test."""
    made: list[Places] = []

    def make(*files: Path) -> Places:
        made.append(Places(files, clock))
        return made[-1]

    yield make
    for each in made:
        each.close()


def ask(known: Places, address: str = LONDON) -> Place:
    return known.place_of(ipaddress.ip_address(address))


def test_two_files_make_one_place(opened: Opener, country: Path, asn: Path) -> None:
    known = opened(country, asn)
    assert ask(known) == AT_HOME
    assert ask(known).words == "United Kingdom, Andrews & Arnold"
    assert ask(known, LONDON_6) == BRITISH
    assert ask(known, f"::ffff:{LONDON}") == AT_HOME
    assert ask(known, TOKYO) == JAPANESE
    assert ask(known, "8.8.8.8") == NOWHERE
    assert ask(known, "2a00::1") == NOWHERE


def test_a_file_of_ipv4_knows_nothing_of_ipv6_and_is_no_trouble(
    opened: Opener, tmp_path: Path, asn: Path, caplog: pytest.LogCaptureFixture
) -> None:
    known = opened(write_mmdb(tmp_path / "v4.mmdb", {"81.2.69.0/24": BRITAIN}, version=4), asn)
    assert ask(known, LONDON_6) == NOWHERE
    assert ask(known) == AT_HOME
    assert caplog.records == []


def test_without_files_nothing_is_known_and_maxminddb_never_loaded() -> None:
    script = (
        "import ipaddress, sys; from counterfoil_service.web.places import Places\n"
        f"assert Places(()).place_of(ipaddress.ip_address({LONDON!r})).words is None\n"
        "assert 'maxminddb' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


class Untouchable(Places):
    def _keep_up(self) -> None:
        raise AssertionError("no file is looked at")


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "169.254.1.1", "100.64.0.1", "0.0.0.0", "255.255.255.255",
     "::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1", "::ffff:10.1.2.3", "::ffff:127.0.0.1"],
)  # fmt: skip
def test_an_address_of_nowhere_in_particular_is_not_looked_up(country: Path, address: str) -> None:
    assert ask(Untouchable((country,)), address) == NOWHERE
    with pytest.raises(AssertionError, match="looked at"):
        ask(Untouchable((country,)))


def test_a_file_that_is_replaced_is_read_anew_within_a_minute(opened: Opener, country: Path, clock: Clock) -> None:
    known = opened(country)
    assert ask(known) == BRITISH
    write_mmdb(country, {"81.2.69.0/24": JAPAN})
    clock.pass_by(CHECK_SECONDS - 1)
    assert ask(known) == BRITISH
    clock.pass_by(1)
    assert ask(known) == JAPANESE


@pytest.mark.parametrize("change", ["mtime", "size", "inode"])
def test_any_sign_of_another_file_is_enough(
    opened: Opener, country: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    known = opened(country)
    ask(known)
    before = country.stat()
    data = country.read_bytes()
    if change == "inode":
        other = country.with_suffix(".other")
        other.write_bytes(data)
        other.replace(country)
    elif change == "size":
        country.write_bytes(b"\0" * 16 + data)
    os.utime(country, ns=(before.st_atime_ns, before.st_mtime_ns + (change == "mtime")))
    again = Mock(wraps=places.open_mmdb)
    monkeypatch.setattr(places, "open_mmdb", again)
    clock.pass_by()
    ask(known)
    again.assert_called_once_with(country)


def test_a_file_that_stayed_is_neither_opened_again_nor_looked_at_more_than_once_a_minute(
    opened: Opener, country: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = opened(country)
    ask(known)
    looks: list[Path] = []
    stat = Path.stat

    def counted(path: Path, **options: Any) -> os.stat_result:
        looks.append(path)
        return stat(path, **options)

    monkeypatch.setattr(Path, "stat", counted)
    monkeypatch.setattr(places, "open_mmdb", None)
    for _ in range(200):
        clock.pass_by(1)
        assert ask(known) == BRITISH
    assert len(looks) == 3


def test_no_reader_of_an_old_file_stays_open(opened: Opener, country: Path, clock: Clock) -> None:
    known = opened(country)
    kept = country.with_suffix(".kept")
    for _ in range(20):
        ask(known)
        kept.unlink(missing_ok=True)
        kept.hardlink_to(country)
        assert open_files(kept) == 1
        write_mmdb(country, COUNTRIES)
        clock.pass_by()
        ask(known)
        assert open_files(kept) == 0
    assert open_files(country) == 1
    country.rename(kept)
    clock.pass_by()
    assert ask(known) == NOWHERE
    assert open_files(kept) == 0


def test_closed_places_hold_no_file_and_open_them_again_when_asked(opened: Opener, country: Path) -> None:
    known = opened(country)
    assert open_files(country) == 0, "opened when the first address is asked for"
    assert ask(known) == BRITISH
    known.close()
    known.close()
    assert open_files(country) == 0
    assert ask(known) == BRITISH
    known.close()


def _warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    assert all(record.levelno == logging.WARNING and record.exc_info is None for record in caplog.records)
    told = [record.getMessage() for record in caplog.records]
    assert not any(address in text for text in told for address in (LONDON, LONDON_6, TOKYO))
    caplog.clear()
    return told


def test_a_file_that_goes_is_told_once_and_welcomed_back(
    opened: Opener, country: Path, asn: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    known = opened(country, asn)
    away = country.with_suffix(".away")
    for _ in range(2):
        assert ask(known) == AT_HOME
        assert _warnings(caplog) == []
        country.rename(away)
        for _ in range(3):
            clock.pass_by()
            assert ask(known) == Place(None, None, "Andrews & Arnold")
        (told,) = _warnings(caplog)
        assert str(country) in told
        assert "FileNotFoundError" in told
        away.rename(country)
        clock.pass_by()


DAMAGE = {
    "empty": b"",
    "text": b"no database",
    "marker alone": b"\xab\xcd\xefMaxMind.com",
    "metadata that is no map": b"\0" * 64 + b"\xab\xcd\xefMaxMind.com\x41x",
    "endless metadata": b"\xab\xcd\xefMaxMind.com" + b"\xe1\x41a" * 100_000,
}


@pytest.mark.parametrize("content", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_file_that_is_no_database_is_told_once_and_its_part_left_out(
    opened: Opener, tmp_path: Path, asn: Path, clock: Clock, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    path = tmp_path / "country.mmdb"
    path.write_bytes(content)
    known = opened(path, asn)
    for _ in range(3):
        assert ask(known).country is None
        assert ask(known).network == "Andrews & Arnold"
        clock.pass_by()
    assert len(_warnings(caplog)) == 1
    assert open_files(path) == 0
    write_mmdb(path, COUNTRIES)
    clock.pass_by()
    assert ask(known) == AT_HOME


def test_a_folder_a_pipe_and_a_name_too_long_are_no_files(
    opened: Opener, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert ask(opened(tmp_path, pipe, Path("x" * 5000), Path("a\0b"), Path("/dev/zero"))) == NOWHERE
    assert len(_warnings(caplog)) == 5


def test_a_copy_that_is_written_over_an_open_file_ends_nothing(opened: Opener, country: Path, clock: Clock) -> None:
    """A mapped file would end the process here with SIGBUS."""
    known = opened(country)
    many = {f"{first}.{second}.0.0/16": JAPAN for first in range(1, 9) for second in range(256)}
    write_mmdb(country, COUNTRIES | many)
    assert country.stat().st_size > 8192
    assert ask(known) == BRITISH
    data = country.read_bytes()
    for size in (5000, 4096, 1, 0):
        country.write_bytes(data[:size])
        for address in (LONDON, LONDON_6, TOKYO, "1.2.3.4"):
            ask(known, address)
    clock.pass_by()
    assert ask(known) == NOWHERE
    country.write_bytes(data)
    clock.pass_by()
    assert ask(known) == BRITISH


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    both = {network: record | NETWORKS["81.2.64.0/18"] for network, record in COUNTRIES.items()}
    return write_mmdb(tmp_path_factory.mktemp("mmdb") / "both.mmdb", both).read_bytes()


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=6))
def test_no_damage_makes_a_look_up_raise(tmp_path: Path, data: bytes, flips: list[tuple[int, int]]) -> None:
    """The C reader ends the process with SIGSEGV here."""
    damaged = bytearray(data)
    for position, byte in flips:
        damaged[position % len(data)] = byte
    path = tmp_path / "damaged.mmdb"
    path.write_bytes(damaged)
    known = Places((path,))
    for address in (LONDON, LONDON_6, TOKYO, "9.9.9.9"):
        assert isinstance(ask(known, address), Place)
    known.close()


@given(st.ip_addresses())
def test_no_address_makes_a_look_up_raise(tmp_path_factory: pytest.TempPathFactory, address: places.Address) -> None:
    path = tmp_path_factory.getbasetemp() / "any.mmdb"
    known = Places((path if path.exists() else write_mmdb(path, COUNTRIES),))
    assert known.place_of(address) in {NOWHERE, BRITISH, JAPANESE}
    known.close()


def test_a_damaged_record_is_told_once_without_its_address_and_spares_the_others(
    opened: Opener, country: Path, clock: Clock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    get = maxminddb.Reader.get

    def damaged(reader: maxminddb.Reader, address: Any) -> Any:
        if str(address) == LONDON:
            raise maxminddb.InvalidDatabaseError(f"Error looking up {address}")
        return get(reader, address)

    monkeypatch.setattr(maxminddb.Reader, "get", damaged)
    known = opened(country)
    for _ in range(3):
        assert ask(known) == NOWHERE
        assert ask(known, TOKYO) == JAPANESE
        clock.pass_by()
    (told,) = _warnings(caplog)
    assert "InvalidDatabaseError" in told


def test_metadata_of_a_wrong_type_raise_nothing(opened: Opener, country: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maxminddb.Reader, "metadata", lambda _: type("M", (), {"ip_version": "6"}))
    assert ask(opened(country)) == NOWHERE


def test_a_missing_library_is_told_with_the_way_out(
    opened: Opener, country: Path, clock: Clock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_module = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "maxminddb":
            raise ImportError(name)
        return import_module(name, *rest)

    known = opened(country)
    with monkeypatch.context() as patch:
        patch.setattr(builtins, "__import__", without)
        for _ in range(3):
            assert ask(known) == NOWHERE
            clock.pass_by()
    (told,) = _warnings(caplog)
    assert 'pip install "counterfoil-service[geoip]"' in told
    assert ask(known) == BRITISH


def test_many_threads_may_ask_while_a_file_is_replaced(opened: Opener, country: Path, clock: Clock) -> None:
    known = opened(country)
    wrong: list[Place] = []

    def ask_often() -> None:
        wrong.extend(place for place in (ask(known) for _ in range(300)) if place != BRITISH)

    threads = [threading.Thread(target=ask_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        write_mmdb(country, COUNTRIES)
        clock.pass_by()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert open_files(country) <= 1
