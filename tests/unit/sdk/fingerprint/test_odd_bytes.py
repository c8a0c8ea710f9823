# SPDX-License-Identifier: Apache-2.0
"""Whatever a file, a link, a variable or the registry holds: a collector gives text or nothing, and never an error."""

import copy
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil_client._fingerprint import digest, macos
from counterfoil_client._fingerprint.profile import ATTRIBUTES, Profile
from counterfoil_client._fingerprint.sources import LIMIT
from unit.sdk.fingerprint.recorded import Recorded, load, machine, names, profile_of, raw

LINUX = load("linux", "ubuntu_22_04_laptop")
LINUX_FILES = sorted({path for name in names("linux") for path in load("linux", name)["files"]})
MAC = load("macos", "macos_14_intel_old_program")
MAC_FILES = sorted({*MAC["files"], *MAC["plists"]})
WINDOWS = load("windows", "windows_11_22h2_own_build")
VARIABLES = ("TZ", "LC_ALL", "LC_MESSAGES", "LANG", "container", "SNAP", "KUBERNETES_SERVICE_HOST")
ODD = st.one_of(st.binary(max_size=200), st.text(max_size=80).map(lambda text: text.encode(errors="surrogatepass")))
ODD_TEXT = st.text(st.characters(), max_size=80)
SPOILT = st.tuples(st.integers(0, 400), st.binary(max_size=8), st.integers(0, 400))


def is_sound(profile: Profile) -> bool:
    found = raw(profile)
    for value in found.values():
        assert isinstance(value, str)
        assert value.isprintable()
        assert 0 < len(value) <= 300
    assert digest.encode(profile, "https://id.example", "app", b"x" * 32).isascii()
    return True


def spoilt(content: bytes, how: tuple[int, bytes, int]) -> bytes:
    """Cut something out, put something in: nearer to real damage than noise."""
    at, inserted, removed = how
    return content[:at] + inserted + content[at + removed :]


@settings(max_examples=300, deadline=None)
@given(
    files=st.dictionaries(st.sampled_from(LINUX_FILES), ODD),
    variables=st.dictionaries(st.sampled_from(VARIABLES), ODD_TEXT),
)
def test_linux_bears_any_bytes_in_any_file(files: dict[str, bytes], variables: dict[str, str]) -> None:
    recorded = Recorded(
        {**copy.deepcopy(LINUX), "environment": variables, "links": {"/etc/localtime": "\udcff/zoneinfo/\udc80"}}
    )
    recorded.contents |= files
    assert is_sound(profile_of("linux", recorded))


@settings(max_examples=200, deadline=None)
@given(path=st.sampled_from(sorted(LINUX["files"])), how=SPOILT, name=ODD_TEXT, kernel=ODD_TEXT)
def test_linux_bears_damage_in_true_files(path: str, how: tuple[int, bytes, int], name: str, kernel: str) -> None:
    recorded = Recorded({**copy.deepcopy(LINUX), "hostname": name, "architecture": kernel})
    recorded.contents[path] = spoilt(recorded.contents[path], how)
    assert is_sound(profile_of("linux", recorded))


@settings(max_examples=300, deadline=None)
@given(
    files=st.dictionaries(st.sampled_from(MAC_FILES), ODD),
    values=st.dictionaries(st.sampled_from(sorted({*MAC["sysctl"], "hw.optional.arm64"})), ODD),
    uuid=st.none() | st.binary(max_size=20),
)
def test_macos_bears_any_bytes_in_any_file(
    files: dict[str, bytes], values: dict[str, bytes], uuid: bytes | None
) -> None:
    recorded = Recorded(copy.deepcopy(MAC))
    recorded.contents |= files
    recorded.values |= values
    recorded.uuid = uuid
    assert is_sound(profile_of("macos", recorded))


