# SPDX-License-Identifier: Apache-2.0
"""MMDB files as an operator has them, with a few networks in them."""

import os
import time
from pathlib import Path
from typing import Any

from mmdb_writer import MMDBWriter
from netaddr import IPSet  # type: ignore[import-untyped]  # it comes with mmdb_writer and ships no types

LONDON, LONDON_6 = "81.2.69.142", "2001:470:1f1c::1"
TOKYO = "133.1.2.3"
BRITAIN = {"country": {"iso_code": "GB", "names": {"en": "United Kingdom"}}}
JAPAN = {"country": {"iso_code": "JP", "names": {"en": "Japan"}}}
COUNTRIES = {"81.2.69.0/24": BRITAIN, "2001:470:1f1c::/48": BRITAIN, "133.0.0.0/8": JAPAN}
NETWORKS = {"81.2.64.0/18": {"autonomous_system_number": 20712, "autonomous_system_organization": "Andrews & Arnold"}}


def write_mmdb(path: Path, networks: dict[str, Any], kind: str = "GeoLite2-Country", *, version: int = 6) -> Path:
    """Write the file beside itself and rename it into its place, as `geoipupdate` does."""
    writer = MMDBWriter(version, kind, languages=["en"], ipv4_compatible=version == 6)
    for network, record in networks.items():
        writer.insert_network(IPSet([network]), record)
    fresh = path.with_suffix(".new")
    writer.to_db_file(str(fresh))
    fresh.replace(path)
    return path


def aged(path: Path, *, days: int) -> Path:
    """Say in the file that it was built so many days ago."""
    data = path.read_bytes()
    before, name, after = data.rpartition(b"build_epoch")
    built = int(time.time()) - days * 86_400
    # A uint64 of eight bytes in place of the shorter one that was written: its control bytes, then the number.
    path.write_bytes(before + name + b"\x08\x02" + built.to_bytes(8, "big") + after[2 + after[0] % 32 :])
    return path


def open_files(path: Path) -> int:
    """How many times this process holds the file open, whatever it is called by now."""
    inode = path.stat().st_ino
    return sum(_inode(int(each.name)) == inode for each in Path("/proc/self/fd").iterdir())


def _inode(number: int) -> int:
    try:
        return os.fstat(number).st_ino
    except OSError:
        return 0
