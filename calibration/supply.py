# SPDX-License-Identifier: Apache-2.0
"""Where changes take new values from. Only whether a value is another one counts; what it is, is decoration."""

from collections.abc import Sequence
from random import Random

HEX_DIGITS = "0123456789abcdef"

HOST_NAMES = (
    *("atlas", "birke", "work-pc", "desktop-4m9t2lk", "laptop-0q8v1", "home", "kontor", "dhcp-192-0-2-41", "pc-2211"),
    *("mercury", "new-name", "reception", "studio-2", "zwilling"),
)
IANA_ZONES = (
    *("Europe/Berlin", "Europe/London", "America/New_York", "America/Los_Angeles", "Asia/Tokyo", "Asia/Singapore"),
    *("Australia/Sydney", "Europe/Helsinki"),
)
WINDOWS_ZONES = (
    *("W. Europe Standard Time", "GMT Standard Time", "Eastern Standard Time", "Pacific Standard Time"),
    *("Tokyo Standard Time", "Singapore Standard Time", "AUS Eastern Standard Time", "FLE Standard Time"),
)
LOCALES = ("de_DE", "en_US", "en_GB", "fr_FR", "es_ES", "it_IT", "nl_NL", "pl_PL", "ja_JP")
DISPLAYS = (
    *("1, largest 2 MP", "1, largest 4 MP", "1, largest 8 MP", "2, largest 2 MP", "2, largest 4 MP", "2, largest 8 MP"),
    *("3, largest 4 MP", "3, largest 8 MP"),
)
MEMORY = ("2 GiB", "4 GiB", "8 GiB", "16 GiB", "24 GiB", "32 GiB", "48 GiB", "64 GiB", "96 GiB", "128 GiB")
CPU_COUNTS = ("1", "2", "4", "6", "8", "12", "16", "20", "24", "32")
DESKTOP_CPUS = (
    ("Intel(R) Core(TM) i7-9700K CPU @ 3.60GHz", "8"),
    ("Intel(R) Core(TM) i5-13400F", "16"),
    ("AMD Ryzen 7 5800X 8-Core Processor", "16"),
    ("AMD Ryzen 5 5600X 6-Core Processor", "12"),
    ("AMD Ryzen 9 7950X 16-Core Processor", "32"),
    ("Intel(R) Core(TM) i5-8500 CPU @ 3.00GHz", "6"),
)
BOARDS: tuple[str | None, ...] = (
    "ASUS",
    "Micro-Star International Co., Ltd. MS-7E26",
    "Gigabyte Technology Co., Ltd. X670 GAMING X AX",
    "ASRock B650M-HDV/M.2",
    None,
)
"""What home-made computers are called; some boards name nothing."""

SERVER_CPUS = (
    "Intel(R) Xeon(R) Gold 6248R CPU @ 3.00GHz",
    "Intel(R) Xeon(R) Platinum 8370C CPU @ 2.80GHz",
    "Intel(R) Xeon(R) Silver 4314 CPU @ 2.40GHz",
    "AMD EPYC 7443 24-Core Processor",
    "AMD EPYC 7763 64-Core Processor",
    "AMD EPYC 9354 32-Core Processor",
)
ARM_SERVER_CPUS = ("arm 0x41:0xd0c", "arm 0x41:0xd40", "arm 0x41:0xd4f")
AMAZON_TYPES = (
    ("Amazon EC2 t3.large", "Intel(R) Xeon(R) Platinum 8259CL CPU @ 2.50GHz", "2", "8 GiB"),
    ("Amazon EC2 m5.xlarge", "Intel(R) Xeon(R) Platinum 8259CL CPU @ 2.50GHz", "4", "16 GiB"),
    ("Amazon EC2 m6i.large", "Intel(R) Xeon(R) Platinum 8375C CPU @ 2.90GHz", "2", "8 GiB"),
    ("Amazon EC2 m7a.medium", "AMD EPYC 9R14", "1", "4 GiB"),
)
AMAZON_ARM_TYPES = (
    ("Amazon EC2 t4g.large", "arm 0x41:0xd0c", "2", "8 GiB"),
    ("Amazon EC2 m7g.large", "arm 0x41:0xd40", "2", "8 GiB"),
)
IMAGE_BASES = (("linux debian", "13"), ("linux alpine", "3.21.0"), ("linux ubuntu", "24.04"), ("linux wolfi", None))


def other(random: Random, pool: Sequence[str], than: str | None) -> str:
    """Any of the pool but the present one."""
    return random.choice([each for each in pool if each != than])


def hexadecimal(random: Random, length: int) -> str:
    """As many digits."""
    return "".join(random.choice(HEX_DIGITS) for _ in range(length))


def happens(random: Random, likely: float = 0.5) -> bool:
    """Whether it does, this time."""
    return random.random() < likely
