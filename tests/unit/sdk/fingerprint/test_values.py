# SPDX-License-Identifier: Apache-2.0
"""The rules that hold on every system, each with what it must take, and what it must not."""

import pytest

from counterfoil_client._fingerprint import linux, linux_cpu, linux_release, macos, makers, values, windows

GIB = 1 << 30


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (" two \t words\n", "two words"),
        ("x" * 256, "x" * 256),
        ("x" * 257, None),
        ("bell\a", None),
        ("turned\u202e", None),
        ("half\udcff", None),
        (" \n", None),
        (None, None),
    ],
)
def test_a_value_is_one_printable_line_that_is_no_book(given: str | None, found: str | None) -> None:
    assert values.clean(given) == found


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (":Europe/Berlin", "Europe/Berlin"),
        ("/usr/share/zoneinfo/America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("../usr/share/zoneinfo/posix/Asia/Kolkata", "Asia/Kolkata"),
        ("/var/db/timezone/zoneinfo/Australia/Lord_Howe", "Australia/Lord_Howe"),
        ("Etc/GMT+1\n", "Etc/GMT+1"),
        ("UTC", "UTC"),
        ("America/Port-au-Prince", "America/Port-au-Prince"),
        ("CET-1CEST", None),
        ("EST5EDT", None),
        ("<+03>-3", None),
        ("/etc/localtime", None),
        ("/usr/share/zoneinfo/localtime", None),
        ("Europe/../../etc/passwd", None),
        ("A/" * 200, None),
        ("", None),
        (None, None),
    ],
)
def test_a_zone_is_an_iana_name(given: str | None, found: str | None) -> None:
    assert values.zone(given) == found


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("de_DE.UTF-8@euro", "de_DE"),
        ("de-DE", "de_DE"),
        ("zh-Hans_CN@rg=uszzzz", "zh_CN"),
        ("sr-Latn-RS", "sr_RS"),
        ("es_419", "es_419"),
        ("ckb_IQ", "ckb_IQ"),
        ("eo", "eo"),
        ("C", None),
        ("C.UTF-8", None),
        ("POSIX", None),
        ("english", None),
        ("", None),
        (None, None),
    ],
)
def test_a_locale_is_language_and_territory(given: str | None, found: str | None) -> None:
    assert values.locale(given) == found


@pytest.mark.parametrize(
    ("size", "found"),
    [
        (16 * GIB, "16 GiB"),
        (16_116_876 * 1024, "16 GiB"),
        (13 * GIB + GIB // 2, "16 GiB"),
        (16 * GIB + 1, "18 GiB"),
        (18 * GIB, "18 GiB"),
        (440_000 * 1024, "0.5 GiB"),
        (1, "0.25 GiB"),
        (32_768 * GIB, "32768 GiB"),
        (32_768 * GIB + 1, None),
        (0, None),
        (-1, None),
        (None, None),
    ],
)
def test_memory_is_the_size_that_was_bought(size: int | None, found: str | None) -> None:
    assert values.memory_class(size) == found


@pytest.mark.parametrize(
    ("number", "sizes", "found"),
    [
        (1, [(1920, 1080)], "1, largest 2 MP"),
        (1, [(1080, 1920)], "1, largest 2 MP"),
        (2, [(1920, 1080), (3840, 2160)], "2, largest 8 MP"),
        (1, [(640, 480)], "1, largest 1 MP"),
        (3, [], "3"),
        (1, [(0, 0)], "1"),
        (1, [(100_000, 100_000)], "1"),
        (0, [(1920, 1080)], None),
        (65, [(1920, 1080)], None),
    ],
)
def test_displays_are_a_number_and_a_class(number: int, sizes: list[tuple[int, int]], found: str | None) -> None:
    assert values.display_class(number, sizes) == found


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("Ada-PC.example.net", "ada-pc"),
        ("büro", "büro"),
        ("localhost.localdomain", None),
        ("(none)", None),
        ("two words", None),
        ("x" * 64, None),
        (".local", None),
        ("a\x00b", None),
        (None, None),
    ],
)
def test_a_host_name_is_its_first_label(given: str | None, found: str | None) -> None:
    assert values.first_label(given) == found


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("AMD64", "x86_64"),
        ("arm64", "aarch64"),
        ("armv8l", "aarch64"),
        ("i686", "x86"),
        ("riscv64", "riscv64"),
        ("", None),
        ("x" * 33, None),
        ("x86-64", None),
        (None, None),
    ],
)
def test_one_architecture_has_one_name(given: str | None, found: str | None) -> None:
    assert values.architecture(given) == found


@pytest.mark.parametrize(
    ("vendor", "name", "found"),
    [
        ("LENOVO", "20XW00JVGE", "LENOVO 20XW00JVGE"),
        ("HP", "HP EliteBook", "HP EliteBook"),
        ("ASUS", "System Product Name", "ASUS"),
        ("System manufacturer", "System Product Name", None),
        ("To Be Filled By O.E.M.", "To be filled by O.E.M.", None),
        ("Default string", "Default string", None),
        ("O.E.M", "Not Applicable", None),
        ("Unknown", "  ", None),
        ("Gigabyte Technology Co., Ltd.", "Default  string", "Gigabyte Technology Co., Ltd."),
        (None, "Type1ProductConfigId", None),
        (None, "N/A", None),
        ("Standard", "X299 STANDARD", "X299 STANDARD"),
        (None, None, None),
    ],
)
def test_what_a_factory_forgot_to_fill_in_is_absent(vendor: str | None, name: str | None, found: str | None) -> None:
    assert makers.product(vendor, name) == found


