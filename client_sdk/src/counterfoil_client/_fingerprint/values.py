# SPDX-License-Identifier: Apache-2.0
"""From what a system says to a value or None: the rules that hold on every system. All pure."""

import re
from collections.abc import Iterable

_LONGEST = 256
_GIB = 1 << 30
_SIZES = (0.25, 0.5, 1, 2, 3, 4, 6, 8, 10, 12, 16, 18, 20, 24, 32, 36, 40, 48, 64, 80, 96, 128, 160, 192, 256, 320)
_SERVER_SIZES = (384, 512, 640, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288, 16384, 24576, 32768)
"""GiB in which memory is bought and virtual machines are cut."""

_MOST_CPUS = 65_536
_MOST_DISPLAYS = 64
_MOST_PIXELS = 32_768
_ARCHITECTURES = {
    "amd64": "x86_64",
    "x64": "x86_64",
    "arm64": "aarch64",
    "armv8l": "aarch64",  # a 32-bit process on a 64-bit kernel
    **dict.fromkeys(("i386", "i486", "i586", "i686"), "x86"),
}
_WORD = re.compile(r"[a-z0-9_]{1,32}")
_LONGEST_LABEL = 63
_NO_NAME = frozenset({"localhost", "localhost-live", "(none)", "none", "unknown"})
_ZONE = re.compile(r"[A-Za-z]{2,}(?:[_-][A-Za-z]+)*|[A-Za-z][A-Za-z_-]+(?:/[A-Za-z0-9_+-]{1,32}){1,2}")
_NO_ZONE = frozenset({"localtime", "posixrules", "Factory"})
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_TERRITORY = re.compile(r"[A-Z]{2}|[0-9]{3}")


def text(raw: bytes | None) -> str:
    """Text of any bytes; those that are none stay marked, so that the one line they stand in is not believed."""
    return "" if raw is None else raw.decode(errors="surrogateescape")


def clean(value: str | None) -> str | None:
    """One printable line with single blanks; anything else is not what it should be."""
    line = " ".join((value or "").split())
    return line if line.isprintable() and 0 < len(line) <= _LONGEST else None


def architecture(name: str | None) -> str | None:
    """One name for one architecture, as Linux on 64-bit machines has it."""
    lower = (name or "").strip().lower()
    return _ARCHITECTURES.get(lower, lower) if _WORD.fullmatch(lower) else None


def first_label(name: str | None) -> str | None:
    """The host name without its domain, which changes with the network; a name that everybody has is none."""
    label = clean((name or "").lower().partition(".")[0])
    if label is None or " " in label or len(label) > _LONGEST_LABEL or label in _NO_NAME:
        return None
    return label


def count(number: int | None) -> str | None:
    """A believable number of processors."""
    return str(number) if number is not None and 0 < number <= _MOST_CPUS else None


def memory_class(size: int | None) -> str | None:
    """The usual size that this is a little less than: firmware, graphics and kernel only ever take away."""
    if size is None or size <= 0:
        return None
    return next((f"{usual:g} GiB" for usual in (*_SIZES, *_SERVER_SIZES) if size <= usual * _GIB), None)


def display_class(number: int, sizes: Iterable[tuple[int, int]]) -> str | None:
    """How many displays, and the largest in megapixels, which a turned display has as well."""
    if not 0 < number <= _MOST_DISPLAYS:
        return None
    areas = [width * height for width, height in sizes if min(width, height) > 0 and max(width, height) < _MOST_PIXELS]
    return f"{number}, largest {max(1, round(max(areas) / 1_000_000))} MP" if areas else str(number)


def zone(name: str | None) -> str | None:
    """An IANA name, from `TZ`, a file's line, or a link into a zoneinfo folder; POSIX rules (`CET-1CEST`) are none."""
    given = (name or "").strip().removeprefix(":")
    found = given.rpartition("zoneinfo/")[2]
    for variant in ("posix/", "right/"):
        found = found.removeprefix(variant)
    return found if len(found) <= _LONGEST and _ZONE.fullmatch(found) and found not in _NO_ZONE else None


def locale(name: str | None) -> str | None:
    """`language_TERRITORY` from `de_DE.UTF-8@euro`, `de-DE`, `zh-Hans_CN` and the like; `C` and `POSIX` are none."""
    parts = re.split(r"[.@]", (name or "").strip(), maxsplit=1)[0].replace("-", "_").split("_")
    if not _LANGUAGE.fullmatch(parts[0]):
        return None
    territory = next((part for part in parts[1:] if _TERRITORY.fullmatch(part)), None)
    return parts[0] if territory is None else f"{parts[0]}_{territory}"