@settings(max_examples=200, deadline=None)
@given(path=st.sampled_from(MAC_FILES), how=SPOILT)
def test_macos_bears_damage_in_true_property_lists(path: str, how: tuple[int, bytes, int]) -> None:
    recorded = Recorded(copy.deepcopy(MAC))
    recorded.contents[path] = spoilt(recorded.contents[path], how)
    assert is_sound(profile_of("macos", recorded))


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_windows_bears_any_value_in_the_registry(data: st.DataObject) -> None:
    sample = copy.deepcopy(WINDOWS)
    for keys in sample["registry"].values():
        for entries in keys.values():
            for name in entries:
                entries[name] = data.draw(ODD_TEXT | st.integers(-(2**63), 2**64) | st.none())
    sample["memory"] = data.draw(st.integers(-1, 2**64) | st.none())
    sample["displays"] = data.draw(st.lists(st.lists(st.integers(-1, 2**33), min_size=2, max_size=2), max_size=70))
    assert is_sound(profile_of("windows", Recorded(sample)))


@pytest.mark.parametrize("system", ["linux", "macos", "windows"])
def test_a_machine_that_answers_nothing_has_no_traits_but_its_system(system: str) -> None:
    found = raw(profile_of(system, Recorded({})))
    assert found == {"os": system}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"uninitialized\n",
        b"0" * 32,
        b"0123456789abcdef0123456789abcde\n",
        b"0123456789abcdef0123456789abcdef0\n",
        "0123456789abcdef0123456789abcdéf".encode("latin-1"),
        "0123456789abcdef0123456789abcdef".encode("utf-16"),
        b"x" * LIMIT,
    ],
)
def test_what_is_no_machine_id_is_none_and_the_older_place_is_asked(content: bytes) -> None:
    recorded = machine("linux", "ubuntu_22_04_laptop")
    recorded.contents["/etc/machine-id"] = content
    assert profile_of("linux", recorded).machine is None
    recorded.contents["/var/lib/dbus/machine-id"] = b"FEDCBA98765432100123456789ABCDEF\n"
    assert profile_of("linux", recorded).machine == "fedcba98765432100123456789abcdef"


@pytest.mark.parametrize("uuid", [None, b"", bytes(16), b"\1" * 15, b"\1" * 17])
def test_what_is_no_hardware_id_is_none(uuid: bytes | None) -> None:
    assert macos.host_uuid(uuid) is None


@pytest.mark.parametrize("guid", ["", "{00000000-0000-0000-0000-000000000000}", "1f0c8a52", "not-a-guid", "x" * 36])
def test_what_is_no_guid_is_none(guid: str) -> None:
    sample = copy.deepcopy(WINDOWS)
    sample["registry"]["HKEY_LOCAL_MACHINE"][r"SOFTWARE\Microsoft\Cryptography"]["MachineGuid"] = guid
    assert profile_of("windows", Recorded(sample)).machine is None


def test_where_only_a_part_of_the_processors_was_read_none_are_counted() -> None:
    recorded = machine("linux", "debian_13_loongarch64")
    assert profile_of("linux", recorded).cpu_count == "4"
    recorded.contents["/proc/cpuinfo"] *= 500
    found = profile_of("linux", recorded)
    assert found.cpu_count is None
    assert found.cpu == "Loongson-3A5000"


def test_one_odd_line_does_not_spoil_the_others() -> None:
    recorded = machine("linux", "ubuntu_22_04_laptop")
    recorded.contents["/etc/os-release"] = b"ID=ubuntu\nPRETTY_NAME=\xff\xfe\nVERSION_ID=\xff22.04\n"
    found = profile_of("linux", recorded)
    assert (found.os, found.os_version) == ("linux ubuntu", None)


def test_a_profile_shows_nothing_and_cannot_be_changed() -> None:
    profile = Profile(**{name: f"secret-{name}" for name in ATTRIBUTES})
    assert repr(profile) == "Profile()"
    assert [each.name for each in fields(profile)] == list(ATTRIBUTES)
    assert replace(profile, machine=None) != profile
    changing: Any = profile
    with pytest.raises(AttributeError):
        changing.machine = "other"