@pytest.mark.parametrize(
    ("vendor", "name", "kind"),
    [
        ("Red Hat", "KVM", "kvm"),
        ("OpenStack Foundation", "OpenStack Nova", "openstack"),
        ("FreeBSD", "BHYVE", "bhyve"),
        ("Bochs", "Bochs", "bochs"),
        ("Microsoft Corporation", "Virtual Machine", "hyper-v"),
        ("Microsoft Corporation", "Surface Laptop 5", None),
        ("Amazon EC2", "m5.metal", None),
        ("Amazon EC2", "m5.large", "amazon"),
        ("Xenon Inc.", "Workstation", None),
        (None, None, None),
    ],
)
def test_a_hypervisor_is_known_by_its_firmware(vendor: str | None, name: str | None, kind: str | None) -> None:
    assert makers.hypervisor(vendor, name) == kind
    assert makers.hypervisor(vendor, name, surely_virtual=True) is not None


@pytest.mark.parametrize(
    ("present", "info", "number"),
    [
        ("0\n", "", 1),
        ("0-3,8-11\n", "", 8),
        ("0,2,4", "", 3),
        ("3-0", "processor : 0\n", 1),
        ("0-x", "processor : 0\nprocessor : 1\n", 2),
        ("", "", None),
    ],
)
def test_processors_are_counted_by_the_kernel_or_one_by_one(present: str, info: str, number: int | None) -> None:
    assert linux_cpu.number(present, info) == number


@pytest.mark.parametrize(
    ("info", "model"),
    [
        ("model name\t: Intel(R)  Core(TM)   i7\n", "Intel(R) Core(TM) i7"),
        ("model name\t:\nuarch : thead,c910\n", "thead,c910"),
        ("mvendorid : 0x489\nmarchid : 0x8000000000000007\nisa : rv64imafdc\n", "riscv 0x489 0x8000000000000007"),
        ("isa : rv64imafdc_zicbom_zicboz\n", "rv64imafdc"),
        ("cpu model\t\t: MIPS 24Kc V7.4\n", "MIPS 24Kc V7.4"),
        ("cpu\t: POWER9 (architected), altivec supported\n", "POWER9"),
        ("CPU implementer : 0x41\nCPU part : 0xd0b\nCPU part : 0xd05\n", "arm 0x41:0xd05 0x41:0xd0b"),
        (
            "CPU implementer : 0x41\n" + "".join(f"CPU part : 0xd{number:02x}\n" for number in range(19, 3, -1)),
            "arm " + " ".join(f"0x41:0xd{number:02x}" for number in range(4, 20)),
        ),
        ("CPU part : 0xd0b\n", None),
        ("CPU implementer : 65\nCPU part : many\n", None),
        ("", None),
    ],
)
def test_each_dialect_names_its_processor(info: str, model: str | None) -> None:
    assert linux_cpu.model(info) == model


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('ID="rhel"', {"ID": "rhel"}),
        ("ID='rhel'", {"ID": "rhel"}),
        ("ID = arch ", {"ID": "arch"}),
        (r'NAME="a \"b\" \$c"', {"NAME": 'a "b" $c'}),
        ('ID="', {"ID": '"'}),
        ("ID=", {"ID": ""}),
        ("# ID=other", {}),
        ("nothing", {}),
        ("ID=a\nID=b", {"ID": "b"}),
    ],
)
def test_os_release_is_read_as_a_shell_reads_it(line: str, found: dict[str, str]) -> None:
    assert linux_release.assignments(line) == found


@pytest.mark.parametrize(
    ("distribution", "found"),
    [
        ("opensuse-leap", "linux opensuse-leap"),
        ("Not an id!", "linux"),
        ("half\udcff", "linux"),
        ("x" * 65, "linux"),
        ("", "linux"),
        (None, "linux"),
    ],
)
def test_a_distribution_goes_by_its_id_or_by_none(distribution: str | None, found: str) -> None:
    assert linux.family(distribution) == found


@pytest.mark.parametrize(
    ("name", "release", "build", "revision", "found"),
    [
        ("Windows 10 Pro", "22H2", "22000", "1", "11 22H2 22000.1"),
        ("Windows 10 Pro", "22H2", "19045", None, "10 22H2 19045"),
        ("Windows 8.1 Pro", None, "9600", "20", "8.1 9600.20"),
        ("Windows Server 2016 Datacenter", "1607", "14393", "7", "server 2016 1607 14393.7"),
        (None, None, "26100", "5", "11 26100.5"),
        (None, None, None, "5", None),
        ("Something else", None, None, None, None),
    ],
)
def test_a_version_of_windows_is_name_release_and_build(
    name: str | None, release: str | None, build: str | None, revision: str | None, found: str | None
) -> None:
    assert windows.version(name, release, build, revision) == found


@pytest.mark.parametrize("raw", [None, b"", b"\1", b"\1" * 3, b"\1" * 16])
def test_a_number_of_sysctl_has_four_bytes_or_eight(raw: bytes | None) -> None:
    assert macos.number(raw) is None
    assert macos.number(b"\x10\0\0\0") == macos.number(b"\x10\0\0\0\0\0\0\0") == 16
