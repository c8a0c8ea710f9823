# SPDX-License-Identifier: Apache-2.0
"""Each recorded machine gives exactly the profile beside it, and what differs between two is what changed."""

import copy
from typing import Any

import pytest

from counterfoil_client._fingerprint.profile import ATTRIBUTES
from unit.sdk.fingerprint.recorded import SYSTEMS, Recorded, everywhere, load, machine, names, profile_of, raw

STABLE = ("machine", "os", "architecture", "cpu", "product")


@pytest.mark.parametrize(("system", "name"), everywhere())
def test_a_machine_is_described_as_its_sample_says(system: str, name: str) -> None:
    recorded = machine(system, name)
    assert raw(profile_of(system, recorded)) == recorded.sample["expected"]
    assert recorded.sample["about"].endswith(".")


@pytest.mark.parametrize("system", SYSTEMS)
def test_each_attribute_of_a_system_is_read_in_some_sample(system: str) -> None:
    seen = {attribute for name in names(system) for attribute in load(system, name)["expected"]}
    assert seen == set(ATTRIBUTES) - {"app", "key_storage"}, "those two are the application's"


def test_there_are_samples_of_several_releases_of_each_system() -> None:
    releases = {
        system: {load(system, name)["expected"].get("os_version") for name in names(system)} for system in SYSTEMS
    }
    assert {version.partition(".")[0] for version in releases["macos"]} == {"12", "13", "14", "15", "26"}
    assert len(releases["windows"]) >= 8
    assert {load("linux", name)["expected"]["os"] for name in names("linux")} >= {
        "linux alpine",
        "linux arch",
        "linux debian",
        "linux fedora",
        "linux nixos",
        "linux opensuse-leap",
        "linux raspbian",
        "linux rhel",
        "linux ubuntu",
    }


def changed(sample: dict[str, Any], path: str, lines: list[str]) -> dict[str, str]:
    other = copy.deepcopy(sample)
    other["files"][path] = lines
    return raw(profile_of("linux", Recorded(other)))


@pytest.mark.parametrize(
    ("path", "lines", "touched"),
    [
        ("/etc/os-release", ["ID=ubuntu", 'VERSION_ID="24.04"'], {"os_version"}),
        ("/etc/machine-id", ["00000000000000000000000000000001"], {"machine"}),
        ("/proc/meminfo", ["MemTotal:       32788208 kB"], {"memory"}),
        ("/proc/meminfo", ["MemTotal:       15998112 kB"], set()),
        ("/sys/class/drm/card0-DP-1/status", ["disconnected"], {"display"}),
        ("/sys/class/dmi/id/product_name", ["20XW00JVUS"], {"product"}),
        ("/.dockerenv", [], {"environment"}),
    ],
)
def test_a_change_of_the_machine_changes_its_attribute_alone(path: str, lines: list[str], touched: set[str]) -> None:
    sample = load("linux", "ubuntu_22_04_laptop")
    before, after = sample["expected"], changed(sample, path, lines)
    assert {name for name in before if before[name] != after.get(name)} == touched


def test_another_kernel_or_clock_rate_changes_nothing() -> None:
    sample = load("linux", "ubuntu_22_04_laptop")
    slower = [line.replace("2800.000", "400.117") for line in sample["files"]["/proc/cpuinfo"]]
    assert changed(sample, "/proc/cpuinfo", slower) == sample["expected"]
    assert changed(sample, "/proc/sys/kernel/osrelease", ["6.8.0-51-generic"]) == sample["expected"]


def test_a_copied_image_is_the_same_machine_under_another_name() -> None:
    original, copied = (
        load("windows", name)["expected"] for name in ("windows_10_22h2_laptop", "windows_copied_image")
    )
    assert [original[name] for name in STABLE] == [copied[name] for name in STABLE]
    assert original["hostname"] != copied["hostname"]


@pytest.mark.parametrize(
    ("one", "other", "differing"),
    [
        ("macos_14_m3_pro_laptop", "macos_14_rosetta", {"cpu"}),
        ("windows_11_24h2_arm64", "windows_11_24h2_x64_program_on_arm64", set[str]()),
        ("windows_10_22h2_laptop", "windows_10_22h2_wow64", {"display"}),
    ],
)
def test_a_translated_program_sees_the_real_machine_or_nothing(one: str, other: str, differing: set[str]) -> None:
    system = one.partition("_")[0]
    first, second = load(system, one)["expected"], load(system, other)["expected"]
    assert {name for name in first if first[name] != second.get(name)} == differing


def test_no_serial_number_is_read() -> None:
    pi, mainframe = (
        raw(profile_of("linux", machine("linux", name))) for name in ("raspberry_pi_os_12_arm64", "fedora_s390x")
    )
    assert "100000005eedf00d" not in str(pi)
    assert "14C047" not in str(mainframe)
